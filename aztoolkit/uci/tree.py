"""The tree that is kept between the moves of a game, and what is remembered of positions."""

from typing import TYPE_CHECKING

from aztoolkit.levels import Level
from aztoolkit.mcts import Search, SearchConfig, create_cache, create_mcts
from aztoolkit.uci.networks import Network
from aztoolkit.uci.settings import Settings
from aztoolkit.uci.tables import Tables

if TYPE_CHECKING:
    from aztoolkit._native import EvaluationCache


class KeptTree:
    """One tree and one cache, as long as they are of the same network and tables."""

    def __init__(self) -> None:
        self._origin: object = None
        self._search: Search | None = None
        self._cache: EvaluationCache | None = None
        self._stale = False

    def forget(self) -> None:
        """Has the next search begin without knowledge; may be called while another is under way."""
        self._stale = True

    def search_for(
        self,
        network: Network,
        tables: Tables | None,
        settings: Settings,
        *,
        level: Level | None = None,
    ) -> Search:
        """Returns the tree, or a new one where the old one came about otherwise.

        Args:
            tables: those that speak through the evaluator.
            level: of the search; a weak one shall not know what a strong one found.
        """
        origin = (network, tables, settings.hash_mb, level)
        if origin != self._origin:
            self._search = self._cache = None  # first, so that memory is not taken twice
            self._cache, self._origin = create_cache(settings.cache_mb), origin
        elif self._stale and self._cache is not None:
            self._cache.clear()
        if self._search is None or self._stale:
            self._search = create_mcts(_config(network, settings), cache=self._cache)
        self._stale = False
        return self._search

    def search_apart(self, network: Network, settings: Settings) -> Search:
        """Returns a new tree without cache, in place of the one kept."""
        self._search = None
        return create_mcts(_config(network, settings))


def _config(network: Network, settings: Settings) -> SearchConfig:
    spec = network.evaluator.spec
    return SearchConfig(
        encoding=spec.encoding,
        action_space=spec.action_space,
        batch_size=network.batch,
        memory_mb=settings.tree_mb,
    )
