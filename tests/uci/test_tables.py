"""Tablebases at the root and in the tree; with real tables where they are at hand."""

import os
import random
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import chess
import chess.syzygy
import numpy as np
import pytest

from aztoolkit.encoding import get_encoding
from aztoolkit.errors import ConfigError
from aztoolkit.evaluator import UniformEvaluator
from aztoolkit.model import ModelSpec
from aztoolkit.uci.engine import Engine
from aztoolkit.uci.root import Root
from aztoolkit.uci.settings import Settings
from aztoolkit.uci.tables import TableEvaluator, Tables, decode
from tests.uci.conftest import PATIENCE_S

DRAWN_AND_WON = "8/8/4k3/8/4K3/8/4P3/8 w - - 0 1"
"""Three moves win, one of them sooner; three draw."""
KNIGHT_ENDING = "8/8/8/8/3k4/8/8/KBN5 w - - 0 1"

KINDS = ["KQvK", "KRvK", "KPvK", "KRvKP", "KBNvK", "KQvKR", "KPvKP"]


@pytest.fixture(scope="module")
def folder(shared_data: Path) -> Path:
    if not (found := shared_data / "syzygy").is_dir():
        pytest.skip(f"no tablebases at {found}")
    return found


@pytest.fixture
def tables(folder: Path) -> Tables:
    return Tables(str(folder))


def random_position(rng: random.Random, kind: str) -> chess.Board:
    """Returns a legal position of some material, without castling rights."""
    while True:
        board = chess.Board(None)
        board.turn = rng.random() < 0.5
        squares = rng.sample(chess.SQUARES, len(kind) - 1)
        white, _, black = kind.partition("v")
        pieces = [chess.Piece.from_symbol(symbol) for symbol in white + black.lower()]
        for square, piece in zip(squares, pieces, strict=True):
            board.set_piece_at(square, piece)
        if board.is_valid() and any(board.legal_moves):
            return board


@pytest.mark.parametrize("kind", KINDS)
def test_moves_kept_at_the_root_keep_the_result(tables: Tables, folder: Path, kind: str):
    rng = random.Random(7)
    with chess.syzygy.open_tablebase(str(folder)) as oracle:
        for _ in range(15):
            board = random_position(rng, kind)
            best = Root.probe(tables, board, ()).best
            assert best
            value = oracle.probe_wdl(board)
            for move in board.legal_moves:
                board.push(move)
                kept = -oracle.probe_wdl(board) == value
                board.pop()
                assert kept or move not in best


@pytest.mark.parametrize(
    ("kind", "most_moves"), [("KQvK", 12), ("KRvK", 20), ("KBNvK", 40), ("KPvK", 40)]
)
def test_wins_are_won_by_the_moves_kept(tables: Tables, kind: str, most_moves: int):
    rng = random.Random(11)
    for _ in range(3):
        board = random_position(rng, kind)
        while tables.value(board) != 1 or board.turn != chess.WHITE:
            board = random_position(rng, kind)
        for _ in range(2 * most_moves):
            board.push(rng.choice(Root.probe(tables, board, ()).best))
            if board.is_game_over(claim_draw=True):
                break
        assert board.is_checkmate(), board.fen()


def test_a_win_that_comes_too_late_is_a_draw(tables: Tables):
    board = chess.Board("8/8/8/8/8/2k5/8/K2BN3 w - - 0 1")
    assert tables.value(board) == 1
    board.halfmove_clock = 90
    assert tables.value(board) == 0


def test_castling_rights_and_crowds_are_not_covered(tables: Tables):
    castling = chess.Board("4k3/8/8/8/8/8/8/4K2R w K - 0 1")
    assert tables.ranks(castling, list(castling.legal_moves)) == {}
    assert tables.ranks(chess.Board(), list(chess.Board().legal_moves)) == {}


@pytest.mark.parametrize("encoding", ["az119", "lc0_112"])
def test_planes_are_decoded_as_white_to_move(encoding: str):
    rng = random.Random(5)
    for kind in KINDS:
        board = random_position(rng, kind)
        board.halfmove_clock = 37
        found = decode(get_encoding(encoding).encode(board), encoding)
        expected = board if board.turn == chess.WHITE else board.mirror()
        assert found.board_fen() == expected.board_fen()
        assert (found.turn, found.halfmove_clock) == (chess.WHITE, 37)


@pytest.mark.parametrize("encoding", ["az119", "lc0_112"])
@pytest.mark.parametrize("move", ["d2d4", "d2d3"])
def test_a_double_step_is_seen_on_the_planes(encoding: str, move: str):
    board = chess.Board("4k3/8/8/8/4p3/8/3P4/4K3 w - - 0 1")
    board.push_uci(move)
    found = decode(get_encoding(encoding).encode(board), encoding)
    assert found.ep_square == (chess.D6 if move == "d2d4" else None)


