"""Suites of tactics, who solves them, and the veto that follows."""

import json
from dataclasses import replace
from itertools import product

import chess
import pytest
from rich.console import Console

from aztoolkit.cli import main
from aztoolkit.errors import DataError, EvaluationError
from aztoolkit.files import sha256
from aztoolkit.model import sidecar
from eval.built_in import SUITE
from eval.make_tactics import MANIFEST
from eval.openings import read_book
from eval.opponents import Opponent, model_opponent
from eval.report.identity import gate_identity
from eval.seats import Choice, Fault
from eval.settings import GateRule, LadderSettings, MatchSettings
from eval.stages import tactics as stage
from eval.stages.tactics import JUDGE_NODES, LONGER, veto_tactics
from eval.tactics import Suite, read_suite
from eval.tactics_counts import Counts, count, mcnemar
from eval.tactics_kinds import KINDS
from eval.tactics_mates import mating_moves
from eval.trial import Trial
from tests.eval.conftest import back_rank_lines
from tests.eval.seats import FakeSeat, play_first
from tests.eval.test_make_tactics import can_mate, is_mated

BUILT_IN = read_suite(None).problems
SIMULATIONS = 2


# --- the exact test -----------------------------------------------------------------------------


@pytest.mark.parametrize("tosses", range(11))
def test_mcnemar_is_the_share_of_all_tosses_that_are_as_bad(tosses):
    outcomes = [sum(outcome) for outcome in product((0, 1), repeat=tosses)]
    for baseline_only in range(tosses + 1):
        as_bad = sum(heads >= baseline_only for heads in outcomes)
        found = mcnemar(baseline_only, tosses - baseline_only)
        assert found == pytest.approx(as_bad / len(outcomes))


def test_mcnemar_of_hundreds_is_a_number():
    assert mcnemar(700, 0) < 1e-200
    assert mcnemar(0, 700) == pytest.approx(1)
    assert 0.5 < mcnemar(350, 350) < 0.52


def test_counts_of_who_solved_what():
    found = count([(True, True), (True, False), (True, False), (False, True), (False, False)])
    assert found == Counts(both=1, baseline_only=2, candidate_only=1, neither=1)
    assert (found.baseline, found.candidate) == (3, 2)


# --- suites -------------------------------------------------------------------------------------


def test_built_in_suite_has_800_distinct_positions_of_every_kind():
    assert len(BUILT_IN) >= 800
    assert len({problem.board().epd() for problem in BUILT_IN}) == len(BUILT_IN)
    assert len({problem.name for problem in BUILT_IN}) == len(BUILT_IN)
    assert len(BUILT_IN) == len(SUITE.read_text().splitlines())
    sizes = {kind: sum(problem.kind == kind for problem in BUILT_IN) for kind in KINDS}
    assert min(sizes.values()) >= 40, sizes


def test_many_solutions_take_nothing():
    """Captures are what every engine looks at first."""
    of_choice = [problem for problem in BUILT_IN if problem.kind in ("fork", "combination")]
    quiet = [one for one in of_choice if not one.board().is_capture(one.best[0])]
    assert len(quiet) >= 0.4 * len(of_choice)


def test_built_in_positions_have_one_legal_solution_and_a_history():
    for problem in BUILT_IN:
        board = problem.board()
        assert len(problem.best) == 1
        assert board.is_legal(problem.best[0])
        assert not problem.avoid
        assert problem.opening.start == chess.STARTING_FEN
        assert board.move_stack
        assert board.legal_moves.count() > 3


def mating(board, moves):
    """The moves that mate, by trying everything."""
    found = []
    for move in list(board.legal_moves):
        board.push(move)
        if board.is_checkmate() or (moves > 1 and is_mated(board, moves - 1)):
            found.append(move)
        board.pop()
    return found


def test_mates_are_mates_whatever_is_replied_and_no_other_move_is():
    mates = {1: 0, 2: 0}
    for problem in BUILT_IN:
        if problem.mate_in is not None:
            mates[problem.mate_in] += 1
            board = problem.board()
            assert problem.kind == f"mate-in-{problem.mate_in}"
            assert problem.mate_in == 1 or not can_mate(board, 1)
            if problem.mate_in == 1 or mates[2] % 4 == 0:  # others are proven, but not to be alone
                assert mating(board, problem.mate_in) == [problem.best[0]], board.fen()
            board.push(problem.best[0])
            assert board.is_checkmate() or is_mated(board, problem.mate_in - 1)
    assert min(mates.values()) >= 40


