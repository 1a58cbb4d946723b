"""Named strengths: that they are graded, and what is read of their Elo."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import chess
import numpy as np
import pytest
from pydantic import ValidationError

from aztoolkit.errors import ConfigError, DataError
from aztoolkit.levels import (
    FILE,
    FULL,
    LEVELS,
    MeasuredLevel,
    find_level,
    levels_of,
    levels_path,
    read_levels,
)
from aztoolkit.mcts import SearchConfig, SearchResult
from aztoolkit.player import Limit, Player
from tests.conftest import HashEvaluator

DIGEST = "0123456789abcdef" * 4


def written(folder: Path, **changes: Any) -> Path:
    """Writes a file of one level, and returns the path of the model beside which it stands."""
    club = {"name": "Club", "simulations": 10, "temperature": 1.0}
    worth = {"elo": 1446.0, "elo_low": 1380.0, "elo_high": 1511.0, "games": 100}
    document = {
        "benchmark": "levels",
        "model": "int8.onnx",
        "sha256": DIGEST,
        "scale": "UCI_Elo of Stockfish 15.1 at 100 ms a move",
        "levels": [{"level": club, **worth}],
    }
    (folder / FILE).write_text(json.dumps(document | changes))
    return folder / "int8.onnx"


def test_levels_rise_from_first_thoughts_to_full_strength():
    simulations = [level.simulations for level in LEVELS]
    assert simulations == sorted(simulations)
    for weaker, stronger in pairwise(LEVELS):
        assert (weaker.simulations, -weaker.temperature) < (
            stronger.simulations,
            -stronger.temperature,
        )
    assert (LEVELS[0].simulations, FULL.simulations, FULL.temperature) == (1, 800, 0.0)
    assert LEVELS[0].temperature >= 1.0


def test_one_simulation_draws_by_the_priors_and_two_play_the_likeliest(
    hash_evaluator: HashEvaluator,
):
    player = Player(hash_evaluator, SearchConfig())

    def drawn(simulations: int) -> set[chess.Move]:
        board, limit = chess.Board(), Limit(simulations=simulations)
        (result,) = player.think([player.new_game()], [board], limit)
        return {result.draw(1.5, np.random.default_rng(seed)) for seed in range(40)}

    assert len(drawn(1)) > 8
    assert len(drawn(2)) == 1


def result_of(priors: list[float]) -> SearchResult:
    moves = tuple(chess.Board().legal_moves)[: len(priors)]
    return SearchResult(
        moves=moves,
        visits=np.zeros(len(priors), np.int32),
        priors=np.array(priors, np.float32),
        values=np.full(len(priors), np.nan, np.float32),
        wdl=(0.3, 0.4, 0.3),
        pv=moves[:1],
        simulations=1,
    )


def test_the_higher_the_temperature_the_odder_the_moves():
    result = result_of([0.7, 0.2, 0.1])
    shares = []
    for temperature in (0.0, 0.75, 1.5):
        chance = np.random.default_rng(0)
        drawn = [result.draw(temperature, chance) for _ in range(400)]
        shares.append(drawn.count(result.moves[0]) / len(drawn))
    assert shares[0] == 1.0 > shares[1] > 0.7 > shares[2] > 0.4


def test_a_level_is_found_whatever_the_case_and_an_unknown_one_is_told():
    assert find_level("cLuB").name == "Club"
    with pytest.raises(ConfigError, match=r"Beginner, .*, Full\), got 'Weak'"):
        find_level("Weak")


def test_elo_is_of_one_model_and_of_the_level_as_it_is_now(tmp_path: Path):
    model = written(tmp_path)
    found = levels_of(model, DIGEST)
    assert found is not None
    measured = found.of(find_level("Club"))
    assert measured is not None
    assert (measured.words, measured.games) == ("about 1450 Elo", 100)
    assert found.of(FULL) is None
    changed = find_level("Club").model_copy(update={"simulations": 12})
    assert found.of(changed) is None
    assert levels_of(model, DIGEST[::-1]) is None


def test_no_file_is_no_elo(tmp_path: Path):
    assert levels_of(tmp_path / "int8.onnx", DIGEST) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"sha256": "abc"},
        {"levels": None},
        {"levels": [{"level": {"name": "Godlike", "simulations": 1, "temperature": 0}}]},
    ],
)
def test_a_broken_file_is_one_line_with_the_remedy(tmp_path: Path, changes: dict[str, Any]):
    model = written(tmp_path, **changes)
    with pytest.raises(
        DataError, match=r"expected the Elo of levels in .*levels\.json, got .*delete"
    ):
        levels_of(model, DIGEST)


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe", b"[]"])
def test_garbage_is_refused(tmp_path: Path, data: bytes):
    (tmp_path / FILE).write_bytes(data)
    with pytest.raises(DataError, match="benchmark levels"):
        read_levels(tmp_path / FILE)


def test_a_folder_in_its_place_is_refused(tmp_path: Path):
    (tmp_path / FILE).mkdir()
    with pytest.raises(DataError, match=FILE):
        read_levels(levels_path(tmp_path / "int8.onnx"))


@pytest.mark.parametrize(
    ("elo", "low", "high", "words"),
    [
        (1234.5, 1180.0, 1290.0, "about 1230 Elo"),
        (None, None, 783.7, "below 790 Elo"),
        (None, 3419.0, None, "above 3410 Elo"),
    ],
)
def test_an_open_interval_is_told_by_the_bound_it_has(
    elo: float | None, low: float | None, high: float | None, words: str
):
    measured = MeasuredLevel(level=FULL, elo=elo, elo_low=low, elo_high=high, games=100)
    assert measured.words == words


@pytest.mark.parametrize("bounds", [(None, None, None), (1500.0, None, 1600.0), (None, 1.0, 2.0)])
def test_bounds_that_contradict_each_other_are_refused(bounds: tuple[float | None, ...]):
    elo, low, high = bounds
    with pytest.raises(ValidationError, match="expected elo"):
        MeasuredLevel(level=FULL, elo=elo, elo_low=low, elo_high=high, games=100)
