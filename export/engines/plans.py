"""Plans as files: kept while they are good, rebuilt when they are stale, foreign or slow."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from aztoolkit.backends.nvidia import Library
from aztoolkit.errors import ConfigError, MachineError
from aztoolkit.files import sha256, write_bytes, write_text
from aztoolkit.hardware import Gpu
from aztoolkit.plan import (
    Batch,
    PlanSpec,
    Speed,
    plan_path,
    read_plan_spec,
    sm_name,
    spec_path,
    why_stale,
)
from export.engines.builder import Built, build_plan, capabilities
from export.engines.source import PlanSource

SLOW = 0.9
"""Share of the best build's speed below which a plan is built again: builds differ by their luck."""
ATTEMPTS = 3
"""Builds at most, in one call."""

Timer = Callable[[Path, PlanSpec], float]
"""Measures evaluations a second of a plan that lies on disk."""


@dataclass(frozen=True)
class Order:
    """What is to be built."""

    model: Path
    library: Library
    compute_capability: str
    batch: Batch
    card: Gpu | None = None
    """The card to measure on; None if one of this compute capability is not here."""

    @property
    def plan(self) -> Path:
        """Where the plan goes."""
        return plan_path(self.model, self.library.target, self.compute_capability)


@dataclass(frozen=True)
class Outcome:
    """A good plan on disk."""

    spec: PlanSpec
    reason: str | None
    """Why it was built, or None if the one that was there is kept."""
    builds: int
    """Made in this call; 0 if the one that was there was good."""


def check_card(library: Library, compute_capability: str | None, gpus: list[Gpu]) -> str:
    """Returns the compute capability to build for: the one asked for, or this machine's card's.

    Raises:
        ConfigError: the library does not build for that card.
        MachineError: none was asked for and there is no card; or TensorRT was to build for another
            card than this machine's.
    """
    here = gpus[0].compute_capability if gpus else None
    if library.target == "tensorrt":
        if here is None:
            raise MachineError("expected an NVIDIA card to build a TensorRT plan on, got none")
        if compute_capability not in (None, here):
            raise MachineError(
                f"expected to build for this machine's card ({sm_name(here)}), as TensorRT only does, "
                f"got --gpu {sm_name(str(compute_capability))}; use --target rtx"
            )
        return here
    wanted, offered = compute_capability or here, capabilities(library)
    if wanted is None:
        raise ConfigError("expected --gpu, such as sm89, as this machine has no card; got none")
    if wanted not in offered:
        names = ", ".join(sm_name(capability) for capability in offered)
        raise ConfigError(f"expected one of {names}, got --gpu {sm_name(wanted)}")
    return wanted


def ensure_plan(
    order: Order, source: PlanSource, *, timer: Timer | None = None, force: bool = False
) -> Outcome:
    """Leaves a good plan on disk, building it if need be.

    A plan is built anew if it is of another model, card, version or batch, if its files do not fit
    together, or if it runs at less than 90 % of the best build's speed; then the fastest is kept, which
    may be the plan that was there.

    Args:
        timer: measures a plan; None where its card is not here.
        force: build in any case; the plan that was there is not kept.

    Raises:
        ModelError: the library does not take the model.
        InputError: the folder cannot be written.
    """
    known = read_plan_spec(order.plan)
    reason = "asked for" if force else _why_rebuild(order, known)
    best_per_s = _best_known(order, known)
    if reason is None and known is not None:
        if timer is None:
            return Outcome(known, None, 0)
        timed = _timed(order, known, timer, best_per_s)
        _write_spec(order, timed)
        if not is_slow(timed):
            return Outcome(timed, None, 0)
        return _build(order, source, timer, "slower than the best build", _best(timed), old=timed)
    return _build(order, source, timer, str(reason), best_per_s)


def is_slow(spec: PlanSpec) -> bool:
    """Returns whether a plan runs at less than 90 % of the best build's speed."""
    speed = spec.speed
    return speed is not None and speed.evals_per_s < SLOW * speed.best_evals_per_s