def test_manifest_is_of_the_suite():
    manifest = json.loads(MANIFEST.read_text())
    assert manifest["sha256"] == sha256(SUITE)
    assert manifest["positions"] == len(BUILT_IN)
    assert manifest["engine"].startswith("Stockfish")


def write(path, *lines):
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def test_suites_of_others_are_read(tmp_path):
    path = write(
        tmp_path / "a.epd",
        '2rr3k/pp3pp1/1nnqbN1p/3pN3/2pP4/2P3Q1/PPB4P/R4RK1 w - - bm Qg6; id "WAC.001";',
        "",
        "rnbqkbnr/pppp1ppp/8/4p3/6P1/5P2/PPPPP2P/RNBQKBNR b KQkq - bm Qh4#; dm 1;",
        "rnbqkbnr/pppp1ppp/8/4p3/6P1/8/PPPPPP1P/RNBQKBNR w KQkq - am f3 f4;",
        "rnbqkbnr/pppp1ppp/8/4p3/6P1/8/PPPPPP1P/RNBQKBNR w KQkq - bm e4;",  # seen already
    )
    wac, mate, avoid = read_suite(path).problems
    assert (wac.name, wac.kind, wac.mate_in) == ("WAC.001", "WAC", None)
    assert wac.is_solved_by(chess.Move.from_uci("g3g6"))
    assert not wac.is_solved_by(chess.Move.from_uci("g3g7"))
    assert (mate.name, mate.kind, mate.mate_in) == ("line 3", "tactics", 1)
    assert avoid.is_solved_by(chess.Move.from_uci("e2e4"))
    assert not avoid.is_solved_by(chess.Move.from_uci("f2f3"))


def test_another_mate_as_short_solves_too(tmp_path):
    line = "6k1/8/6K1/8/8/8/8/R6R w - - bm Ra8#; dm 1;"
    problem = read_suite(write(tmp_path / "a.epd", line)).problems[0]
    assert problem.is_solved_by(chess.Move.from_uci("h1h8")) is False  # the king takes
    board = "6k1/5ppp/8/8/8/8/8/RR4K1 w - - bm Ra8#; dm 1;"
    problem = read_suite(write(tmp_path / "b.epd", board)).problems[0]
    assert problem.is_solved_by(chess.Move.from_uci("b1b8"))
    assert not problem.is_solved_by(chess.Move.from_uci("a1a7"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("this is no position\n", "expected a position in EPD in .*line 1"),
        ("\n6k1/8/8/8/8/8/8/R5K1 w - - bm Ra9;\n", "expected a position in EPD in .*line 2"),
        ("6k1/8/8/8/8/8/8/R5K1 w - -\n", "expected `bm` or `am` with moves in .*line 1"),
        ("6k1/8/8/8/8/8/8/R5K1 w - - bm;\n", "expected `bm` or `am`"),
        (
            '6k1/8/8/8/8/8/8/R5K1 w - - bm Ra8+; dm "soon";\n',
            "expected a number of moves after `dm`",
        ),
        ("7k/5KQ1/8/8/8/8/8/8 b - - bm Kg8;\n", "expected"),
        ('6k1/8/8/8/8/8/8/R5K1 w - - bm Ra8+; c0 "moves e2e4";\n', "to lead to"),
        ("\n\n", "got an empty file"),
        ("\udcff", "expected a readable .epd file"),
    ],
)
def test_bad_suites_are_refused_in_one_clear_line(tmp_path, content, message):
    path = tmp_path / "a.epd"
    path.write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(DataError, match=message) as caught:
        read_suite(path)
    assert "\n" not in str(caught.value)


def test_missing_suite_is_refused(tmp_path):
    with pytest.raises(DataError, match="got nothing at"):
        read_suite(tmp_path / "none.epd")


def test_real_suites_are_read(shared_data):
    assert len(read_suite(shared_data / "epd" / "wac.epd").problems) > 250
    assert len(read_suite(shared_data / "epd" / "bratko-kopec-pychess.epd").problems) == 24


