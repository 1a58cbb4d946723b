"""The tactical veto: does the candidate still see what the baseline sees?

Both search every position of a suite at the gate's simulations. The candidate is rejected

    if it solves less    of the positions that only one of them solved, too many are the baseline's: McNemar's
                         exact test, one-sided, at a fifth of the beta of the rule: equals fail it so often
                         at most, and games as well 6 times in 100 at most
    for a catastrophe    see `eval.tactics_catastrophe`; one that it still commits, and the baseline still
                         does not, where both have four times as many simulations. A coin that rounding
                         flips at few simulations is none: the test counts it, the report has it as one
                         that passed

The judge of catastrophes is Stockfish if it is there, or else the baseline at four times as many
simulations: the report says which. Where the test has rejected already, none is looked for.

Numbers: `both`, `baseline_only`, `candidate_only`, `neither`, also `by_kind`; `p_value`; and `disagreements`,
the positions that only one solved, or with a catastrophe: see `eval.tactics_attempts`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace

import chess
from rich.console import Console
from rich.progress import Progress

from aztoolkit.programs import find_program
from eval.built_in import tell_path
from eval.opponents import Opponent, uci_opener
from eval.seats import Choice, Fault
from eval.settings import MatchSettings
from eval.stockfish import HASH_MB, find_stockfish
from eval.tactics_attempts import Attempt, Numbers, counts_by_kind, counts_of, disagreements_of
from eval.tactics_catastrophe import Catastrophe, Disagreement, find_catastrophes
from eval.tactics_counts import mcnemar
from eval.tactics_panel import Answer, Ask, open_panel
from eval.trial import StageReport, Trial

NAME = "tactical veto"
TACTICS_SHARE = 0.2
"""The level of the test, as a share of the rule's beta, most of which is for the games."""
LONGER = 4
"""Times the simulations, at which a catastrophe must still be one."""
JUDGE_NODES = 30_000
"""Of Stockfish a move, on one thread."""
_DIGITS = 6


@dataclass(frozen=True)
class Judge:
    """Who says what becomes of a move."""

    opponent: Opponent
    settings: MatchSettings
    unit: str

    @property
    def name(self) -> str:
        """For the report."""
        return f"{self.opponent.name}, {self.settings.simulations} {self.unit} a move"


def veto_tactics(trial: Trial) -> StageReport:
    """Solves the suite with both engines; rejects if the candidate sees less, or for a catastrophe.

    Raises:
        AztoolkitError: an engine cannot be opened, or the judge of catastrophes cannot judge.
    """
    problems = trial.tactics.problems
    boards = [problem.board() for problem in problems]
    with _progress(trial.console, 2 * len(boards)) as watch:
        candidate = _ask(trial.candidate, boards, trial.settings, watch)
        baseline = _ask(trial.baseline, boards, trial.settings, watch)
    if faults := _faults(boards, candidate):
        reason = f"the candidate failed ({faults[0]['kind']}): {faults[0]['detail']}"
        return StageReport(NAME, "rejected", reason, numbers={"candidate_failures": faults})
    if faults := _faults(boards, baseline):
        reason = f"the baseline failed ({faults[0]['kind']}): {faults[0]['detail']}"
        return StageReport(NAME, "inconclusive", reason, numbers={"baseline_failures": faults})
    attempts = [
        Attempt(problem, board, theirs, ours)
        for problem, board, theirs, ours in zip(problems, boards, baseline, candidate, strict=True)
        if isinstance(theirs, Choice) and isinstance(ours, Choice)  # as all are
    ]
    return _decide(trial, attempts)


def find_judge(trial: Trial) -> Judge:
    """Returns who judges catastrophes: Stockfish if it is there, or else the baseline, thinking for longer.

    Raises:
        MachineError: the Stockfish that was named is not there.
    """
    named = trial.ladder.stockfish
    if named is None and find_program("stockfish") is None:
        return Judge(trial.baseline, _longer(trial.settings), "simulations")
    stockfish = find_stockfish(named)
    opener = uci_opener([str(stockfish.path)], {"Threads": "1", "Hash": str(HASH_MB)})
    opponent = Opponent(stockfish.name, str(stockfish.path), None, opener)
    return Judge(opponent, trial.settings.model_copy(update={"simulations": JUDGE_NODES}), "nodes")


def _decide(trial: Trial, attempts: Sequence[Attempt]) -> StageReport:
    counts, level = counts_of(attempts), _level(trial)
    p_value = mcnemar(counts.baseline_only, counts.candidate_only)
    told = (
        f"it solves {counts.candidate} of {len(attempts)} positions, the baseline {counts.baseline}; "
        f"an equal would do no better with probability {p_value:.2g}"
    )
    if p_value < level:
        numbers = _numbers(trial, attempts, p_value, judge=None)
        return StageReport(NAME, "rejected", f"{told}, below {level:g}", numbers=numbers)
    judge = find_judge(trial)
    attempts = _look_for_catastrophes(trial, attempts, judge)
    numbers = _numbers(trial, attempts, p_value, judge=judge)
    if vetoing := [attempt for attempt in attempts if attempt.vetoes]:
        return StageReport(NAME, "rejected", _tell(trial, vetoing), numbers=numbers)
    return StageReport(NAME, "accepted", f"{told}; no catastrophe", numbers=numbers)


