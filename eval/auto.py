"""Which engine of a run to play with: the fastest that the gate lets through.

    run/export/fp32.onnx     the baseline
              *.onnx         candidates: measured side by side, then tried from the fastest to the slowest

The first that is accepted is the answer; slower ones are not tried, nor any that is no faster than the
baseline: nothing would be gained. Models of other checkpoints, such as those that `--step` exports, are
passed over. A verdict that stands beside its engine is taken as it is if nothing that it hangs on has changed
(see `eval.report.identity`).
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console

from aztoolkit.backends import open_evaluator
from aztoolkit.encoding import get_encoding
from aztoolkit.errors import InputError, ModelError
from aztoolkit.evaluator import Evaluator
from aztoolkit.hardware import probe_cpu
from aztoolkit.measure import Rate, rates_side_by_side
from aztoolkit.model import ModelSpec, sidecar
from eval.gate import run_gate
from eval.openings import read_book
from eval.opponents import RUN_MODEL
from eval.report.document import Document
from eval.report.files import write_gate
from eval.report.identity import gate_identity
from eval.settings import MatchSettings
from eval.trial import Trial
from eval.verdict import Verdict

BATCH = 16
"""Positions that are evaluated at once to measure the speed."""
_REPEATS, _RUN_S = 5, 0.2

Speeds = Mapping[Path, Rate]
MakeTrial = Callable[[Path, Path], Trial]
"""Of a baseline and a candidate."""


@dataclass(frozen=True)
class Attempt:
    """What became of one candidate."""

    model: Path
    rate: Rate | None
    """Positions a second; None if it could not be opened, or is passed over."""
    document: Document | None = None
    """Its gate's; None if it was not tried."""
    played: bool = False
    """Whether it was played now; else its verdict was there."""
    reason: str = ""
    """Why it was not tried."""

    @property
    def verdict(self) -> Verdict | None:
        """Of its gate."""
        found: Verdict | None = self.document["verdict"] if self.document else None
        return found


@dataclass(frozen=True)
class RunVerdict:
    """Which engine of a run may be used."""

    run: Path
    baseline: Path
    baseline_rate: Rate
    attempts: tuple[Attempt, ...]
    """The fastest first; what could not be opened or is passed over last."""

    @property
    def chosen(self) -> Attempt | None:
        """The fastest that was accepted; always faster than the baseline."""
        return next((found for found in self.attempts if found.verdict == "accepted"), None)

    @property
    def verdict(self) -> Verdict:
        """Accepted if one was; else inconclusive if one was that; else rejected."""
        verdicts = [found.verdict for found in self.attempts]
        if "accepted" in verdicts:
            return "accepted"
        return "inconclusive" if "inconclusive" in verdicts else "rejected"


def gate_run(
    run: Path,
    make_trial: MakeTrial,
    *,
    settings: MatchSettings,
    console: Console,
    skip: Sequence[str] = (),
) -> RunVerdict:
    """Tries the engines of a run from the fastest to the slowest until one is accepted.

    Every gate that is played writes its files beside its engine.

    Args:
        settings: whose backend and threads the speed is measured with.
        console: for progress.
        skip: stages of the gate to leave out.

    Raises:
        ModelError: there is no such run, no baseline in it, or no candidate that can be opened.
        InputError: whatever a gate refuses.
    """
    baseline, candidates = find_engines(run)
    speeds, left_out = measure_speeds([baseline, *candidates], settings)
    if baseline in left_out:
        raise ModelError(left_out[baseline])
    ranked = sorted(
        (model for model in speeds if model != baseline), key=lambda m: _slow(speeds, m)
    )
    if not ranked:
        raise ModelError(
            f"expected a candidate of the baseline's checkpoint that can be opened, got none in "
            f"{baseline.parent}: {'; '.join(left_out.values())}"
        )
    tried = list(_try_all(baseline, ranked, speeds, make_trial, console=console, skip=skip))
    passed_over = (Attempt(model, None, reason=reason) for model, reason in left_out.items())
    return RunVerdict(run, baseline, speeds[baseline], (*tried, *passed_over))