def _build(
    order: Order,
    source: PlanSource,
    timer: Timer | None,
    reason: str,
    best_per_s: float,
    *,
    old: PlanSpec | None = None,
) -> Outcome:
    """Builds until a plan is fast enough, or often enough; the fastest so far always lies on disk.

    Args:
        old: what is on disk, with its speed, if it is good but slow; it stays unless a build is faster.
    """
    fastest = old
    for attempt in range(1, ATTEMPTS + 1):
        built = build_plan(
            source,
            order.library,
            batch=order.batch,
            compute_capability=order.compute_capability,
        )
        spec = _spec(order, source, built)
        if fastest is None:  # before it is timed, so that it is not lost should that fail
            _write(order, built, spec)
        if timer is None:
            return Outcome(spec, reason, attempt)
        with _on_trial(order, built) as trial:
            spec = _timed(order, spec, timer, best_per_s, plan=trial)
        best_per_s = _best(spec)
        if fastest is None or _rate(spec) > _rate(fastest):
            _write(order, built, spec)
            fastest = spec
        if not is_slow(fastest):
            break
    assert fastest is not None
    return Outcome(fastest, None if fastest is old else reason, attempt)


@contextmanager
def _on_trial(order: Order, built: Built) -> Iterator[Path]:
    """Yields where a build lies while it is timed, beside the plan that it may replace."""
    trial = order.plan.with_suffix(".trial")
    write_bytes(trial, built.plan)
    try:
        yield trial
    finally:
        trial.unlink(missing_ok=True)


def _spec(order: Order, source: PlanSource, built: Built) -> PlanSpec:
    """Returns the sidecar of a build that was not timed."""
    return PlanSpec(
        target=order.library.target,
        library_version=order.library.version,
        compute_capability=order.compute_capability,
        model=order.model.name,
        model_sha256=sha256(order.model),
        model_spec=source.spec,
        batch=order.batch,
        layers=built.layers,
        plan_sha256=hashlib.sha256(built.plan).hexdigest(),
    )


def _write(order: Order, built: Built, spec: PlanSpec) -> None:
    # The sidecar comes last: a plan whose sidecar is of another plan is stale.
    write_bytes(order.plan, built.plan)
    _write_spec(order, spec)


def _write_spec(order: Order, spec: PlanSpec) -> None:
    write_text(spec_path(order.plan), spec.model_dump_json(indent=2) + "\n")


def _why_rebuild(order: Order, known: PlanSpec | None) -> str | None:
    stale = why_stale(
        order.plan,
        known,
        model=order.model,
        library_version=order.library.version,
        compute_capability=order.compute_capability,
    )
    if stale is None and known is not None and known.batch != order.batch:
        return f"it takes batches of {known.batch.smallest} to {known.batch.largest}"
    return stale


def _best_known(order: Order, known: PlanSpec | None) -> float:
    """Returns the best speed of earlier builds that this one may be held against, or 0."""
    if known is None or known.speed is None:
        return 0.0
    same = known.model_sha256 == sha256(order.model) and known.batch == order.batch
    fits = known.library_version == order.library.version
    return known.speed.best_evals_per_s if same and fits else 0.0


def _timed(
    order: Order, spec: PlanSpec, timer: Timer, best_per_s: float, *, plan: Path | None = None
) -> PlanSpec:
    """Returns the sidecar with the plan's speed, and the best of it and of earlier builds.

    Args:
        plan: where it lies, if not in its own place.
    """
    assert order.card is not None
    evals_per_s = round(timer(plan or order.plan, spec), 1)
    speed = Speed(
        gpu=order.card.name,
        driver=order.card.driver,
        batch=order.batch.best,
        evals_per_s=evals_per_s,
        best_evals_per_s=max(evals_per_s, best_per_s),
    )
    return spec.model_copy(update={"speed": speed})


def _rate(spec: PlanSpec) -> float:
    return spec.speed.evals_per_s if spec.speed else 0.0


def _best(spec: PlanSpec) -> float:
    return spec.speed.best_evals_per_s if spec.speed else 0.0
