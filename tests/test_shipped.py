"""The network that comes with aztoolkit: whole, its reports its own, and no fool."""

import json

import chess
import pytest

from aztoolkit.backends import open_evaluator, read_spec
from aztoolkit.files import sha256
from aztoolkit.levels import LEVELS, levels_of
from aztoolkit.mcts import SearchConfig
from aztoolkit.model import sidecar
from aztoolkit.model_files import SHIPPED, find_models
from aztoolkit.player import Limit, Player
from train.checkpoint import load_checkpoint

FP32, INT8 = SHIPPED / "fp32.onnx", SHIPPED / "int8.onnx"
BACK_RANK_MATE = "6k1/5ppp/8/8/8/8/5PPP/3R2K1 w - - 0 1"
HANGING_QUEEN = "rnb1kbnr/pppp1ppp/8/4p1q1/4P3/5N2/PPPP1PPP/RNBQKB1R w KQkq - 2 3"
LARGEST_MB = 8


@pytest.fixture(scope="module")
def player() -> Player:
    return Player(open_evaluator(INT8, threads=1), SearchConfig())


def test_the_models_are_those_of_the_checkpoint() -> None:
    assert [path.name for path in find_models(SHIPPED)] == ["fp32.onnx", "int8.onnx"]
    checkpoint = load_checkpoint(SHIPPED / "fp32.safetensors")
    for model in (FP32, INT8):
        spec = read_spec(model)
        assert spec.checkpoint_sha256 == checkpoint.sha256
        assert spec.precision == model.stem
    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) < LARGEST_MB * 1e6


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [
        ("compare", "first", "second"),
        ("gate", "baseline", "candidate"),
    ],
)
def test_its_reports_speak_of_these_very_files(name: str, first: str, second: str) -> None:
    report = json.loads(sidecar(INT8, name).read_bytes())
    assert report[first]["sha256"] == sha256(FP32)
    assert report[second]["sha256"] == sha256(INT8)
    assert INT8.with_suffix(f".{name}.html").is_file()


@pytest.mark.parametrize("name", ["ladder.json", "ladder-2300.json", "ladder-one-node.json"])
def test_its_ladders_were_climbed_by_these_very_files(name: str) -> None:
    report = json.loads((SHIPPED / name).read_bytes())
    assert report["baseline"]["sha256"] == sha256(FP32)
    assert report["candidate"]["sha256"] == sha256(INT8)
    (ladder,) = (stage for stage in report["stages"] if stage["name"] == "ladder")
    assert all(rung["games"] == 100 for rung in ladder["numbers"]["candidate"]["rungs"])


def test_the_gate_has_accepted_it() -> None:
    assert json.loads(sidecar(INT8, "gate").read_bytes())["verdict"] == "accepted"


def test_its_levels_were_measured_with_it() -> None:
    measured = levels_of(INT8, sha256(INT8))
    assert measured is not None
    assert [measured.of(level) is not None for level in LEVELS] == [True] * len(LEVELS)


def test_it_mates_takes_a_queen_and_knows_who_wins(player: Player) -> None:
    for fen, best in ((BACK_RANK_MATE, "d1d8"), (HANGING_QUEEN, "f3g5")):
        (result,) = player.think([player.new_game()], [chess.Board(fen)], Limit(simulations=50))
        assert result.best_move == chess.Move.from_uci(best)
        assert result.value > 0.5


def test_int8_values_positions_as_fp32_does(player: Player) -> None:
    original = Player(open_evaluator(FP32, threads=1), SearchConfig())
    for fen in (chess.STARTING_FEN, BACK_RANK_MATE, HANGING_QUEEN):
        one, other = (
            who.think([who.new_game()], [chess.Board(fen)], Limit(simulations=1))[0].value
            for who in (original, player)
        )
        assert one == pytest.approx(other, abs=0.05)
