"""A player that plays any legal move: the least opponent there is, to show that a network has learned."""

import random
from collections.abc import Sequence

import chess

from eval.seats import Choice, Fault, Work


class RandomSeat:
    """Plays each legal move with equal chance; a game's moves follow from its number and the seed."""

    def __init__(self, seed: int) -> None:
        """Makes a player whose games are other games for another seed."""
        self.work = Work()
        self._seed = seed
        self._rngs: dict[int, random.Random] = {}

    def choose(self, games: Sequence[int], boards: Sequence[chess.Board]) -> list[Choice | Fault]:
        """Draws a move for each board."""
        return [
            Choice(self._rng(game).choice(list(board.legal_moves)), None)
            for game, board in zip(games, boards, strict=True)
        ]

    def end(self, game: int) -> None:
        """Forgets where the game's chance stood."""
        self._rngs.pop(game, None)

    def close(self) -> None:
        """Has nothing to free."""

    def _rng(self, game: int) -> random.Random:
        return self._rngs.setdefault(game, random.Random(f"{self._seed} {game}"))
