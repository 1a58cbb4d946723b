"""Monte Carlo tree search: `create_mcts` makes one, `run` drives one or many with an evaluator."""

from aztoolkit.mcts.backend import Backend, best_backend, create_cache, create_mcts
from aztoolkit.mcts.config import SearchConfig
from aztoolkit.mcts.pool import GamePool, pool_of, run
from aztoolkit.mcts.search import Search, SearchResult

__all__ = [
    "Backend",
    "GamePool",
    "Search",
    "SearchConfig",
    "SearchResult",
    "best_backend",
    "create_cache",
    "create_mcts",
    "pool_of",
    "run",
]