def _level(trial: Trial) -> float:
    return trial.rule.beta * TACTICS_SHARE


def _look_for_catastrophes(
    trial: Trial, attempts: Sequence[Attempt], judge: Judge
) -> list[Attempt]:
    """Returns the attempts with what is catastrophic about them, and whether it goes away."""
    at_once = {i: (one.baseline, one.candidate) for i, one in enumerate(attempts)}
    with open_panel(judge.opponent, judge.settings) as ask:
        suspected = _catastrophes(attempts, at_once, ask)
        longer = _ask_longer(trial, attempts, sorted(suspected))
        lasting = _catastrophes(attempts, longer, ask)
    return [
        replace(
            attempt,
            catastrophe=lasting.get(i) or suspected.get(i),
            longer=longer.get(i),
            vetoes=i in lasting or (i in longer and isinstance(longer[i][1], Fault)),
        )
        for i, attempt in enumerate(attempts)
    ]


def _catastrophes(
    attempts: Sequence[Attempt], answers: Mapping[int, tuple[Answer, Answer]], ask: Ask
) -> dict[int, Catastrophe]:
    """Returns what is catastrophic about answers of both engines, by the index of the attempt."""
    differing = {
        i: Disagreement(attempts[i].board, baseline.move, candidate.move)
        for i, (baseline, candidate) in answers.items()
        if isinstance(baseline, Choice)
        and isinstance(candidate, Choice)
        and candidate.move != baseline.move
        and not attempts[i].problem.is_solved_by(candidate.move)
    }
    found = find_catastrophes(list(differing.values()), ask) if differing else {}
    return {i: found[number] for number, i in enumerate(differing) if number in found}


def _ask_longer(
    trial: Trial, attempts: Sequence[Attempt], indices: Sequence[int]
) -> dict[int, tuple[Answer, Answer]]:
    """Returns the answers of both engines at more simulations, by index."""
    if not indices:
        return {}
    boards, settings = [attempts[i].board for i in indices], _longer(trial.settings)
    answers = (_ask(opponent, boards, settings) for opponent in (trial.baseline, trial.candidate))
    return dict(zip(indices, zip(*answers, strict=True), strict=True))


def _longer(settings: MatchSettings) -> MatchSettings:
    return settings.model_copy(update={"simulations": LONGER * settings.simulations})


def _ask(
    opponent: Opponent,
    boards: Sequence[chess.Board],
    settings: MatchSettings,
    watch: Callable[[int], None] = lambda _: None,
) -> list[Answer]:
    with open_panel(opponent, settings, watch=watch) as ask:
        return ask(boards)


def _faults(boards: Sequence[chess.Board], answers: Sequence[Answer]) -> list[Numbers]:
    """Returns the positions in which an engine could not move, as JSON."""
    return [
        {"fen": board.fen(), **asdict(answer)}
        for board, answer in zip(boards, answers, strict=True)
        if isinstance(answer, Fault)
    ]


def _numbers(
    trial: Trial, attempts: Sequence[Attempt], p_value: float, *, judge: Judge | None
) -> Numbers:
    suite = trial.tactics
    return {
        "suite": {
            "path": tell_path(suite.source),
            "sha256": suite.sha256,
            "positions": len(suite.problems),
        },
        "simulations": trial.settings.simulations,
        **asdict(counts_of(attempts)),
        "p_value": round(p_value, _DIGITS),
        "level": _level(trial),
        "judge": judge.name if judge else "none was asked: the test had rejected",
        "simulations_of_a_veto": LONGER * trial.settings.simulations,
        "vetoes": sum(attempt.vetoes for attempt in attempts),
        "passing_catastrophes": sum(
            attempt.catastrophe is not None and not attempt.vetoes for attempt in attempts
        ),
        "by_kind": counts_by_kind(attempts),
        "disagreements": disagreements_of(attempts),
    }


def _tell(trial: Trial, vetoing: Sequence[Attempt]) -> str:
    """Returns the first catastrophe in words, and how many more there are."""
    first = vetoing[0]
    assert first.catastrophe, "it vetoes"
    more = f", and {len(vetoing) - 1} more like that" if len(vetoing) > 1 else ""
    return (
        f"catastrophe in {first.problem.name}, also at {LONGER * trial.settings.simulations} "
        f"simulations: {first.catastrophe.kind}, {first.catastrophe.detail}{more}"
    )


@contextmanager
def _progress(console: Console, total: int) -> Iterator[Callable[[int], None]]:
    """Yields what is told how many more positions were searched; shown only on a terminal."""
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("tactics", total=total)
        yield lambda count: progress.advance(task, count)
