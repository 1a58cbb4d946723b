"""The move generator against published leaf counts."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from aztoolkit._native import START_FEN, perft, perft_divide
from aztoolkit.errors import PositionError

STANDARD = Path(__file__).parent.parent / "data" / "perft_standard.epd"
NODE_BUDGET = 20_000_000
"""Deepest tree counted for one position of the standard list."""
SUITE_NODE_BUDGET = 2_000_000
"""The same for the long lists, which hold over a thousand positions."""


@dataclass(frozen=True)
class Case:
    """A position and its published counts."""

    fen: str
    nodes: dict[int, int]

    @property
    def names_castling_files(self) -> bool:
        """Whether castling rights are written as in Shredder-FEN, hence Chess960."""
        return bool(re.search("[A-Ha-h]", self.fen.split()[2]))

    def check(self, budget: int, *, chess960: bool) -> None:
        """Counts the deepest tree within the budget, at least the smallest."""
        affordable = [depth for depth, nodes in self.nodes.items() if nodes <= budget]
        depth = max(affordable, default=min(self.nodes))
        assert perft(self.fen, depth, chess960=chess960) == self.nodes[depth], self.fen


def read_epd(path: Path) -> list[Case]:
    """Reads lines like ``FEN ;D1 20 ;D2 400``."""
    cases = []
    for line in path.read_text().splitlines():
        if line and not line.startswith("#"):
            fen, *counts = (part.strip() for part in line.split(";"))
            pairs = (count.split() for count in counts)
            cases.append(Case(fen, {int(depth[1:]): int(nodes) for depth, nodes in pairs}))
    return cases


def read_perft(path: Path) -> Iterator[Case]:
    """Reads records of ``id``, ``epd`` and ``perft DEPTH NODES`` lines."""
    for record in re.split(r"^id ", path.read_text(), flags=re.MULTILINE)[1:]:
        fen = re.search(r"^epd (.*)$", record, re.MULTILINE)
        assert fen is not None
        counts = re.findall(r"^perft (\d+) (\d+)", record, re.MULTILINE)
        yield Case(fen[1].strip(), {int(depth): int(nodes) for depth, nodes in counts})


@pytest.mark.parametrize("case", read_epd(STANDARD), ids=lambda case: case.fen.split()[0])
def test_standard_positions(case: Case) -> None:
    case.check(NODE_BUDGET, chess960=case.names_castling_files)


def test_perft_suite(shared_data: Path) -> None:
    cases = read_epd(shared_data / "perft" / "perftsuite.epd")
    assert len(cases) == 126
    for case in cases:
        case.check(SUITE_NODE_BUDGET, chess960=False)


@pytest.mark.parametrize("name", ["shakmaty_tricky.perft", "shakmaty_chess960.perft"])
def test_hard_positions(shared_data: Path, name: str) -> None:
    cases = list(read_perft(shared_data / "perft" / name))
    assert len(cases) > 15
    for case in cases:
        case.check(SUITE_NODE_BUDGET, chess960=True)


def test_divide_adds_up() -> None:
    divided = perft_divide(START_FEN, 3)
    assert len(divided) == 20
    assert divided["e2e4"] == 600
    assert sum(divided.values()) == perft(START_FEN, 3) == 8902


def test_chess960_castling_is_written_as_king_takes_rook() -> None:
    fen = "r3k2r/8/8/8/8/8/8/R3K2R w KQkq - 0 1"
    assert {"e1g1", "e1c1"} <= perft_divide(fen, 1).keys()
    assert {"e1h1", "e1a1"} <= perft_divide(fen, 1, chess960=True).keys()


@pytest.mark.parametrize(("call", "least"), [(perft, 0), (perft_divide, 1)])
def test_depth_too_small_is_refused(call: Callable[[str, int], object], least: int) -> None:
    with pytest.raises(PositionError, match=f"expected a perft depth of at least {least}"):
        call(START_FEN, least - 1)
