"""Labelled games as they are learned: all of them where they fit the window, else one after the other.

    shards, in an order drawn anew for each epoch  ->  games  ->  window  ->  batches drawn at random

A window smaller than the data is filled first, and then takes in one new position for each that is
learned: every position is learned once an epoch on average, shuffled over a window's length.

    order of the games   0 ....... learned ............. learned + capacity ............ end of the epoch
                                   [       window       ]

What the window holds hangs on nothing but the positions learned, so a run that was killed goes on with
the very batches that would have followed: shards and games before `learned` are passed over.
"""

from collections.abc import Iterator, Sequence
from itertools import count

import numpy as np

from train.replay import Game, read_games
from train.supervised.dataset import Shard, is_held_out
from train.window import ReplayWindow

_CHUNK = 64
"""Games added at a time."""


class Stream:
    """Feeds a window from shards."""

    def __init__(
        self, shards: Sequence[Shard], window: ReplayWindow, *, capacity: int, seed: int, done: int
    ) -> None:
        """Prepares to feed; nothing is read yet.

        Args:
            shards: of all data sets.
            window: empty.
            capacity: of the window, in positions.
            seed: of the orders.
            done: positions learned before, by processes that were ended.
        """
        self.positions = sum(shard.learned for shard in shards)
        """Of an epoch."""
        self._window = window
        self._ahead = min(self.positions, capacity)
        self._passed = done if self.positions > capacity else 0
        self._games = _games(shards, seed, self._passed)
        self._fed = self._passed

    def feed(self, learned: int) -> None:
        """Adds games until the window is ready for another batch, the one after `learned` positions.

        Raises:
            DataError: a shard is broken, or its games are.
        """
        self._add(self._passed + self._ahead)
        if self._window.positions < self.positions:
            self._add(self._ahead + learned)

    def _add(self, wanted: int) -> None:
        """Adds games until `wanted` positions were fed in all."""
        while self._fed < wanted:
            games: list[Game] = []
            while self._fed < wanted and len(games) < _CHUNK:
                game, self._fed = next(self._games)
                games.append(game)
            self._window.add(games)


def held_out_games(shards: Sequence[Shard], *, positions: int) -> list[Game]:
    """Returns games to judge a network by, with about so many positions: an equal share of each shard's.

    Raises:
        DataError: a shard is broken.
    """
    total = sum(shard.held_out for shard in shards)
    chosen: list[Game] = []
    for shard in shards:
        wanted = shard.held_out * min(1.0, positions / total) if total else 0
        held = 0
        for game in read_games(shard.path):
            if held < wanted and _is_held_out(game):
                chosen.append(game)
                held += sum(game.searched)
    return chosen


def _games(shards: Sequence[Shard], seed: int, passed: int) -> Iterator[tuple[Game, int]]:
    """Yields the games that are learned, epoch after epoch, each with the count of positions up to its end.

    Those that end within the first `passed` positions are left out, whole shards of them unread.
    """
    epoch_positions = sum(shard.learned for shard in shards)
    first_epoch = passed // epoch_positions
    end = first_epoch * epoch_positions
    for epoch in count(first_epoch):
        for index in np.random.default_rng((seed, epoch)).permutation(len(shards)):
            shard = shards[index]
            if end + shard.learned <= passed:
                end += shard.learned
                continue
            for game in read_games(shard.path):
                if not _is_held_out(game):
                    end += sum(game.searched)
                    if end > passed:
                        yield game, end


def _is_held_out(game: Game) -> bool:
    return bool(is_held_out(np.asarray(game.game_id)))
