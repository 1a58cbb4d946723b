"""Levels that the server offers: of every engine, with the Elo of the one that was measured."""

from pathlib import Path

import pytest

from aztoolkit.levels import LEVELS
from serve.catalog import Catalog, open_catalog
from serve.schemas import EngineLevel
from tests.serve.conftest import Client, connect
from tests.serve.networks import write_levels, write_model
from tests.serve.test_api import begin, engine_move, move


def club_of(catalog: Catalog, engine_id: str) -> EngineLevel:
    levels = catalog.get(engine_id).info.strengths.levels
    return next(level for level in levels if level.name == "Club")


@pytest.fixture
def models(tmp_path: Path) -> list[Path]:
    """An engine in two precisions."""
    return [write_model(tmp_path / "fp32.onnx"), write_model(tmp_path / "int8.onnx", "int8")]


def test_elo_is_shown_for_the_engine_that_was_measured(models: list[Path]) -> None:
    write_levels(models[1])
    catalog = open_catalog(models)
    club = club_of(catalog, "int8")
    assert (club.worth, club.elo_low, club.games) == ("about 1450 Elo", 1381.0, 100)
    assert catalog.get("int8").info.strengths.scale == "UCI_Elo of Stockfish 15.1 at 100 ms a move"
    assert club_of(catalog, "fp32").worth is None
    assert catalog.get("fp32").info.strengths.scale is None
    for engine in catalog.engines:
        assert [level.name for level in engine.info.strengths.levels] == [x.name for x in LEVELS]


def test_a_level_below_its_opponents_has_a_bound_alone(models: list[Path]) -> None:
    write_levels(models[0], elo=None, elo_low=None, elo_high=784.0)
    club = club_of(open_catalog(models[:1]), "fp32")
    assert (club.worth, club.elo, club.elo_high) == ("below 790 Elo", None, 784.0)


def test_a_broken_file_is_told_and_the_engine_served_without_elo(
    models: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_levels(models[0])
    path.write_text(path.read_text()[:-20])
    catalog = open_catalog(models[:1])
    assert club_of(catalog, "fp32").worth is None
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "no Elo of the levels of fp32.onnx: expected the Elo of levels in" in told


def test_no_file_is_nothing_to_tell(models: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    open_catalog(models[:1])
    assert capsys.readouterr().err == ""


@pytest.mark.anyio
async def test_levels_are_listed_and_each_can_be_played(client: Client) -> None:
    engines = (await client.get("/api/engines")).json()["engines"]
    beginner = engines[0]["strengths"]["levels"][0]
    assert (beginner["name"], beginner["worth"]) == ("Beginner", None)
    player = {key: beginner[key] for key in ("simulations", "temperature")}
    game = await begin(client, black={"engine": engines[0]["id"], **player})
    await move(client, game, "e2e4")
    assert (await engine_move(client, game))["moves"][1]["analysis"]["simulations"] == 1


@pytest.mark.anyio
async def test_an_engine_that_is_to_play_weaker_forgets_what_it_found(catalog: Catalog) -> None:
    async with connect(catalog) as client:
        game = await begin(client, black={"engine": "int8", "simulations": 400})
        await move(client, game, "e2e4")
        await engine_move(client, game)
        path = f"/api/games/{game['id']}"
        await client.post(f"{path}/take-back")
        weaker = {"engine": "int8", "simulations": 1, "temperature": 1.5}
        await client.patch(path, json={"black": weaker})
        await move(client, game, "e2e4")
        answer = (await engine_move(client, game))["moves"][1]["analysis"]
        assert sum(top["visits"] for top in answer["top_moves"]) == 0