# --- the veto -----------------------------------------------------------------------------------


@pytest.fixture
def no_stockfish(monkeypatch):
    """The baseline is the judge."""
    monkeypatch.setattr(stage, "find_program", lambda _: None)


@pytest.fixture
def mates(tmp_path):
    """A suite in which rooks mate in two on the back rank: what the model `good` knows."""
    lines = []
    for line in back_rank_lines():
        board = chess.Board.from_epd(line)[0]
        moves = list(mating_moves(board, 2))
        lines.append(board.epd(bm=moves, dm=2, id=f"back-rank.{len(lines) + 1:02}"))
    return read_suite(write(tmp_path / "mates.epd", *lines))


@pytest.fixture
def trial(tmp_path):
    """Makes a trial of opponents, or of model files."""

    def make(baseline, candidate, suite: Suite):
        engines = [
            one if isinstance(one, Opponent) else model_opponent(one)
            for one in (baseline, candidate)
        ]
        return Trial(
            baseline=engines[0],
            candidate=engines[1],
            model=tmp_path / "candidate.onnx",
            rule=GateRule(),
            settings=MatchSettings(simulations=SIMULATIONS, workers=2, concurrency=8),
            book=read_book(None, count=1, seed=0),
            console=Console(stderr=True),
            tactics=suite,
        )

    return make


def only(suite, count):
    return replace(suite, problems=suite.problems[:count])


def engine(answer):
    """An engine that answers by board and simulations."""

    def open_seat(settings, _stopped):
        return FakeSeat(lambda board: answer(board, settings.simulations))

    return Opponent("scripted", "scripted", None, open_seat)


def solver(suite, *, save=lambda _simulations: True, value=0.5):
    """Solves the suite, where `save` says so; else plays the first move of the alphabet."""
    best = {problem.board().epd(): problem.best[0] for problem in suite.problems}

    def answer(board, simulations):
        if board.epd() in best and save(simulations):
            return Choice(best[board.epd()], value)
        return play_first(board)

    return engine(answer)


@pytest.mark.usefixtures("no_stockfish")
def test_a_network_against_itself_passes(trial, good, mates):
    report = veto_tactics(trial(good, good, mates))
    assert report.verdict == "accepted"
    assert report.numbers["both"] == len(mates.problems)
    assert report.numbers["p_value"] == 1
    assert report.numbers["disagreements"] == []
    assert json.loads(json.dumps(report.numbers)) == report.numbers


@pytest.mark.usefixtures("no_stockfish")
def test_a_network_against_itself_passes_on_the_built_in_suite(trial, clueless):
    suite = replace(read_suite(None), problems=BUILT_IN[::10])
    report = veto_tactics(trial(clueless, clueless, suite))
    assert report.verdict == "accepted"
    assert report.numbers["baseline_only"] == report.numbers["candidate_only"] == 0


def test_a_network_that_lost_its_idea_solves_less_and_is_vetoed(trial, good, bad, mates):
    report = veto_tactics(trial(good, bad, mates))
    assert report.verdict == "rejected"
    assert "solves 0 of" in report.reason
    assert "below 0.01" in report.reason
    numbers = report.numbers
    assert numbers["baseline_only"] == len(mates.problems) == len(numbers["disagreements"])
    assert numbers["by_kind"]["back-rank"]["baseline_only"] == len(mates.problems)
    first = numbers["disagreements"][0]
    board = chess.Board(first["fen"])
    assert board.is_legal(chess.Move.from_uci(first["candidate"]["move"]))
    assert first["baseline"]["san"] in first["best"]
    assert first["solved_by"] == ["baseline"]
    assert json.loads(json.dumps(numbers)) == numbers


@pytest.mark.usefixtures("no_stockfish")
def test_the_level_of_the_test_is_a_fifth_of_the_risk_of_rejecting_an_equal(
    trial, good, bad, mates
):
    strict = replace(trial(good, bad, only(mates, 5)), rule=GateRule(alpha=0.04, beta=0.03))
    report = veto_tactics(strict)  # five heads in five tosses: 1 / 32
    assert report.numbers["level"] == pytest.approx(0.006)
    assert "catastrophe" in report.reason
    lenient = replace(strict, rule=GateRule(alpha=0.01, beta=0.2))
    assert "below 0.04" in veto_tactics(lenient).reason


