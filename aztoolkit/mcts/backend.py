"""Which implementation of the search: `native` (C++) or `python` (the reference)."""

from typing import TYPE_CHECKING, Literal

from aztoolkit.errors import MissingDependencyError
from aztoolkit.mcts.config import SearchConfig
from aztoolkit.mcts.search import Search

if TYPE_CHECKING:
    from aztoolkit._native import EvaluationCache

Backend = Literal["auto", "native", "python"]


def best_backend() -> Literal["native", "python"]:
    """Returns `native` if the compiled search is there, else `python`."""
    try:
        import aztoolkit.mcts.native  # noqa: F401
    except ImportError:
        return "python"
    return "native"


def create_mcts(
    config: SearchConfig, *, backend: Backend = "auto", cache: "EvaluationCache | None" = None
) -> Search:
    """Returns a new search.

    Args:
        cache: from `create_cache`; only for searches that ask the same network.

    Raises:
        MissingDependencyError: `native` was asked for and is not built.
    """
    chosen = best_backend() if backend == "auto" else backend
    if chosen == "python":
        from aztoolkit.mcts.reference import ReferenceSearch

        return ReferenceSearch(config)
    try:
        from aztoolkit.mcts.native import NativeSearch
    except ImportError as error:
        raise MissingDependencyError(
            "expected the compiled search, got none: it was not built when aztoolkit was installed; "
            "install a C++20 compiler and aztoolkit again, or use backend='python'"
        ) from error
    return NativeSearch(config, cache)


def create_cache(memory_mb: int) -> "EvaluationCache | None":
    """Returns a cache of one network's answers in so much memory; None without the compiled search.

    Searches find the same with and without it at batch size 1; larger batches form otherwise. Whoever
    changes the network clears it.
    """
    if memory_mb == 0 or best_backend() == "python":
        return None
    from aztoolkit._native import EvaluationCache

    return EvaluationCache(memory_mb)
