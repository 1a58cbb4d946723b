"""Which implementation of the search: `native` (C++) or `python` (the reference)."""

from typing import Literal

from aztoolkit.errors import MissingDependencyError
from aztoolkit.mcts.config import SearchConfig
from aztoolkit.mcts.search import Search

Backend = Literal["auto", "native", "python"]


def best_backend() -> Literal["native", "python"]:
    """Returns `native` if the compiled search is there, else `python`."""
    try:
        import aztoolkit.mcts.native  # noqa: F401
    except ImportError:
        return "python"
    return "native"


def create_mcts(config: SearchConfig, *, backend: Backend = "auto") -> Search:
    """Returns a new search.

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
    return NativeSearch(config)
