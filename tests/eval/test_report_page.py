"""The gate's page: whole without anything else, honest about what it says, and safe to open."""

import copy
import json
import math

import chess
import pytest

from aztoolkit.cli import main
from aztoolkit.model import sidecar
from eval.report import charts, figures
from eval.report.explain import explain
from eval.report.page import draw_page
from tests.eval.networks import write_network
from tests.eval.pages import Page

HOSTILE = """<script>alert("x")</script>'"&<img src=x onerror=alert(1)>"""
FEN = "r1bqkbnr/pppp1ppp/2n5/4p2Q/2B1P3/8/PPPP1PPP/RNB1K1NR w KQkq - 2 4"
TACTICS = {
    "suite": {"path": "tactics.epd", "sha256": "ab" * 32, "positions": 500},
    "simulations": 100,
    "both": 400,
    "baseline_only": 6,
    "candidate_only": 4,
    "neither": 90,
    "p_value": 0.377,
    "level": 0.05,
    "judge": "Stockfish 15.1, 30000 nodes a move",
    "simulations_of_a_veto": 400,
    "vetoes": 1,
    "passing_catastrophes": 0,
    "by_kind": {"mate-in-1": {"both": 100, "baseline_only": 1, "candidate_only": 0, "neither": 3}},
    "disagreements": [
        {
            "name": "mate-in-1-017",
            "kind": "mate-in-1",
            "fen": FEN,
            "best": ["Qxf7#"],
            "avoid": [],
            "solved_by": ["baseline"],
            "baseline": {"move": "h5f7", "san": "Qxf7#", "value": 1.0},
            "candidate": {"move": "h5e5", "san": "Qxe5+", "value": 0.31},
            "catastrophe": {
                "kind": "missed mate",
                "detail": "mate in 1",
                "longer": None,
                "vetoes": True,
            },
        }
    ],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("pages")


@pytest.fixture(scope="module")
def written(folder, az_spec, back_rank):
    """The document of a gate that rejects, by games at equal simulations."""
    good = write_network(folder / "good.onnx", az_spec)
    weak = write_network(folder / "weak.onnx", az_spec, drive=0.0, seed=7)
    options = ["--simulations", "1", "--max-plies", "40", "--workers", "1", "--max-pairs", "50"]
    skip = ["--skip", "tactics"]
    main(["gate", str(good), str(weak), "--openings", str(back_rank), *options, *skip])
    return json.loads(sidecar(weak, "gate").read_text())


@pytest.fixture
def document(written):
    return copy.deepcopy(written)


@pytest.fixture
def full(document):
    """The same with tactics, a game at equal time, and a failure: everything a page can show."""
    changed = copy.deepcopy(document)
    games = changed["stages"][-1]
    failure = {
        "engine": "candidate",
        "pair": 3,
        "game": 1,
        "kind": "nan",
        "detail": "expected finite numbers, got NaN",
        "fen": FEN,
        "opening": chess.STARTING_FEN,
        "moves": "e2e4 e7e5",
    }
    moment = {"pair": 2, "game": 0, "fen": FEN, "move": "h5e5", "reply": "c6e5"}
    games["games"]["moments"] = [{**moment, "before": 0.8, "after": -0.6}]
    timed = {**copy.deepcopy(games), "name": "equal time", "numbers": {"movetime_ms": 50}}
    timed["games"]["failures"] = [failure]
    tactics = {
        "name": "tactical veto",
        "verdict": "accepted",
        "reason": "it solves 404 of 500",
        "duration_s": 61.0,
        "numbers": TACTICS,
    }
    changed["stages"] += [tactics, timed]
    return changed


def read(document):
    return Page(draw_page(document))


def test_the_gate_writes_the_page_of_its_document(folder, document):
    page = (folder / "weak.gate.html").read_text()
    assert page == draw_page(document)
    assert page.startswith("<!doctype html>")
    found = Page(page)
    assert "It may not replace the original" in found.text
    assert f"scored {100 * document['score']:.1f} %" in found.text
    assert document["candidate"]["sha256"] in found.text
    assert document["baseline"]["sha256"] in found.text


def test_the_page_needs_nothing_else(full):
    text = draw_page(full)
    page = Page(text)
    assert not page.names & {"script", "link", "img", "iframe", "object", "form"}
    assert "url(" not in text
    assert "@import" not in text
    for _, attributes in page.tags:
        assert not any(name.startswith("on") or name == "src" for name in attributes)
        for name, value in attributes.items():
            if name.endswith("href"):
                assert str(value).startswith("#")


def test_everything_found_is_shown(full):
    page = read(full)
    for heading in ("How strong it is", "The games: equal simulations", "The games: equal time"):
        assert heading in page.headings
    for heading in ("Tactical veto", "Failures", "Worst moments: equal simulations"):
        assert heading in page.headings
    for words in ("mate-in-1-017", "Qxf7#", "Catastrophe", "missed mate", "got NaN"):
        assert words in page.text
    assert (
        "It played 4. Qxe5+ and expected to score 90 %; after 4... Nxe5 it expected 20 %"
        in page.text
    )


def test_boards_charts_and_headings_speak_to_those_who_do_not_see(full):
    page = read(full)
    boards = [name for name in page.images if FEN in name]
    assert len(boards) == 4  # a disagreement, a failure, and a moment of each stage that played
    assert any("Log-likelihood ratio after each of" in name for name in page.images)
    assert any("Elo difference to the original" in name for name in page.images)
    assert any("Pairs of games by points" in name for name in page.images)
    assert page.all("html")[0]["lang"] == "en"
    assert len(page.all("h1")) == 1
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    used = {attributes["href"] for attributes in page.all("use")}
    assert used <= {f"#{name}" for name in ids}


def texts_of(value):
    """Yields the paths of all texts in a document."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, found in items:
        if isinstance(found, dict | list):
            yield from ((key, *rest) for rest in texts_of(found))
        elif isinstance(found, str):
            yield (key,)


PARSED = {"fen", "move", "reply", "best", "avoid"}
"""Texts that are positions and moves: they are read, not shown as they are."""


def test_no_text_of_the_document_reaches_the_page_unescaped(full):
    calm = read(full)
    for path in texts_of(full):
        if PARSED & set(path) or path == ("verdict",):
            continue
        changed = copy.deepcopy(full)
        place = changed
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = HOSTILE
        page = read(changed)
        assert page.names == calm.names, path
        assert not any(name.startswith("on") for _, found in page.tags for name in found), path


def test_hostile_keys_are_escaped_too(full):
    for part in ("rule", "settings", "versions"):
        full[part][HOSTILE] = HOSTILE
    full["stages"][0]["numbers"] = {
        HOSTILE: {HOSTILE: [HOSTILE, {HOSTILE: HOSTILE}]},
        "rows": [{HOSTILE: HOSTILE}],
    }
    full["stages"][-2]["numbers"]["by_kind"] = {
        HOSTILE: {"both": 1, "baseline_only": 1, "candidate_only": 0, "neither": 3}
    }
    page = read(full)
    assert not page.names & {"script", "img"}
    assert HOSTILE in page.text


def test_a_gate_without_games_has_a_page(document):
    for stage in document["stages"]:
        stage.pop("games", None)
    page = read(document)
    assert "How strong it is" not in page.headings
    assert "How it was played" in page.headings


def test_stages_of_unknown_kinds_are_shown_by_name(document):
    numbers = {"elo": 1512.4, "rungs": [{"stockfish_elo": 1500, "score": math.nan}], "none": None}
    document["stages"].append(
        {
            "name": "ladder",
            "verdict": None,
            "reason": "1512 Elo",
            "duration_s": 7000,
            "numbers": numbers,
        }
    )
    page = read(document)
    assert "Ladder" in page.headings
    assert "stockfish elo" in page.text
    assert "1 h 56 min" in page.text


def words_of(document, **changes):
    return " ".join(explain({**document, **changes})).replace("\u00a0", " ")


def test_verdict_is_told_with_its_risk(document):
    stage = next(stage for stage in document["stages"] if stage.get("games"))
    assert (
        "were it just as strong, a test like this would turn it away about once in twenty times"
        in (words_of(document))
    )
    passed = {**stage, "verdict": "accepted", "reason": "good"}
    told = words_of(document, verdict="accepted", reason="good", stages=[passed])
    assert (
        "were it 50 Elo weaker, a test like this would let it through about once in twenty times"
        in told
    )
    rule = {**document["rule"], "alpha": 0.01, "elo0": -30.0}
    told = words_of(document, verdict="accepted", reason="good", stages=[passed], rule=rule)
    assert "30 Elo weaker" in told
    assert "once in a hundred times" in told


def test_rejections_that_are_not_the_tests_give_their_reason(document):
    veto = {
        "name": "tactical veto",
        "verdict": "rejected",
        "reason": "it misses mates",
        "duration_s": 1,
    }
    told = words_of(document, verdict="rejected", reason="it misses mates", stages=[veto])
    assert told == "It may not replace the original: it misses mates."


def test_doubt_is_told_as_doubt(document):
    stage = next(stage for stage in document["stages"] if stage.get("games"))
    doubt = {**stage, "verdict": "inconclusive", "reason": "score 47 %"}
    told = words_of(document, verdict="inconclusive", reason="score 47 %", stages=[doubt])
    assert (
        "neither good enough to let it through nor bad enough to turn it away (score 47 %)" in told
    )


def test_llr_chart_draws_every_pair_between_its_bounds():
    page = Page(charts.draw_llr([0.5, -0.2, 1.4], lower=-2.9, upper=2.9))
    (line,) = page.all("polyline")
    points = [tuple(map(float, point.split(","))) for point in str(line["points"]).split()]
    assert len(points) == 4
    heights = [y for _, y in points]
    assert heights[2] > heights[0] > heights[1] > heights[3]  # up is down in SVG
    limits = [float(str(mark["y1"])) for mark in page.all("line") if mark["class"] == "limit"]
    assert min(limits) < min(heights) < max(heights) < max(limits)


def test_elo_chart_stays_inside_its_frame_whatever_the_interval():
    found = charts.Interval("equal time", 1200.0, 300.0, 1200.0)
    page = Page(charts.draw_elo([found], weak=-50, good=0))
    (reach,) = page.all("line")[-1:]
    width = float(str(page.all("svg")[0]["width"]))
    assert all(0 <= float(str(reach[end])) <= width for end in ("x1", "x2"))
    assert "+1200" in page.images[0]


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (figures.percent(0.4912), "49.1\u00a0%"),
        (figures.percent(None), "—"),
        (figures.elo(-12.4), "\u221212"),
        (figures.elo(0.2), "0"),
        (figures.elo(7.6), "+8"),
        (figures.number(12345), "12,345"),
        (figures.number(0.00123456), "0.001235"),
        (figures.number(-50.0), "\u221250"),
        (figures.number(math.nan), "nan"),
        (figures.duration(0.25), "0.25\u00a0s"),
        (figures.duration(119.7), "2\u00a0min 0\u00a0s"),
        (figures.duration(7260), "2\u00a0h 1\u00a0min"),
        (figures.once_in(0.05), "once in twenty times"),
        (figures.once_in(0.04), "once in twenty times"),  # rather too often than too seldom
        (figures.once_in(0.3), "once in three times"),
        (figures.once_in(0.01), "once in a hundred times"),
        (figures.once_in(0.001), "once in 1,000 times"),
        (figures.expected_score(0.5), "75\u00a0%"),
    ],
)
def test_numbers_are_told_for_people(told, words):
    assert told == words
