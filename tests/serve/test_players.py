"""Who plays: humans and engines on either side; games given up, and brought back."""

import pytest

from serve.catalog import Catalog
from tests.serve.conftest import FEW, Client, connect
from tests.serve.test_api import HUMAN, START, begin, engine_move, move, new_game, refusal

pytestmark = pytest.mark.anyio

REPETITION = ["g1f3", "g8f6", "f3g1", "f6g8"] * 2


async def test_each_side_has_its_own_strength(client: Client) -> None:
    white = {"engine": "fp32", "simulations": 20, "temperature": 1.0}
    game = await begin(client, white=white, black={"engine": "int8"})
    black = {"engine": "int8", "simulations": FEW, "temperature": 0.0}
    assert game["players"] == {"white": white, "black": black}
    for _ in range(4):
        game = await engine_move(client, game)
    analyses = [played["analysis"] for played in game["moves"]]
    assert [analysis["engine"] for analysis in analyses] == ["fp32", "int8"] * 2
    assert [analysis["simulations"] for analysis in analyses] == [20, FEW] * 2
    path = f"/api/games/{game['id']}/moves"
    error = await refusal(client, "POST", path, 409, json={"uci": game["legal_moves"][0]})
    assert error["code"] == "not_your_turn"


async def test_two_humans_share_a_board(client: Client) -> None:
    game = await begin(client, white={}, black={})
    assert game["players"] == {"white": HUMAN, "black": HUMAN}
    await move(client, game, "e2e4")
    game = await move(client, game, "e7e5")
    path = f"/api/games/{game['id']}"
    assert (await refusal(client, "POST", f"{path}/engine-move", 409))["code"] == "not_engines_turn"
    back = (await client.post(f"{path}/take-back")).json()
    assert [played["san"] for played in back["moves"]] == ["e4"]


async def test_engines_games_are_taken_back_move_by_move(client: Client) -> None:
    game = await begin(client, white={"engine": "fp32"}, black={"engine": "int8"})
    path = f"/api/games/{game['id']}/take-back"
    await refusal(client, "POST", path, 409)
    for _ in range(2):
        await engine_move(client, game)
    assert len((await client.post(path)).json()["moves"]) == 1


async def test_temperature_varies_the_moves(client: Client) -> None:
    hot = {"engine": "fp32", "simulations": 64, "temperature": 2.0}
    played = set()
    for _ in range(12):
        game = await begin(client, white=hot, black={})
        played.add((await engine_move(client, game))["moves"][0]["uci"])
    assert len(played) > 1


async def test_players_change_sides_in_the_middle(client: Client) -> None:
    game = await new_game(client)
    await move(client, game, "e2e4")
    players = {"white": {"engine": "fp32"}, "black": {}}
    changed = (await client.patch(f"/api/games/{game['id']}", json=players)).json()
    assert changed["players"]["black"] == HUMAN
    await move(client, game, "e7e5")
    assert (await engine_move(client, game))["moves"][2]["analysis"]["engine"] == "fp32"


@pytest.mark.parametrize(
    ("players", "side", "result"),
    [
        ({}, None, "0-1"),
        ({"white": {"engine": "int8"}, "black": {}}, None, "1-0"),
        ({"white": {}, "black": {}}, None, "0-1"),
        ({"white": {}, "black": {}}, "black", "1-0"),
    ],
)
async def test_resigning_ends_the_game(
    client: Client, players: dict[str, object], side: str | None, result: str
) -> None:
    game = await begin(client, **players)
    path = f"/api/games/{game['id']}"
    body = None if side is None else {"side": side}
    ended = (await client.post(f"{path}/resign", json=body)).json()
    assert (ended["result"], ended["end"], ended["legal_moves"]) == (result, "resignation", [])
    error = await refusal(client, "POST", f"{path}/resign", 409)
    assert error["code"] == "game_over"


async def test_resignation_can_be_taken_back(client: Client) -> None:
    game = await new_game(client)
    path = f"/api/games/{game['id']}"
    await move(client, game, "e2e4")
    await client.post(f"{path}/resign")
    back = (await client.post(f"{path}/take-back")).json()
    assert (back["fen"], back["result"]) == (START, "*")


async def test_game_comes_back_from_its_moves(client: Client, catalog: Catalog) -> None:
    game = await new_game(client, simulations=20)
    await move(client, game, "e2e4")
    lost = await engine_move(client, game)
    moves = [played["uci"] for played in lost["moves"]]
    async with connect(catalog) as restarted:
        await refusal(restarted, "GET", f"/api/games/{lost['id']}", 404)
        back = await begin(restarted, **lost["players"], fen=lost["start_fen"], moves=moves)
        same = ("players", "start_fen", "fen", "turn", "legal_moves", "check", "result", "end")
        assert {key: back[key] for key in same} == {key: lost[key] for key in same}
        assert [played["san"] for played in back["moves"]] == [one["san"] for one in lost["moves"]]
        await move(restarted, back, back["legal_moves"][0])
        assert len((await engine_move(restarted, back))["moves"]) == 4


async def test_finished_game_comes_back_finished(client: Client) -> None:
    game = await begin(client, moves=["f2f3", "e7e5", "g2g4", "d8h4"])
    assert (game["result"], game["end"]) == ("0-1", "checkmate")
    game = await begin(client, moves=REPETITION)
    assert game["end"] == "threefold repetition"


async def test_illegal_move_of_a_lost_game_is_named(client: Client) -> None:
    body = {"moves": ["e2e4", "e7e5", "e4e5"]}
    error = await refusal(client, "POST", "/api/games", 422, json=body)
    assert error["code"] == "bad_position"
    assert "move 3" in error["message"]
