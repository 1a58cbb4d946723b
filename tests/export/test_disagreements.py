"""The positions on which two models are farthest from each other."""

from pathlib import Path

import chess
import pytest

from export.compare import compare_files
from export.disagreements import WORST


def test_the_worst_positions_are_listed_with_what_either_model_thinks(models: Path, run: Path):
    report = compare_files(models / "fp32.onnx", models / "int8.onnx", run, count=100)
    worst = report["worst"]
    assert WORST <= len(worst) <= 2 * WORST
    divergences = [position["kl"] for position in worst]
    assert divergences == sorted(divergences, reverse=True)
    assert divergences[0] >= report["kl_p99"]
    assert max(p["winrate_error"] for p in worst) == pytest.approx(report["winrate_error_max"])
    for position in worst:
        board = chess.Board(position["start_fen"])
        for uci in position["moves"]:
            board.push_uci(uci)
        first, second = position["first"], position["second"]
        assert chess.Move.from_uci(first["move"]) in board.legal_moves
        assert 0 < second["probability"] <= 1
        assert abs(first["winrate"] - second["winrate"]) == pytest.approx(
            position["winrate_error"], abs=1e-5
        )


def test_a_model_and_itself_agree_everywhere(models: Path, run: Path):
    report = compare_files(models / "fp32.onnx", models / "fp32.onnx", run, count=100)
    for position in report["worst"]:
        assert position["kl"] == position["winrate_error"] == 0
        assert position["first"] == position["second"]
