"""Games ended before the rules end them: agreed draws, resignation, tablebases; and nothing unasked."""

import chess
import pytest

from aztoolkit.cli import main
from eval.adjudication import Adjudicator, Ruling, agreed_draw, agreed_win
from eval.match import play_games
from eval.openings import Opening
from eval.pgn import match_pgn
from eval.records import AGREED_DRAW, CAPPED, RESIGNATION, TABLEBASE
from eval.seats import Choice
from eval.settings import MatchSettings
from tests.eval.seats import FakeEngine, play_by_position

ALWAYS = MatchSettings(workers=1, concurrency=4, max_plies=60)


def saying(value):
    """Plays moves that depend on the position alone, and says `value` of each, or what it returns."""

    def answer(board):
        said = value(board) if callable(value) else value
        return Choice(play_by_position(board).move, said)

    return FakeEngine("engine", answer).opponent()


def play(first, second, opening=None, **rules):
    settings = ALWAYS.model_copy(update=rules)
    opening = opening or Opening(chess.STARTING_FEN)
    records = list(play_games((saying(first), saying(second)), [opening], settings))
    return sorted(records, key=lambda record: record.game)


@pytest.fixture
def tables(shared_data):
    return shared_data / "syzygy"


def test_nothing_is_adjudicated_unless_asked():
    assert {record.termination for record in play(0.0, 0.0)} == {CAPPED}
    assert {record.termination for record in play(1.0, -1.0)} == {CAPPED}


def test_a_draw_is_agreed_on_when_both_find_it_level_for_long_enough():
    for record in play(0.02, -0.05, draw_after=10, draw_moves=4):
        assert (record.termination, record.result) == (AGREED_DRAW, "1/2-1/2")
        assert len(record.moves) == 20
    for record in play(0.02, -0.05, draw_after=2, draw_moves=4):
        assert len(record.moves) == 8


def test_one_side_that_hopes_for_more_agrees_on_no_draw():
    assert {record.termination for record in play(0.02, 0.06, draw_after=1)} == {CAPPED}
    assert {record.termination for record in play(0.0, None, draw_after=1)} == {CAPPED}


def test_the_side_that_both_find_lost_resigns():
    records = play(0.97, -0.99, resign_after=3)
    assert {record.termination for record in records} == {RESIGNATION}
    assert [record.half_points for record in records] == [2, 2]  # A wins with either colour
    assert [len(record.moves) for record in records] == [6, 6]
    assert [record.half_points for record in play(-0.97, 0.99, resign_after=3)] == [0, 0]


@pytest.mark.parametrize("values", [(0.97, 0.97), (0.97, -0.5), (-0.97, -0.97), (0.97, None)])
def test_nobody_resigns_unless_both_agree(values):
    assert {record.termination for record in play(*values, resign_after=2)} == {CAPPED}


def test_a_doubt_begins_the_count_anew():
    def doubtful(board):
        return 0.5 if board.ply() == 4 else 0.99

    game, _ = play(doubtful, -0.99, resign_after=3)
    assert len(game.moves) == 11  # White's half-moves 7, 9 and 11 are the first three without doubt


@pytest.mark.parametrize(
    ("values", "draw", "win"),
    [
        ([], False, 0),
        ([0.0], False, 0),
        ([0.0, 0.0], True, 0),
        ([0.9, 0.0, 0.0], True, 0),
        ([0.0, None], False, 0),
        ([-1.0, 1.0], False, 1),
        ([1.0, -1.0], False, -1),
        ([1.0, 1.0], False, 0),
    ],
)
def test_agreement_is_on_the_last_move_of_each_side(values, draw, win):
    assert agreed_draw(values, moves=1, most=0.05) == draw
    assert agreed_win(values, moves=1, least=0.95) == win


def test_tables_end_a_game_as_they_say(tables):
    """A capture leads to king and rook against king, which is won for who has the rook."""
    opening = Opening("7k/8/8/8/8/1q6/8/KR6 w - - 3 60")

    def take(_board):
        return Choice(chess.Move.from_uci("b1b3"), 0.0)

    engine = FakeEngine("engine", take).opponent()
    settings = ALWAYS.model_copy(update={"syzygy": tables})
    records = list(play_games((engine, engine), [opening], settings))
    assert {record.termination for record in records} == {TABLEBASE}
    assert {record.result for record in records} == {"1-0"}
    assert {len(record.moves) for record in records} == {1}


@pytest.mark.parametrize(
    ("fen", "winner"),
    [
        ("8/8/8/4k3/8/8/8/R3K3 w - - 0 1", chess.WHITE),
        ("8/8/8/4k3/8/8/8/R3K3 b - - 0 1", chess.WHITE),
        ("8/4p3/4k3/8/8/8/8/4K3 w - - 0 1", chess.BLACK),
        ("8/8/8/8/8/4k3/4P3/4K3 b - - 0 1", None),
    ],
)
def test_tables_know_who_wins_whoever_is_to_move(tables, fen, winner):
    board = chess.Board(fen)
    adjudicator = Adjudicator(MatchSettings(syzygy=tables))
    expected = chess.syzygy.open_tablebase(str(tables)).probe_wdl(board)
    assert (expected == 0) == (winner is None)
    assert adjudicator.rule(board, []) == Ruling(winner, TABLEBASE)
    adjudicator.close()


@pytest.mark.parametrize(
    "fen",
    [
        "8/8/8/4k3/8/8/4P3/4K3 w - - 1 1",  # the 50-move rule has begun to count
        "8/8/8/4k3/8/8/4P3/4K2R w K - 0 1",  # castling rights
        chess.STARTING_FEN,
    ],
)
def test_where_tables_do_not_know_exactly_the_game_goes_on(tables, fen):
    adjudicator = Adjudicator(MatchSettings(syzygy=tables))
    assert adjudicator.rule(chess.Board(fen), []) is None
    adjudicator.close()


def test_adjudicated_games_say_so_in_pgn():
    pgn = match_pgn(play(0.97, -0.99, resign_after=2), ("a", "b"), event="match")
    assert pgn.count('[Termination "adjudication"]') == 2
    assert pgn.count("adjudicated: resignation") == 2


def test_options_of_the_command_end_games(capsys, good, back_rank):
    quick = [
        "--pairs",
        "2",
        "--simulations",
        "1",
        "--max-plies",
        "40",
        "--openings",
        str(back_rank),
    ]
    options = ["--draw-after", "1", "--draw-moves", "1", "--draw-value", "1", "--json"]
    assert main(["match", "uniform", "uniform", *quick, *options]) == 0
    assert '"trinomial": [\n    0,\n    4,\n    0\n  ]' in capsys.readouterr().out
    assert main(["match", str(good), "uniform", *quick, "--syzygy", "/nowhere"]) == 2
    assert "expected a folder of Syzygy tables after --syzygy" in capsys.readouterr().err
    assert main(["match", str(good), "uniform", *quick, "--syzygy", str(back_rank.parent)]) == 2
    assert "expected Syzygy tables (.rtbw) after --syzygy, got none" in capsys.readouterr().err
