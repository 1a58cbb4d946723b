"""The contract of the API: games from the first move to the last, and every refusal."""

from typing import Any

import pytest

from tests.serve.conftest import FEW, Client

pytestmark = pytest.mark.anyio

START = "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1"
HUMAN = {"engine": None, "simulations": None, "temperature": None}
Json = dict[str, Any]


async def versus(
    client: Client, side: str = "white", engine: str | None = None, **strength: object
) -> Json:
    """Returns the players of a game of a human, on `side`, against an engine."""
    engine = engine or (await client.get("/api/engines")).json()["default"]
    players: Json = {
        "white": {"engine": engine, **strength},
        "black": {"engine": engine, **strength},
    }
    return {**players, side: {}}


async def new_game(
    client: Client, side: str = "white", *, fen: str | None = None, **engine: object
) -> Json:
    """Begins a game of a human against an engine."""
    players = await versus(client, side, **engine)
    return await begin(client, fen=fen, **players)


async def begin(client: Client, **wanted: object) -> Json:
    answer = await client.post("/api/games", json=wanted)
    assert answer.status_code == 201, answer.text
    state: Json = answer.json()
    return state


async def move(client: Client, game: Json, uci: str) -> Json:
    answer = await client.post(f"/api/games/{game['id']}/moves", json={"uci": uci})
    assert answer.status_code == 200, answer.text
    state: Json = answer.json()
    return state


async def engine_move(client: Client, game: Json) -> Json:
    answer = await client.post(f"/api/games/{game['id']}/engine-move")
    assert answer.status_code == 200, answer.text
    state: Json = answer.json()
    return state


async def refusal(client: Client, method: str, path: str, status: int, **kwargs: Any) -> Json:
    """Asks, expects this status and the one body of errors, and returns the error."""
    answer = await client.request(method, path, **kwargs)
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert body.keys() == {"error"}
    assert body["error"].keys() == {"code", "message"}
    error: Json = body["error"]
    return error


async def test_health_tells_version_search_and_load(client: Client) -> None:
    health = (await client.get("/api/health")).json()
    assert health["status"] == "ok"
    assert health["search"] in ("native", "python")
    assert (health["games"], health["searching"]) == (0, 0)


async def test_engines_are_listed_with_verdicts_and_int8_first(client: Client) -> None:
    listed = (await client.get("/api/engines")).json()
    assert [engine["id"] for engine in listed["engines"]] == ["int8", "fp32"]
    int8, fp32 = listed["engines"]
    assert listed["default"] == "int8"
    assert listed["default_simulations"] == FEW
    assert (int8["name"], int8["precision"], int8["network"]) == ("INT8", "int8", "resnet 64x5")
    assert int8["verdict"]["verdict"] == "accepted"
    assert int8["distance"]["top1"] == 0.971
    assert int8["size_bytes"] > 1000
    assert fp32["verdict"] is None


async def test_engine_answers_a_move_with_its_evaluation(client: Client) -> None:
    game = await new_game(client, engine="fp32", simulations=50)
    assert (game["fen"], game["turn"], len(game["legal_moves"])) == (START, "white", 20)
    moved = await move(client, game, "e2e4")
    assert (moved["turn"], moved["moves"][0]["san"]) == ("black", "e4")
    answered = await engine_move(client, game)
    assert answered["turn"] == "white"
    played = answered["moves"][1]
    analysis = played["analysis"]
    assert analysis["engine"] == "fp32"
    assert analysis["simulations"] == 50
    assert analysis["time_ms"] > 0
    assert analysis["white"] + analysis["draw"] + analysis["black"] == pytest.approx(1, abs=1e-3)
    assert analysis["value"] == pytest.approx(analysis["white"] - analysis["black"], abs=1e-3)
    assert analysis["pv"][0] == played["san"] == analysis["top_moves"][0]["san"]
    visits = [top["visits"] for top in analysis["top_moves"]]
    assert visits == sorted(visits, reverse=True)
    assert sum(visits) <= 50


async def test_engine_moves_first_when_human_is_black(client: Client) -> None:
    game = await new_game(client, "black")
    assert (game["players"]["black"]["engine"], game["turn"], game["moves"]) == (None, "white", [])
    answered = await engine_move(client, game)
    assert answered["turn"] == "black"
    assert answered["moves"][0]["analysis"]["engine"] == "int8"


async def test_game_is_there_again_after_a_reload(client: Client) -> None:
    game = await new_game(client)
    moved = await move(client, game, "g1f3")
    assert (await client.get(f"/api/games/{game['id']}")).json() == moved


@pytest.mark.parametrize(("letter", "san"), [("q", "e8=Q+"), ("n", "e8=N+"), ("r", "e8=R")])
async def test_pawn_becomes_what_the_human_asks(client: Client, letter: str, san: str) -> None:
    game = await new_game(client, fen="3r4/4P1k1/8/8/8/8/6K1/8 w - - 0 1")
    moved = await move(client, game, f"e7e8{letter}")
    assert moved["moves"][0]["san"].rstrip("+") == san.rstrip("+")
    assert moved["fen"].split()[0].startswith(f"3r{letter.upper()}")


