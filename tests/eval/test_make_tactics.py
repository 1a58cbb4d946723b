"""How the built-in suite is made: mates, kinds of positions, games, and finding them again."""

import json

import chess
import chess.engine
import pytest

from eval import tactics_finds, tactics_games
from eval.make_tactics import make_tactics
from eval.tactics_kinds import KINDS, MATE_CP, Look, kind_of
from eval.tactics_mates import forces_mate, mate_distance, mating_moves

LADDER = "6k1/8/8/8/8/8/R7/1R4K1 w - - 0 1"  # mate in two by two rooks
SMOTHERED = "6rk/6pp/8/6N1/8/8/8/6K1 w - - 0 1"


def san_of(board, moves):
    return {board.san(move) for move in moves}


def can_mate(board, moves):
    """The rules, tried out as slowly and plainly as can be."""
    for move in list(board.legal_moves):
        board.push(move)
        mates = board.is_checkmate() or (moves > 1 and is_mated(board, moves - 1))
        board.pop()
        if mates:
            return True
    return False


def is_mated(board, moves):
    replies = list(board.legal_moves)
    for reply in replies:
        board.push(reply)
        mated = can_mate(board, moves)
        board.pop()
        if not mated:
            return False
    return bool(replies)


def test_mates_in_one_are_found_and_nothing_else():
    board = chess.Board(SMOTHERED)
    assert san_of(board, mating_moves(board, 1)) == {"Nf7#"}
    assert not list(mating_moves(chess.Board(), 1))
    assert board.fen() == SMOTHERED


def test_mates_in_two_stand_against_every_reply():
    board = chess.Board(LADDER)
    assert not list(mating_moves(board, 1))
    found = list(mating_moves(board, 2))
    assert {"Ra7", "Rbb7"} & san_of(board, found)
    for move in list(board.legal_moves):
        board.push(move)
        assert (move in found) == is_mated(board, 1), board.fen()
        board.pop()
    assert mate_distance(board, found[0]) == 2
    assert mate_distance(board, chess.Move.from_uci("g1g2")) is None


def test_stalemate_is_no_mate():
    board = chess.Board("7k/5Q2/8/8/8/8/8/K7 w - - 0 1")
    assert not forces_mate(board, chess.Move.from_uci("f7g6"), 2)


WON, LEVEL, LOST = 400, 0, -500


@pytest.mark.parametrize(
    ("fen", "move", "scores_cp", "kind"),
    [
        (SMOTHERED, "g5f7", (MATE_CP - 1, 300), "mate-in-1"),
        (SMOTHERED, "g5f7", (MATE_CP - 1, 5000), None),  # the next best wins as well
        ("4k3/8/8/3n4/8/8/3R4/4K3 w - - 0 1", "d2d5", (WON, LEVEL), "hanging-piece"),
        ("4k3/2p5/3p4/2r5/3P4/8/8/4K3 w - - 0 1", "d4c5", (WON, LEVEL), "hanging-piece"),
        ("r3k3/8/8/3N4/8/8/8/4K3 w - - 0 1", "d5c7", (WON, LEVEL), "fork"),
        ("4k3/8/4p3/3n4/8/8/3R4/4K3 w - - 0 1", "d2d5", (WON, LEVEL), "combination"),
        ("4k3/8/4p3/3n4/8/8/3R4/4K3 w - - 0 1", "d2d5", (WON, 300), None),
        ("4k3/8/4p3/3n4/8/8/3R4/4K3 w - - 0 1", "d2a2", (LEVEL, LOST), "only-move"),
        ("4k3/8/4p3/3n4/8/8/3R4/4K3 w - - 0 1", "d2a2", (LEVEL, -MATE_CP + 4), "defence"),
        ("4r1k1/5ppp/8/8/8/8/2R2PPP/6K1 w - - 0 1", "g2g3", (LEVEL, LOST), "defence"),
        ("4k3/8/4p3/3n4/8/8/3R4/4K3 w - - 0 1", "d2a2", (LOST, -MATE_CP + 4), None),
        ("8/8/8/8/8/1q6/8/K1k5 w - - 0 1", "a1a2", (LEVEL, LOST), None),  # nothing to choose from
    ],
)
def test_kinds(fen, move, scores_cp, kind):
    assert kind_of(chess.Board(fen), Look(chess.Move.from_uci(move), *scores_cp)) == kind


def test_a_recapture_is_of_no_kind():
    board = chess.Board("4k3/8/4p3/3n4/8/1B6/3R4/4K3 w - - 0 1")
    for move in ("b3d5", "e6d5"):
        board.push_uci(move)
    assert kind_of(board, Look(chess.Move.from_uci("d2d5"), WON, LEVEL)) is None


@pytest.fixture
def engine(stockfish):
    with chess.engine.SimpleEngine.popen_uci(str(stockfish)) as opened:
        yield opened


@pytest.fixture
def hasty(monkeypatch):
    """Short games, looked at in passing."""
    monkeypatch.setattr(tactics_games, "MAX_PLIES", 24)
    monkeypatch.setattr(tactics_finds, "CHECK_NODES", 2_000)
    monkeypatch.setattr(tactics_finds, "GLANCE_DEPTH", 2)


def test_a_game_gives_few_captures_of_a_kind_where_quiet_moves_are_wanted():
    wanted = {"fork", "hanging-piece"}
    anything, quiet = (tactics_finds.Quota(wanted, quiet=quiet) for quiet in (False, True))
    for _ in range(tactics_finds.PER_GAME):
        assert anything.take("fork", takes=True)
        assert quiet.take("hanging-piece", takes=True)  # which nothing else solves
    assert anything.kinds == {"hanging-piece"}
    assert quiet.take("fork", takes=True)
    assert not quiet.take("fork", takes=True)
    assert quiet.take("fork", takes=False)
    assert quiet.kinds == {"fork"}
    assert not quiet.take("defence", takes=False)


def a_pass(*, quiet):
    return {"games": 1, "quiet": quiet, "most_of_a_kind": dict.fromkeys(KINDS, 2)}


@pytest.mark.stockfish
@pytest.mark.usefixtures("hasty")
def test_the_same_seed_gives_the_same_suite_even_if_it_was_killed(engine, tmp_path):
    recipe = {"seed": 3, "passes": [a_pass(quiet=False), a_pass(quiet=True)]}
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    lines = make_tactics(engine, recipe, whole)
    assert len(lines) > 1
    kinds = {chess.Board.from_epd(line)[1]["id"].rpartition(".")[0] for line in lines}
    assert kinds <= set(KINDS)
    journal = whole.read_text().splitlines(keepends=True)
    cut.write_text(
        journal[0] + journal[1] + journal[2][:9]
    )  # killed while it wrote the second game
    assert make_tactics(engine, recipe, cut) == lines
    assert cut.read_text() == whole.read_text()


@pytest.mark.stockfish
@pytest.mark.usefixtures("hasty")
def test_a_journal_of_another_recipe_is_begun_anew(engine, tmp_path):
    journal = tmp_path / "journal"
    journal.write_text(json.dumps({"seed": 1}) + '\n[["fork", "nonsense"]]\n')
    recipe = {"seed": 3, "passes": [a_pass(quiet=True)]}
    assert "nonsense" not in "".join(make_tactics(engine, recipe, journal))
    assert json.loads(journal.read_text().splitlines()[0]) == recipe