def find_engines(run: Path) -> tuple[Path, list[Path]]:
    """Returns the baseline of a run and its other engines; raises ModelError if there are none."""
    baseline = run / RUN_MODEL
    folder = baseline.parent
    if not baseline.is_file():
        raise ModelError(
            f"expected a run with {RUN_MODEL} after --auto, got none in {run}; "
            f"make it with `aztoolkit export {run}`"
        )
    found = sorted(path for path in folder.glob("*.onnx") if not path.name.startswith("."))
    candidates = [path for path in found if path != baseline]
    if not candidates:
        raise ModelError(
            f"expected another model beside {baseline} to try, got none; "
            f"make one with `aztoolkit quantize {run} --int8`"
        )
    return baseline, candidates


def measure_speeds(
    models: Sequence[Path], settings: MatchSettings
) -> tuple[Speeds, dict[Path, str]]:
    """Returns positions a second of each model, measured in turns, and why others were left out.

    All of them have the threads that a match gives them.

    Args:
        models: the baseline first; what is of another checkpoint than it is left out.
    """
    threads = 1 if settings.worker_count() > 1 else probe_cpu().cores
    left_out: dict[Path, str] = {}
    checkpoint: str | None = None
    with ExitStack() as stack:
        works: dict[str, Callable[[], int]] = {}
        for model in models:
            try:
                evaluator = open_evaluator(model, backend=settings.backend, threads=threads)
                stack.enter_context(closing(evaluator))
            except InputError as error:
                left_out[model] = str(error)
                continue
            checkpoint = evaluator.spec.checkpoint_sha256 if checkpoint is None else checkpoint
            if evaluator.spec.checkpoint_sha256 != checkpoint:
                left_out[model] = _tell_foreign(evaluator.spec, models[0])
                continue
            works[str(model)] = _work(evaluator)
        rates = rates_side_by_side(works, repeats=_REPEATS, min_run_s=_RUN_S)
    return {Path(name): rate for name, rate in rates.items()}, left_out


def fresh_verdict(trial: Trial, *, skip: Sequence[str] = ()) -> Document | None:
    """Returns the document beside a candidate, if the same gate would be played again."""
    try:
        document: Document = json.loads(sidecar(trial.model, "gate").read_bytes())
        same = document["identity"] == gate_identity(trial, skip=skip)
    except (OSError, ValueError, KeyError, TypeError):  # none, broken, or of an older format
        return None
    return document if same else None


def _tell_foreign(spec: ModelSpec, baseline: Path) -> str:
    return (
        f"passed over: of another checkpoint (step {spec.training_step:,}, SHA-256 "
        f"{spec.checkpoint_sha256[:12] or 'unknown'}) than {baseline.stem}"
    )


def _slow(speeds: Speeds, model: Path) -> tuple[float, str]:
    """Returns the key that sorts the fastest first."""
    return -speeds[model].median, model.name


def _try_all(
    baseline: Path,
    ranked: Sequence[Path],
    speeds: Speeds,
    make_trial: MakeTrial,
    *,
    console: Console,
    skip: Sequence[str],
) -> Iterator[Attempt]:
    accepted: Path | None = None
    for model in ranked:
        rate = speeds[model]
        if accepted:
            reason = f"not tried: slower than {accepted.stem}, which is accepted"
            yield Attempt(model, rate, reason=reason)
            continue
        if rate.median <= speeds[baseline].median:
            yield Attempt(model, rate, reason=_tell_slow(rate, speeds[baseline], baseline))
            continue
        console.print(f"{model.stem}: {rate.median:,.0f} positions/s", soft_wrap=True)
        attempt = _try(make_trial(baseline, model), rate, skip)
        if attempt.verdict == "accepted":
            accepted = model
        yield attempt


def _tell_slow(rate: Rate, original: Rate, baseline: Path) -> str:
    return (
        f"not tried: no faster than {baseline.stem} ({rate.median / original.median:.2f} times its "
        "speed), so that nothing would be gained"
    )


def _try(trial: Trial, rate: Rate, skip: Sequence[str]) -> Attempt:
    document = fresh_verdict(trial, skip=skip)
    if document is not None:
        return Attempt(trial.model, rate, document)
    return Attempt(
        trial.model, rate, write_gate(trial, run_gate(trial, skip=skip), skip=skip), played=True
    )


def _work(evaluator: Evaluator) -> Callable[[], int]:
    """Returns what evaluates a batch of positions from the book, and says how many."""
    encode = get_encoding(evaluator.spec.encoding).encode
    openings = read_book(None, count=BATCH, seed=0).openings
    planes = np.stack([encode(opening.board()) for opening in openings])

    def work() -> int:
        evaluator.evaluate(planes)
        return len(planes)

    return work
