"""Committed trees are found again; `python -m tests.mcts.golden` writes them anew."""

from typing import Any

import pytest

from aztoolkit.mcts.native import NativeSearch
from aztoolkit.mcts.reference import ReferenceSearch
from tests.mcts.golden import load, search_again

GOLDEN = load()


@pytest.mark.parametrize("kind", [NativeSearch, ReferenceSearch])
@pytest.mark.parametrize("number", range(len(GOLDEN)))
def test_a_golden_tree_is_found_again(kind: Any, number: int) -> None:
    assert search_again(kind, GOLDEN[number]) == GOLDEN[number]["nodes"]