async def test_promotion_without_a_piece_is_refused_with_the_remedy(client: Client) -> None:
    game = await new_game(client, fen="3r4/4P1k1/8/8/8/8/6K1/8 w - - 0 1")
    path = f"/api/games/{game['id']}/moves"
    error = await refusal(client, "POST", path, 422, json={"uci": "e7e8"})
    assert "e7e8q" in error["message"]


@pytest.mark.parametrize(
    ("fen", "uci", "result", "end"),
    [
        ("6k1/5ppp/8/8/8/8/8/R5K1 w - - 0 1", "a1a8", "1-0", "checkmate"),
        ("7k/5Q2/8/6K1/8/8/8/8 w - - 0 1", "g5g6", "1/2-1/2", "stalemate"),
        ("7k/6p1/7K/8/8/8/8/8 w - - 0 1", "h6g6", "*", None),
        ("8/8/8/3k4/8/3Kp3/8/8 w - - 0 1", "d3e3", "1/2-1/2", "insufficient material"),
        (
            "7k/8/8/8/8/8/4R3/4K3 w - - 99 80",
            "e2e3",
            "1/2-1/2",
            "fifty moves without capture or pawn move",
        ),
    ],
)
async def test_end_of_game_is_told(
    client: Client, fen: str, uci: str, result: str, end: str | None
) -> None:
    moved = await move(client, await new_game(client, fen=fen), uci)
    assert (moved["result"], moved["end"]) == (result, end)
    assert bool(moved["legal_moves"]) == (end is None)


async def test_nobody_moves_when_the_game_is_over(client: Client) -> None:
    game = await new_game(client, fen="6k1/5ppp/8/8/8/8/8/R5K1 w - - 0 1")
    await move(client, game, "a1a8")
    path = f"/api/games/{game['id']}"
    for request in ({"url": "/moves", "json": {"uci": "a8a7"}}, {"url": "/engine-move"}):
        error = await refusal(client, "POST", path + str(request.pop("url")), 409, **request)
        assert error["code"] == "game_over"
        assert "checkmate" in error["message"]


@pytest.mark.parametrize(
    ("uci", "reason"),
    [
        ("e2e5", "the pawn cannot go there"),
        ("e4e5", "there is no piece on e4"),
        ("e7e5", "it is white's turn"),
        ("e1e2", "the king cannot go there"),
    ],
)
async def test_illegal_move_is_refused_with_the_reason(
    client: Client, uci: str, reason: str
) -> None:
    game = await new_game(client)
    path = f"/api/games/{game['id']}"
    error = await refusal(client, "POST", f"{path}/moves", 422, json={"uci": uci})
    assert error["code"] == "bad_position"
    assert uci in error["message"]
    assert reason in error["message"]
    assert (await client.get(path)).json()["fen"] == START


async def test_move_that_exposes_the_king_is_refused_as_such(client: Client) -> None:
    game = await new_game(client, fen="4r1k1/8/8/8/8/8/4N3/4K3 w - - 0 1")
    path = f"/api/games/{game['id']}/moves"
    error = await refusal(client, "POST", path, 422, json={"uci": "e2c3"})
    assert "leave the king in check" in error["message"]


@pytest.mark.parametrize(
    ("fen", "reason"),
    [
        ("nonsense", "expected 8 rows"),
        ("8/8/8/8/8/8/8/8 w - - 0 1", "no white king"),
        ("4k3/8/8/8/8/8/4R3/4K3 w - - 0 1", "opposite check"),
        ("rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR x KQkq - 0 1", "expected 'w' or 'b'"),
        ("7k/5Q2/6K1/8/8/8/8/8 b - - 0 1", "stalemate"),
        ("R5k1/5ppp/8/8/8/8/8/6K1 b - - 0 1", "checkmate"),
        (f"{START[:-1]}{10**9}", "move number"),
        ("8" * 101, "100 characters"),
    ],
)
async def test_broken_fen_is_refused_with_the_reason(client: Client, fen: str, reason: str) -> None:
    error = await refusal(client, "POST", "/api/games", 422, json={"fen": fen})
    assert reason in error["message"]
    assert (await client.get("/api/health")).json()["games"] == 0


@pytest.mark.parametrize(
    "body",
    [
        {"white": "green"},
        {"white": {"simulations": 0}},
        {"white": {"simulations": 10_001}},
        {"white": {"simulations": "many"}},
        {"black": {"temperature": -0.1}},
        {"black": {"temperature": 2.1}},
        {"black": {"engine": "x" * 201}},
        {"moves": ["e2e9"]},
        {"moves": ["e2e4"] * 1001},
        {"pgn": "1. e4", "moves": ["e2e4"]},
        {"pgn": "1. e4", "fen": START},
        {"pgn": " " * 40_000},
        {"surprise": 1},
        [],
    ],
)
async def test_malformed_new_game_is_refused(client: Client, body: object) -> None:
    error = await refusal(client, "POST", "/api/games", 422, json=body)
    assert error["code"] == "bad_request"


