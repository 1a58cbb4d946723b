"""The study behind docs/quantization.md, on a small network."""

from pathlib import Path

import chess.pgn
import pytest

from benchmarks import quantization_study
from benchmarks.quantization_study import RECIPES, study, to_markdown
from export.positions import read_lines
from export.quantize import Recipe


def test_every_recipe_has_a_row(
    models: Path,
    run: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    games = []
    for line in read_lines(run):
        board = chess.Board()
        for move in line.moves:
            board.push_uci(move)
        games.append(str(chess.pgn.Game.from_board(board)))
    (tmp_path / "games.pgn").write_text("\n\n".join(games) + "\n")
    for name in ("CALIBRATED", "COMPARED", "TRAINED"):
        monkeypatch.setattr(quantization_study, name, 64)
    monkeypatch.setattr(quantization_study, "RECIPES", {"static": Recipe()})
    report = study(models / "fp32.onnx", tmp_path / "games.pgn", tmp_path / "out")
    rows = {row["recipe"]: row for row in report["rows"]}
    assert rows.keys() == {"naive", "dynamic", "static"}
    assert "static" in RECIPES
    for row in rows.values():
        assert 0 < row["kl_mean"] < 0.01
        assert row["speed"] > 0
        assert 0.2 < row["size"] < 0.6
        assert row["core_s"] > 0
    table = to_markdown(report).splitlines()
    assert len(table) == len(rows) + 2
    assert {line.count("|") for line in table} == {8}