@pytest.mark.usefixtures("no_stockfish")
def test_a_better_network_passes(trial, good, bad, mates):
    report = veto_tactics(trial(bad, good, mates))
    assert report.verdict == "accepted"
    assert report.numbers["candidate_only"] == len(mates.problems)


@pytest.mark.usefixtures("no_stockfish")
def test_one_missed_mate_is_a_catastrophe(trial, good, bad, mates):
    report = veto_tactics(trial(good, bad, only(mates, 1)))
    assert report.verdict == "rejected"
    assert "catastrophe in back-rank.01, also at 8 simulations: missed mate" in report.reason
    assert report.numbers["judge"] == f"good, {LONGER * SIMULATIONS} simulations a move"
    assert report.numbers["vetoes"] == 1
    catastrophe = report.numbers["disagreements"][0]["catastrophe"]
    assert catastrophe["kind"] == "missed mate"
    assert catastrophe["vetoes"] is True
    assert catastrophe["longer"]["baseline"]["san"].endswith("+")


@pytest.mark.usefixtures("no_stockfish")
def test_a_mate_found_by_thinking_longer_is_no_veto(trial, mates):
    suite = only(mates, 1)
    slow = solver(suite, save=lambda simulations: simulations > SIMULATIONS)
    report = veto_tactics(trial(engine(lambda board, _: play_first(board)), slow, suite))
    assert report.verdict == "accepted"
    report = veto_tactics(trial(solver(suite), slow, suite))
    assert report.verdict == "accepted"
    assert report.numbers["baseline_only"] == 1
    assert report.numbers["passing_catastrophes"] == 1
    catastrophe = report.numbers["disagreements"][0]["catastrophe"]
    assert catastrophe["vetoes"] is False
    assert catastrophe["longer"]["candidate"]["move"] == suite.problems[0].best[0].uci()


QUEEN = 'r3k3/2p5/3p4/8/8/8/3Q4/4K3 w - - bm Qd5; id "queen.1";'
"""On d4 and h6 she is safe; on a5 the rook takes her, and on c3 for nothing: nothing recaptures."""


def play_grabbing(board, _simulations):
    """Takes what is worth most, else moves its king; thinks what it would be up."""
    worth = {chess.PAWN: 1, chess.KNIGHT: 3, chess.BISHOP: 3, chess.ROOK: 5, chess.QUEEN: 9}

    def prize(move):
        return worth.get(board.piece_type_at(move.to_square), 0)

    def order(move):
        return prize(move), move.from_square == board.king(board.turn), move.uci()

    best = max(board.legal_moves, key=order)
    balance = sum(
        pawns * (len(board.pieces(piece, board.turn)) - len(board.pieces(piece, not board.turn)))
        for piece, pawns in worth.items()
    )
    return Choice(best, max(-1.0, min(1.0, (balance + prize(best)) / 10)))


def starting_with(*moves):
    """Plays one of the moves in the suite's position, a later one where there is more time; then grabs."""
    first = chess.Board.from_epd(QUEEN)[0].epd()

    def answer(board, simulations):
        if board.epd() != first:
            return play_grabbing(board, simulations)
        return Choice(chess.Move.from_uci(moves[-1 if simulations > SIMULATIONS else 0]), 0.0)

    return engine(answer)


@pytest.fixture
def queen(tmp_path):
    return read_suite(write(tmp_path / "queen.epd", QUEEN))


@pytest.mark.usefixtures("no_stockfish")
def test_a_queen_put_where_she_is_taken_is_a_catastrophe(trial, queen):
    report = veto_tactics(trial(starting_with("d2d5"), starting_with("d2a5"), queen))
    assert report.verdict == "rejected"
    assert "catastrophe in queen.1, also at 8 simulations: lost queen" in report.reason
    assert "1. Qa5 Rxa5" in report.reason