async def test_a_body_that_is_no_json_is_said_to_be(client: Client) -> None:
    json_type = {"Content-Type": "application/json"}
    error = await refusal(client, "POST", "/api/games", 422, content=b"junk", headers=json_type)
    assert error["code"] == "bad_request"
    assert error["message"].startswith("expected JSON as the body, got: ")


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"null"])
async def test_body_that_is_no_json_object_is_refused(client: Client, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    await refusal(client, "POST", "/api/games", 422, content=body, headers=headers)


async def test_unknown_engine_is_404_and_names_the_known(client: Client) -> None:
    error = await refusal(
        client, "POST", "/api/games", 404, json={"black": {"engine": "../secret"}}
    )
    assert "'int8', 'fp32'" in error["message"]


async def test_unknown_game_and_unknown_path_are_404(client: Client) -> None:
    for path in ("/api/games/nobody", "/api/nowhere"):
        assert (await refusal(client, "GET", path, 404))["code"] == "not_found"


async def test_turns_are_kept(client: Client) -> None:
    game = await new_game(client)
    path = f"/api/games/{game['id']}"
    error = await refusal(client, "POST", f"{path}/engine-move", 409)
    assert error["code"] == "not_engines_turn"
    await move(client, game, "e2e4")
    error = await refusal(client, "POST", f"{path}/moves", 409, json={"uci": "e7e5"})
    assert error["code"] == "not_your_turn"


async def test_take_back_returns_to_the_humans_last_turn(client: Client) -> None:
    game = await new_game(client)
    path = f"/api/games/{game['id']}/take-back"
    assert (await refusal(client, "POST", path, 409))["code"] == "nothing_to_take_back"
    await move(client, game, "e2e4")
    await engine_move(client, game)
    back = (await client.post(path)).json()
    assert (back["fen"], back["moves"]) == (START, [])
    await move(client, game, "d2d4")
    back = (await client.post(path)).json()  # before the engine has answered
    assert (back["fen"], back["moves"]) == (START, [])


async def test_take_back_that_is_repeated_takes_back_once(client: Client) -> None:
    game = await new_game(client)
    path = f"/api/games/{game['id']}/take-back"
    for uci in ("a2a3", "b2b3"):  # whatever Black answers
        game = await move(client, game, uci)
        game = await engine_move(client, game)
    for _ in range(2):
        back = (await client.post(path, json={"plies": 4})).json()
        assert back["moves"] == game["moves"][:2]
    assert (await client.post(path, json={"plies": 2})).json()["moves"] == []
    assert (await client.post(path, json={"plies": 2.0})).json()["moves"] == []
    await refusal(client, "POST", path, 422, json={"plies": -1})


async def test_black_cannot_take_back_the_engines_first_move(client: Client) -> None:
    game = await new_game(client, "black")
    await engine_move(client, game)
    await refusal(client, "POST", f"/api/games/{game['id']}/take-back", 409)


async def test_opponent_can_be_changed_in_the_middle_of_a_game(client: Client) -> None:
    game = await new_game(client, engine="int8")
    path = f"/api/games/{game['id']}"
    await move(client, game, "e2e4")
    await engine_move(client, game)
    black = {"engine": "fp32", "simulations": 24, "temperature": 0.5}
    changed = await client.patch(path, json={"black": black})
    assert changed.json()["players"] == {"white": HUMAN, "black": black}
    await move(client, game, changed.json()["legal_moves"][0])
    analysis = (await engine_move(client, game))["moves"][-1]["analysis"]
    assert (analysis["engine"], analysis["simulations"]) == ("fp32", 24)
    await refusal(client, "PATCH", path, 404, json={"black": {"engine": "fp64"}})


async def test_deleted_game_is_gone(client: Client) -> None:
    game = await new_game(client)
    path = f"/api/games/{game['id']}"
    assert (await client.delete(path)).status_code == 204
    await refusal(client, "GET", path, 404)


async def test_whole_game_is_played_to_its_end(client: Client) -> None:
    game = await new_game(client, fen="k7/8/1K6/8/8/8/8/6Q1 w - - 90 100", simulations=4)
    while game["result"] == "*":
        mine = game["turn"] == "white"
        game = await (
            move(client, game, game["legal_moves"][0]) if mine else engine_move(client, game)
        )
    assert game["end"]
    assert game["legal_moves"] == []


async def test_api_describes_itself(client: Client) -> None:
    document = (await client.get("/api/openapi.json")).json()
    assert document["info"]["title"] == "aztoolkit"
    assert "/api/games/{game_id}/engine-move" in document["paths"]
    refusals = document["paths"]["/api/games"]["post"]["responses"]
    assert "ErrorBody" in refusals["503"]["content"]["application/json"]["schema"]["$ref"]
