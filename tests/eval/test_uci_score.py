"""The same two engines through `aztoolkit uci` and python-chess's client play the same games."""

from eval.openings import read_book
from eval.settings import MatchSettings
from tests.eval.uci_score import play_ours, replay, score_line

SETTINGS = MatchSettings(simulations=12, workers=1, concurrency=1, max_plies=24, backend="cpu")


def test_our_runner_and_python_chess_play_the_same_games(good, clueless):
    models = (clueless, good)
    openings = read_book(None, count=2, seed=4).openings
    ours = play_ours(models, openings, SETTINGS)
    theirs = replay(models, ours, SETTINGS)
    assert len(ours) == 4
    assert [record.moves for record in ours] == [game.moves for game in theirs]
    assert [record.half_points for record in ours] == [game.half_points for game in theirs]
    assert len({record.moves for record in ours}) == 4  # the engines differ, and so do the openings


def test_decisive_games_are_lost_by_the_same_engine(good, bad, back_rank):
    models = (bad, good)
    openings = read_book(back_rank, count=2, seed=0).openings
    ours = play_ours(models, openings, SETTINGS)
    theirs = replay(models, ours, SETTINGS)
    assert [record.half_points for record in ours] == [game.half_points for game in theirs]
    assert {record.half_points for record in ours} == {0}


def test_the_score_is_that_of_the_pairs():
    line = score_line("x", [2, 0, 2, 1, 1, 1, 2, 2])
    assert line.startswith("x: +4 =3 -1, score 68.8%, Elo +137 (95 %: ")
    assert score_line("x", [1, 1] * 4).endswith("Elo +0 (95 %: -9 to +9)")
