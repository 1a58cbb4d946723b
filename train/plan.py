"""What one game of self-play is played by: read from the settings once, when the game begins."""

from bisect import bisect_right
from dataclasses import dataclass

import numpy as np

from aztoolkit.mcts import SearchConfig
from train.settings import TrainConfig


@dataclass(frozen=True, slots=True)
class Plan:
    """The settings of one game."""

    seed: int
    """Of every random choice in the game."""
    search: SearchConfig
    """Of the moves searched in full."""
    fast_search: SearchConfig | None
    """Of the other moves, without noise; None where all are searched in full."""
    full_search_share: float
    fast_simulations: int
    phase_plies: tuple[int, ...]
    """Where the phases of the game begin, ascending from 0."""
    phase_simulations: tuple[int, ...]
    """Simulations of a full search in each of them."""
    temperature: float
    temperature_plies: int
    final_temperature: float
    max_plies: int
    adjudicate_pawns: int
    resign_value: float
    resign_moves: int
    may_resign: bool
    """False in a control game, which is played on where a side would have resigned."""

    @classmethod
    def of(cls, config: TrainConfig, *, seed: int, rng: np.random.Generator) -> "Plan":
        """Returns the plan of the game of this seed; `rng` is the game's own."""
        phase_plies = (0, config.middle_ply, config.late_ply)
        return cls(
            seed=seed,
            search=config.search.model_copy(update={"seed": seed}),
            fast_search=_without_noise(config, seed) if config.full_search_share < 1 else None,
            full_search_share=config.full_search_share,
            fast_simulations=config.fast_simulations,
            phase_plies=phase_plies,
            phase_simulations=tuple(config.simulations_at(ply) for ply in phase_plies),
            temperature=config.temperature,
            temperature_plies=config.temperature_plies,
            final_temperature=config.final_temperature,
            max_plies=config.max_plies,
            adjudicate_pawns=config.adjudicate_pawns,
            resign_value=config.resign_value,
            resign_moves=config.resign_moves,
            may_resign=rng.random() >= config.no_resign_share,
        )

    def simulations_at(self, ply: int) -> int:
        """Returns the simulations of a full search of the move at `ply`, counted from 0."""
        return self.phase_simulations[bisect_right(self.phase_plies, ply) - 1]

    def temperature_at(self, ply: int) -> float:
        """Returns the temperature that the move at `ply` is drawn with."""
        return self.temperature if ply < self.temperature_plies else self.final_temperature


def game_seed(run_seed: int, game_id: int) -> int:
    """Returns the seed of a game: 63 bits that follow from the run's seed and the game's id."""
    return int(np.random.SeedSequence((run_seed, game_id)).generate_state(1, np.uint64)[0] >> 1)


def _without_noise(config: TrainConfig, seed: int) -> SearchConfig:
    """Returns the settings of a search that explores by chance neither in PUCT nor in Gumbel."""
    quiet = {"noise_fraction": 0.0, "gumbel_scale": 0.0}
    return config.search.model_copy(update={"seed": seed, **quiet})
