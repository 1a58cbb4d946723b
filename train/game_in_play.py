"""A game that an actor is playing: its position, its searches, its record so far.

    search ──done──▶ resign?  record, choose, push ──▶ over?  else search the next move

Where some moves are searched fast (playout-cap randomisation; Wu 2019, "Accelerating self-play
learning in Go"), the game has a second tree without noise, so that neither search builds on what the
other was made to look at. Both follow the moves played and keep what is below them.
"""

from dataclasses import dataclass

import numpy as np

from aztoolkit._native import START_FEN, RootResult, Search
from aztoolkit._native import Game as Position
from aztoolkit.mcts import SearchConfig
from train.moves import choose_move, move_weights, policy_target, uci
from train.plan import Plan
from train.replay import Game
from train.resignation import Resignation

MAX_PLIES, ADJUDICATED, RESIGNED = "max_plies", "adjudicated", "resigned"
"""Terminations that are ours; the others are named by the rules."""
_PAWNS = {"P": 1, "N": 3, "B": 3, "R": 5, "Q": 9, "p": -1, "n": -3, "b": -3, "r": -5, "q": -9}


@dataclass(frozen=True)
class End:
    """How a game ended."""

    result: int
    """+1 White won, 0 drawn, -1 Black won."""
    termination: str


class GameInPlay:
    """One game of self-play, from the usual start."""

    def __init__(
        self, game_id: int, plan: Plan, *, checkpoint_step: int, rng: np.random.Generator
    ) -> None:
        """Begins the search of the first move; `rng` is the game's own."""
        self._game_id, self._plan, self._rng = game_id, plan, rng
        self._checkpoint_step = checkpoint_step
        self._position = Position()
        self._full = _search(plan.search)
        self._fast = _search(plan.fast_search) if plan.fast_search else None
        self.searches = [self._full, self._fast] if self._fast else [self._full]
        """All its trees; at most one of them is at work."""
        self._resignation = Resignation(plan)
        self._moves: list[str] = []
        self._searched: list[bool] = []
        self._policy_index: list[list[int]] = []
        self._policy_weight: list[list[int]] = []
        self._root_value: list[float] = []
        self._searching = self._start()

    @property
    def done(self) -> bool:
        """Whether the move can be made."""
        return self._searching.done

    def advance(self) -> Game | None:
        """Makes the move that was searched, or resigns; returns the record if the game is over."""
        result = self._searching.result()
        white = self._position.turn
        value = result.wdl[0] - result.wdl[2]
        if self._resignation.note(value, white=white):
            return self._finish(End(-1 if white else 1, RESIGNED))
        self._play(result, value)
        end = end_of_game(self._position, self._plan)
        if end is not None:
            return self._finish(end)
        self._searching = self._start()
        return None

    def _start(self) -> Search:
        """Begins the search of the next move, in full or fast, and returns it."""
        plan, ply = self._plan, len(self._moves)
        fast = self._fast if self._rng.random() >= plan.full_search_share else None
        search = fast or self._full
        search.start(plan.fast_simulations if fast else plan.simulations_at(ply))
        return search

    def _play(self, result: RootResult, value: float) -> None:
        weights = move_weights(result)
        index, weight = policy_target(result, weights)
        chosen = choose_move(
            result,
            weights,
            temperature=self._plan.temperature_at(len(self._moves)),
            rng=self._rng,
        )
        move = uci(result.rows[chosen][0])
        self._searched.append(self._searching is self._full)
        self._policy_index.append(index)
        self._policy_weight.append(weight)
        self._root_value.append(value)
        self._moves.append(move)
        self._position.push_uci(move)
        for search in self.searches:
            search.push_uci(move)

    def _finish(self, end: End) -> Game:
        return Game(
            game_id=self._game_id,
            seed=self._plan.seed,
            checkpoint_step=self._checkpoint_step,
            start_fen=START_FEN,
            moves=self._moves,
            searched=self._searched,
            policy_index=self._policy_index,
            policy_weight=self._policy_weight,
            root_value=self._root_value,
            result=end.result,
            termination=end.termination,
        )


def end_of_game(position: Position, plan: Plan) -> End | None:
    """Returns how the game has ended, or None while it goes on."""
    outcome = position.outcome(claim_draw=True)
    if outcome is not None:
        result = 0 if outcome.winner is None else 1 if outcome.winner else -1
        return End(result, outcome.termination)
    if position.plies >= plan.max_plies:
        return _too_long(position, plan.adjudicate_pawns)
    return None


def _too_long(position: Position, adjudicate_pawns: int) -> End:
    lead = sum(_PAWNS.get(piece, 0) for piece in position.fen().split()[0])
    if adjudicate_pawns and abs(lead) >= adjudicate_pawns:
        return End(1 if lead > 0 else -1, ADJUDICATED)
    return End(0, MAX_PLIES)


def _search(config: SearchConfig) -> Search:
    search = Search(**config.model_dump())
    search.set_game(Position())
    return search
