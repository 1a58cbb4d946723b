"""Searches, told: always from White's side."""

import chess
import numpy as np
import pytest

from aztoolkit.mcts import SearchResult
from serve.batcher import Progress
from serve.report import analyse


def result(board: chess.Board) -> SearchResult:
    """A search that thinks the side to move wins with its second move and never tried its third."""
    moves = tuple(board.legal_moves)[:3]
    return SearchResult(
        moves=moves,
        visits=np.array([10, 30, 0], dtype=np.int32),
        priors=np.array([0.5, 0.3, 0.2], dtype=np.float32),
        values=np.array([0.25, 0.75, np.nan], dtype=np.float32),
        wdl=(0.7, 0.2, 0.1),
        pv=(moves[1],),
        simulations=40,
    )


def progress(board: chess.Board, found: SearchResult, *lines: tuple[chess.Move, ...]) -> Progress:
    return Progress(board, found, lines, time_ms=12.34)


@pytest.mark.parametrize(("turn", "sign"), [(chess.WHITE, 1), (chess.BLACK, -1)])
def test_evaluation_is_told_from_whites_side_whoever_moves(turn: chess.Color, sign: int) -> None:
    board = chess.Board()
    board.turn = turn
    analysis = analyse("int8", progress(board, result(board)))
    assert analysis.value == pytest.approx(sign * 0.6)
    assert (analysis.white, analysis.black) == ((0.7, 0.1) if sign == 1 else (0.1, 0.7))
    assert analysis.draw == 0.2
    values = [top.value for top in analysis.top_moves]
    assert values == [pytest.approx(sign * 0.75), pytest.approx(sign * 0.25), None]


def test_top_moves_are_in_order_of_visits_with_their_shares() -> None:
    board = chess.Board()
    found = result(board)
    tops = analyse("int8", progress(board, found)).top_moves
    assert [top.uci for top in tops] == [found.moves[i].uci() for i in (1, 0, 2)]
    assert [top.share for top in tops] == [0.75, 0.25, 0.0]


def test_before_any_visit_the_priors_rank_the_moves() -> None:
    board = chess.Board()
    unvisited = {"visits": np.zeros(3, dtype=np.int32), "priors": np.array([0.3, 0.2, 0.5])}
    found = SearchResult(**{**result(board).__dict__, **unvisited})
    tops = analyse("int8", progress(board, found)).top_moves
    assert [top.uci for top in tops] == [found.moves[i].uci() for i in (2, 0, 1)]
    assert [top.share for top in tops] == [0.5, 0.3, 0.2]


def test_principal_variation_is_told_in_san() -> None:
    board = chess.Board()
    line = [chess.Move.from_uci(uci) for uci in ("e2e4", "e7e5", "g1f3")]
    found = result(board)
    found = SearchResult(**{**found.__dict__, "pv": tuple(line)})
    assert analyse("int8", progress(board, found)).pv == ["e4", "e5", "Nf3"]
    assert board == chess.Board()


def test_variations_are_told_as_many_as_asked_for() -> None:
    board = chess.Board()
    found = result(board)
    lines = [(found.moves[1], chess.Move.from_uci("e7e5")), (found.moves[2],)]
    told = analyse("int8", progress(board, found, *lines), lines=2).lines
    assert [line.uci for line in told] == [[move.uci() for move in line] for line in lines]
    assert told[0].san == [board.san(found.moves[1]), "e5"]
    assert [(line.visits, line.value) for line in told] == [(30, 0.75), (0, None)]
    assert len(analyse("int8", progress(board, found, *lines), lines=1).lines) == 1
