"""Resigning: when a side gives a game up, and how often that would have been wrong.

Some games are controls: they are played on where a side would have resigned. How many of those it did
not lose after all says whether `resign_value` is too hasty.
"""

from dataclasses import dataclass, field

import numpy as np

from train.plan import Plan
from train.replay import Game
from train.settings import TrainConfig


@dataclass(slots=True)
class Resignation:
    """Whether a side has thought itself lost for so many of its moves in a row."""

    plan: Plan
    hopeless: list[int] = field(default_factory=lambda: [0, 0])
    """Moves in a row, of Black and of White."""
    gave_up: bool | None = None
    """The first side to get there, True for White; None as long as neither did."""

    def note(self, value: float, *, white: bool) -> bool:
        """Takes what the side to move thinks of its position; returns whether it resigns."""
        lost = value < self.plan.resign_value
        self.hopeless[white] = self.hopeless[white] + 1 if lost else 0
        if self.gave_up is None and self.hopeless[white] >= self.plan.resign_moves:
            self.gave_up = white
        return self.plan.may_resign and self.gave_up is not None

    def was_wrong(self, result: int) -> bool:
        """Returns whether the side that gave up did not lose after all."""
        return self.gave_up is not None and result != (-1 if self.gave_up else 1)


@dataclass
class ControlGames:
    """Counts over all games of a run, those before it was resumed included."""

    games: int = 0
    """Looked at, controls or not."""
    resignations: int = 0
    """Controls in which a side would have resigned ..."""
    wrong: int = 0
    """... and did not lose."""

    def add(self, game: Game, config: TrainConfig) -> None:
        """Takes in a finished game: its record says all that matters."""
        self.games += 1
        plan = Plan.of(config, seed=game.seed, rng=np.random.default_rng(game.seed))
        if not plan.may_resign:
            resignation = _replay(game, plan)
            self.resignations += resignation.gave_up is not None
            self.wrong += resignation.was_wrong(game.result)

    @property
    def false_resign_rate(self) -> float | None:
        """The share of wrong resignations, 0 to 1; None before the first resignation."""
        return self.wrong / self.resignations if self.resignations else None


def _replay(game: Game, plan: Plan) -> Resignation:
    resignation = Resignation(plan)
    for ply, value in enumerate(game.root_value):
        resignation.note(value, white=ply % 2 == 0)
    return resignation