@pytest.mark.usefixtures("no_stockfish")
def test_a_queen_is_lost_by_nothing_less_and_only_if_the_baseline_keeps_her(trial, queen):
    for baseline, candidate, verdict in [
        (["d2d5"], ["d2h6"], "accepted"),  # not solved, but safe
        (["d2a5"], ["d2a5"], "accepted"),  # both lose her
        (["d2a2"], ["d2a5"], "accepted"),  # in two ways
        (["d2d5"], ["d2a5", "d2h6"], "accepted"),  # not with more time
        (["d2d5", "d2a2"], ["d2a5"], "accepted"),  # the baseline with more time
        (["d2d5"], ["d2a2", "d2a5"], "rejected"),  # again, if differently
    ]:
        report = veto_tactics(trial(starting_with(*baseline), starting_with(*candidate), queen))
        assert report.verdict == verdict, (baseline, candidate, report.reason)


@pytest.mark.stockfish
def test_stockfish_judges_where_it_is_found(trial, queen, stockfish):
    report = veto_tactics(trial(starting_with("d2d5"), starting_with("d2a5"), queen))
    assert report.verdict == "rejected"
    assert "lost queen" in report.reason
    assert report.numbers["judge"].startswith("Stockfish")
    assert stockfish


def test_a_verdict_by_another_judge_is_another_verdict(trial, good, bad, mates, fake, monkeypatch):
    named = replace(trial(good, bad, mates), ladder=LadderSettings(stockfish=fake))
    assert gate_identity(named)["judge"] == f"Scripted, {JUDGE_NODES} nodes a move"
    assert gate_identity(named, skip=["tactics"])["judge"] is None
    monkeypatch.setattr(stage, "find_program", lambda _: None)
    alone = gate_identity(trial(good, bad, mates))
    assert alone["judge"] == f"good, {LONGER * SIMULATIONS} simulations a move"


@pytest.mark.usefixtures("no_stockfish")
def test_a_judge_that_cannot_judge_is_one_clear_line(trial, queen):
    first = chess.Board.from_epd(QUEEN)[0].epd()
    sick = engine(
        lambda board, _: (
            Choice(chess.Move.from_uci("d2d5"), 0.0)
            if board.epd() == first
            else Fault("crash", "gone")
        )
    )
    with pytest.raises(EvaluationError, match=r"judge of tactics to move in .*crash: gone.*--skip"):
        veto_tactics(trial(sick, starting_with("d2a5"), queen))


@pytest.mark.usefixtures("no_stockfish")
def test_nan_by_the_candidate_rejects_and_by_the_baseline_leaves_it_open(
    trial, good, broken, mates
):
    report = veto_tactics(trial(good, broken, only(mates, 3)))
    assert report.verdict == "rejected"
    assert "the candidate failed (nan)" in report.reason
    assert chess.Board(report.numbers["candidate_failures"][0]["fen"]).is_valid()
    report = veto_tactics(trial(broken, good, only(mates, 3)))
    assert report.verdict == "inconclusive"
    assert "the baseline failed (nan)" in report.reason


def test_an_illegal_move_is_a_failure(trial, mates):
    cheat = engine(lambda *_: Choice(chess.Move(chess.A1, chess.H7), 0.0))
    report = veto_tactics(trial(solver(mates), cheat, mates))
    assert report.verdict == "rejected"
    assert "the candidate failed (illegal)" in report.reason


# --- the command --------------------------------------------------------------------------------


def test_the_gate_takes_a_suite_and_rejects_by_it(good, bad, mates, back_rank):
    options = ["--simulations", "1", "--workers", "1", "--openings", str(back_rank)]
    assert main(["gate", str(good), str(bad), *options, "--tactics", str(mates.source)]) == 1
    document = json.loads(sidecar(bad, "gate").read_text())
    assert [one["name"] for one in document["stages"]] == ["numeric distance", "tactical veto"]
    assert document["stages"][-1]["numbers"]["suite"]["sha256"] == sha256(mates.source)
    assert document["reason"] == document["stages"][-1]["reason"]


def test_a_bad_suite_is_one_line_and_exit_code_2(good, bad, tmp_path, capsys):
    suite = write(tmp_path / "bad.epd", "nonsense")
    assert main(["gate", str(good), str(bad), "--tactics", str(suite)]) == 2
    printed = capsys.readouterr()
    assert printed.err.count("\n") == 1
    assert "expected a position in EPD" in printed.err
