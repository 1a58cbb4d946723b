"""Games in and out as PGN."""

import io
import re

import chess.pgn
import pytest

from aztoolkit.errors import PositionError
from serve.pgn import read_pgn
from tests.serve.conftest import Client
from tests.serve.test_api import begin, engine_move, move, new_game, refusal

SCHOLAR = """[Event "A lesson"]
[Result "1-0"]

1. e4 {[%eval 0.3] best by test} e5 (1... c5 2. Nf3) 2. Bc4 Nc6 $6 3. Qh5 Nf6?? 4. Qxf7# 1-0
"""
ENDGAME = '[FEN "8/8/8/8/8/4k3/4p3/4K3 b - - 0 1"]\n[SetUp "1"]\n\n1... Kd3 2. Kf2 *'


def test_main_line_is_read() -> None:
    board = read_pgn(SCHOLAR)
    assert [move.uci() for move in board.move_stack][:3] == ["e2e4", "e7e5", "f1c4"]
    assert board.is_checkmate()


def test_game_from_a_position_is_read() -> None:
    board = read_pgn("\ufeff" + ENDGAME)
    assert board.root().fen() == "8/8/8/8/8/4k3/4p3/4K3 b - - 0 1"
    assert len(board.move_stack) == 2


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "got none"),
        ("hello", "expected a game"),
        ("1. e4 e5 2. Ke3", "fault: illegal san"),
        ('[FEN "8/8"]\n\n1. e4 *', "fault"),
        ('[FEN "8/8/8/8/8/8/8/8 w - - 0 1"]\n\n*', "no white king"),
        ('[Variant "Atomic"]\n\n1. e4 *', "'Atomic'"),
        ('[Variant "Chess960"]\n\n1. e4 *', "'Chess960'"),
    ],
)
def test_what_is_no_game_is_refused_with_the_reason(
    text: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(PositionError, match=reason):
        read_pgn(text)
    assert capsys.readouterr().err == ""


@pytest.mark.anyio
async def test_game_begins_where_a_pgn_ends(client: Client) -> None:
    game = await begin(client, pgn=ENDGAME)
    assert game["start_fen"] == "8/8/8/8/8/4k3/4p3/4K3 b - - 0 1"
    assert [played["san"] for played in game["moves"]] == ["Kd3", "Kf2"]
    assert game["turn"] == "black"
    finished = await begin(client, pgn=SCHOLAR)
    assert (finished["result"], finished["end"]) == ("1-0", "checkmate")
    await refusal(client, "POST", "/api/games", 422, json={"pgn": "hello"})


@pytest.mark.anyio
async def test_game_is_written_with_players_result_and_evaluations(client: Client) -> None:
    game = await new_game(client, engine="fp32", simulations=30)
    path = f"/api/games/{game['id']}"
    await move(client, game, "e2e4")
    answered = await engine_move(client, game)
    await client.post(f"{path}/resign")
    answer = await client.get(f"{path}/pgn")
    assert answer.headers["Content-Type"].startswith("text/plain")
    read = chess.pgn.read_game(io.StringIO(answer.text))
    assert read is not None
    assert (read.headers["White"], read.headers["Black"]) == ("Human", "FP32, 30 simulations")
    assert (read.headers["Result"], read.headers["Termination"]) == ("0-1", "resignation")
    assert re.fullmatch(r"\d{4}\.\d\d\.\d\d", read.headers["Date"])
    nodes = list(read.mainline())
    assert [node.move.uci() for node in nodes] == [one["uci"] for one in answered["moves"]]
    assert nodes[0].eval() is None
    value = answered["moves"][1]["analysis"]["top_moves"][0]["value"]
    score = nodes[1].eval()
    assert score is not None
    assert (score.white().score(mate_score=10_000) > 0) == (value > 0)


@pytest.mark.anyio
async def test_written_game_can_be_read_again(client: Client) -> None:
    game = await new_game(client, fen="7k/8/8/8/8/8/4R3/4K3 w - - 0 1")
    await move(client, game, "e2e7")
    text = (await client.get(f"/api/games/{game['id']}/pgn")).text
    again = await begin(client, pgn=text)
    assert (again["start_fen"], len(again["moves"])) == (game["start_fen"], 1)
