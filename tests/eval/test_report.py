"""The gate's document: every number of every stage, the way of the test, the worst moments."""

import io
import json

import chess
import chess.pgn
import pytest

from aztoolkit.cli import main
from aztoolkit.model import sidecar
from eval import stats
from eval.records import FAILED, Failure, GameRecord, Side
from eval.report.moments import MOST, worst_moments
from eval.tally import Tally

PLAYED_NUMBERS = (
    "score elo elo_low elo_high normalised_elo los pair_variance pairs pentanomial trinomial llr "
    "llr_lower llr_upper llr_path failures moments duration_s games_per_hour evaluations_per_s"
)


@pytest.fixture
def judged(good, clueless, back_rank):
    """The document of a gate that has rejected, and its games."""
    options = ["--simulations", "1", "--max-plies", "40", "--workers", "1", "--max-pairs", "50"]
    skip = ["--skip", "tactics"]
    main(["gate", str(good), str(clueless), "--openings", str(back_rank), *options, *skip])
    stream = io.StringIO(clueless.with_suffix(".gate.pgn").read_text())
    games = list(iter(lambda: chess.pgn.read_game(stream), None))
    return json.loads(sidecar(clueless, "gate").read_text()), games


def played_stage(document):
    (stage,) = [stage for stage in document["stages"] if stage["name"] == "equal simulations"]
    return stage


def test_every_number_of_a_stage_that_played_is_in_the_document(judged):
    document, _ = judged
    stage = played_stage(document)
    assert stage["duration_s"] > 0
    for name in PLAYED_NUMBERS.split():
        assert stage["games"][name] is not None, name
    for name in ("score", "elo", "pairs", "pentanomial", "llr"):
        assert stage["games"][name] == document[name]
    assert stage["games"]["candidate"]["evaluations"] > 0


def test_llr_path_equals_one_computed_anew_from_the_games(judged):
    document, games = judged
    found = played_stage(document)["games"]
    points = {}
    for game in games:
        pair, number = (int(part) for part in game.headers["Round"].split("."))
        white = {"1-0": 2, "1/2-1/2": 1, "0-1": 0}[game.headers["Result"]]
        points[pair, number] = white if number == 1 else 2 - white
    counts, path = [0] * 5, []
    for pair in range(1, found["pairs"] + 1):
        counts[points[pair, 1] + points[pair, 2]] += 1
        path.append(stats.log_likelihood_ratio(counts, elo0=-50, elo1=0))
    assert counts == found["pentanomial"]
    assert found["llr_path"] == pytest.approx(path, abs=1e-6)
    assert found["llr_path"][-1] == document["llr"] <= document["llr_lower"]


def test_document_names_versions_machine_and_identity(judged):
    document, _ = judged
    assert {"aztoolkit", "python", "chess", "numpy"} <= set(document["versions"])
    assert "cores" in document["machine"]
    identity = document["identity"]
    sides = ("candidate", "baseline")
    assert identity["engines"] == [[document[side]["sha256"], "cpu"] for side in sides]
    assert identity["openings"] == document["openings"]["sha256"]
    assert identity["settings"]["simulations"] == 1


START = "4k3/8/8/8/8/8/4P3/4K3 w - - 0 1"
MOVES = ("e2e4", "e8e7", "e4e5", "e7e6", "e1e2", "e6e5")


def record(*values, pair=0, game=0, result="0-1", start=START, moves=MOVES, failure=None):
    return GameRecord(
        pair=pair,
        game=game,
        start=start,
        opening=(),
        moves=moves[: len(values)],
        values=values,
        result=result,
        termination=FAILED if failure else "checkmate",
        failure=failure,
        seed=0,
    )


def counted(*records):
    """A tally in which the pair of each game is counted: its other game is a draw."""
    tally = Tally.of(records)
    for one in records:
        other = (1 - one.game, "1/2-1/2")
        if (one.pair, other[0]) not in tally.games:
            tally.add(record(0.0, pair=one.pair, game=other[0], result=other[1]))
    while tally.count_next():
        pass
    return tally


def test_worst_moment_is_the_largest_fall_of_the_losers_own_opinion():
    lost = record(0.5, -0.4, 0.4, 0.9, -0.7, 0.95)
    (moment,) = worst_moments(counted(lost), Side.A)
    assert moment["before"] == 0.4
    assert moment["after"] == -0.7
    assert (moment["move"], moment["reply"]) == ("e4e5", "e7e6")
    board = chess.Board(moment["fen"])
    assert board.is_legal(chess.Move.from_uci("e4e5"))
    assert (moment["pair"], moment["game"]) == (0, 0)


def test_the_other_side_and_the_other_colour_have_their_own_moments():
    lost = record(0.1, 0.8, 0.2, -0.6, 0.9, -0.9, game=1, result="1-0")  # A is Black, and loses
    (moment,) = worst_moments(counted(lost), Side.A)
    assert (moment["before"], moment["after"]) == (0.8, -0.6)
    assert chess.Board(moment["fen"]).turn == chess.BLACK
    assert worst_moments(counted(lost), Side.B) == []


def test_drawn_games_failures_and_games_that_do_not_count_have_no_moments():
    fall = (0.9, 0.0, -0.9)
    failure = Failure(side=Side.A, kind="nan", fen=START, detail="NaN")
    assert worst_moments(counted(record(*fall, result="1/2-1/2")), Side.A) == []
    assert worst_moments(counted(record(*fall, failure=failure)), Side.A) == []
    assert worst_moments(Tally.of([record(*fall)]), Side.A) == []
    assert worst_moments(counted(record(None, 0.0, -0.9)), Side.A) == []


def test_only_the_worst_moments_are_kept_one_a_game():
    falls = [record(0.1 * pair, 0.0, -0.1, pair=pair) for pair in range(MOST + 3)]
    moments = worst_moments(counted(*falls), Side.A)
    assert [moment["pair"] for moment in moments] == list(range(MOST + 2, 2, -1))