@pytest.mark.parametrize(
    ("encoding", "action_space"), [("az119", "az4672"), ("lc0_112", "lc0_1858")]
)
def test_the_tree_hears_what_the_tables_know(
    tables: Tables, az_spec: ModelSpec, encoding: str, action_space: str
):
    spec = az_spec.model_copy(update={"encoding": encoding, "action_space": action_space})
    evaluator = TableEvaluator(UniformEvaluator(spec), tables)
    rng = random.Random(3)
    boards = [random_position(rng, kind) for kind in KINDS for _ in range(5)]
    boards += [chess.Board(), chess.Board("4k3/8/8/8/8/8/8/4K2R w K - 0 1")]
    planes = np.array([get_encoding(encoding).encode(board) for board in boards])
    answers = evaluator.evaluate(planes).wdl
    for board, wdl in zip(boards[:-2], answers, strict=False):
        assert int(np.argmax(wdl)) == 1 - tables.value(board)
        assert wdl.max() > 20
    assert not answers[-2:].any()


@pytest.fixture
def said(folder: Path, az_spec: ModelSpec, tmp_path: Path) -> Callable[..., list[str]]:
    """Says lines to an engine with tables, each when the move before has come; returns its answers."""
    model = tmp_path / "m.onnx"
    model.touch()

    def talk(*lines: str, path: str = str(folder)) -> list[str]:
        answers: list[str] = []
        moved = threading.Semaphore(0)

        def hear(answer: str) -> None:
            answers.append(answer)
            if answer.startswith("bestmove"):
                moved.release()

        def one_by_one() -> Iterator[str]:
            yield from (f"setoption name {option}" for option in options)
            for line in lines:
                yield line
                assert not line.startswith("go") or moved.acquire(timeout=PATIENCE_S)

        options = [f"SyzygyPath value {path}", "UCI_ShowWDL value true"]
        engine = Engine(
            Settings(weights=str(model)),
            hear,
            open_model=lambda _model, _choice, _threads: UniformEvaluator(az_spec),
        )
        assert engine.run(one_by_one())
        return answers

    return talk


def infos(said: list[str]) -> list[dict[str, str]]:
    """Returns what `info` lines say, by their words: `score` with its kind, `pv` as its first move."""
    found = []
    for words in (line.split() for line in said if " multipv " in line):
        figures = {name: words[words.index(name) + 1] for name in ("multipv", "tbhits", "pv")}
        wdl = words[words.index("wdl") + 1 :][:3]
        found.append(figures | {"wdl": " ".join(wdl)})
    return found


def test_the_engine_plays_and_scores_by_the_tables(said: Callable[..., list[str]]):
    answers = said(
        "position fen 8/8/8/8/8/4k3/8/r3K3 w - - 0 1",
        "go nodes 50",
        "position fen 8/8/8/3k4/8/8/8/QK6 w - - 0 1",
        "go nodes 50",
        "position fen k7/8/8/8/8/8/1p6/K1Q4R w - - 0 1",
        "go nodes 50",
    )
    assert "tablebases of up to" in answers[0]
    assert any(info["wdl"] == "1000 0 0" for info in infos(answers))
    assert any(info["tbhits"] != "0" for info in infos(answers))


def test_more_lines_than_best_moves_are_taken_from_the_next_ranks(
    said: Callable[..., list[str]], tables: Tables
):
    board = chess.Board(DRAWN_AND_WON)
    ranks = tables.ranks(board, list(board.legal_moves))
    answers = said(
        "setoption name MultiPV value 40", f"position fen {DRAWN_AND_WON}", "go nodes 60"
    )
    last = infos(answers)[-len(ranks) :]
    assert [info["multipv"] for info in last] == [str(n) for n in range(1, len(ranks) + 1)]
    shown = [ranks[chess.Move.from_uci(info["pv"])] for info in last]
    assert shown == sorted(ranks.values(), reverse=True)
    assert {info["wdl"] for info in last} == {"1000 0 0", "0 1000 0"}
    best = next(line for line in answers if line.startswith("bestmove"))
    assert ranks[chess.Move.from_uci(best.split()[1])] == max(ranks.values())


def test_six_lines_are_shown_where_few_moves_are_best(said: Callable[..., list[str]]):
    answers = said("setoption name MultiPV value 6", f"position fen {KNIGHT_ENDING}", "go nodes 60")
    assert [info["multipv"] for info in infos(answers)[-6:]] == list("123456")


@pytest.mark.parametrize(("move", "wdl"), [("e4f4", "1000 0 0"), ("e4f3", "0 1000 0")])
def test_moves_asked_for_are_scored_by_the_tables(
    said: Callable[..., list[str]], move: str, wdl: str
):
    answers = said(f"position fen {DRAWN_AND_WON}", f"go nodes 20 searchmoves {move}")
    last = infos(answers)[-1]
    assert (last["pv"], last["wdl"]) == (move, wdl)


def test_hits_are_counted_anew_for_each_search(said: Callable[..., list[str]]):
    known = [f"position fen {DRAWN_AND_WON}", "go nodes 20"]
    answers = infos(said(*known, "position startpos", "go nodes 20", *known))
    hits = [info["tbhits"] for info in answers if info["multipv"] == "1"]
    assert hits[0] == hits[-1] != "0"
    assert "0" in hits


def test_a_folder_that_is_missing_is_skipped_and_named(
    said: Callable[..., list[str]], folder: Path, tmp_path: Path
):
    answers = said(path=os.pathsep.join([str(tmp_path / "nowhere"), str(folder)]))
    assert "tablebases of up to" in answers[0]
    assert answers[1].endswith(f"skipped {tmp_path / 'nowhere'}")


def test_a_folder_without_tables_is_refused(tmp_path: Path):
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(ConfigError, match=r"\*\.rtbw, got none"):
            Tables(str(path))
