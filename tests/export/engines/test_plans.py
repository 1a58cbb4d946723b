"""When a plan is kept and when it is built again."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from aztoolkit.backends.nvidia import Library
from aztoolkit.errors import ConfigError, InputError, MachineError
from aztoolkit.hardware import Gpu
from aztoolkit.model import ModelSpec
from aztoolkit.plan import Batch, PlanSpec, read_plan_spec, spec_path
from export.engines import plans
from export.engines.builder import Built
from export.engines.plans import Order, check_card, ensure_plan
from export.engines.source import PlanSource

ADA = Gpu("RTX 4060", "580.1", 8188, "8.9")
TURING = Gpu("RTX 2080", "580.1", 8188, "7.5")


class Builds:
    """Counts builds; each plan says which it is."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, *_: object, **__: object) -> Built:
        self.count += 1
        return Built(f"plan {self.count}".encode(), ())


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> Builds:
    builds = Builds()
    monkeypatch.setattr(plans, "build_plan", builds)
    return builds


@pytest.fixture
def source(az_spec: ModelSpec) -> PlanSource:
    return PlanSource(az_spec, b"", 119, ())


@pytest.fixture
def order(tmp_path: Path) -> Order:
    model = tmp_path / "fp16.onnx"
    model.write_bytes(b"a model")
    return Order(model, library("1.7"), "8.9", Batch(), ADA)


def library(version: str) -> Library:
    capabilities = SimpleNamespace(SM75=1, SM89=2, SM120=3, CURRENT=0)
    return Library("rtx", SimpleNamespace(ComputeCapability=capabilities), version)


def speeds(*evals_per_s: float):
    """Returns a timer that finds these speeds, one a call, and nothing after them."""
    waiting: Iterator[float] = iter(evals_per_s)

    def timer(plan: Path, spec: PlanSpec) -> float:
        assert plan.is_file()
        assert spec.batch.best == 64
        return next(waiting)

    return timer


def test_a_plan_is_built_once_and_then_kept(order: Order, source: PlanSource, builds: Builds):
    first = ensure_plan(order, source)
    assert first.reason == "there is none"
    assert first.spec.speed is None
    second = ensure_plan(order, source)
    assert second.reason is None
    assert second.spec == first.spec == read_plan_spec(order.plan)
    assert builds.count == 1


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda order: order.plan.write_bytes(b"x"), "not the one that its sidecar"),
        (lambda order: order.model.write_bytes(b"x"), "of another model"),
        (lambda order: spec_path(order.plan).write_text("x"), "no readable sidecar"),
        (lambda order: spec_path(order.plan).unlink(), "no readable sidecar"),
    ],
)
def test_a_stale_plan_is_rebuilt(
    spoil, reason: str, order: Order, source: PlanSource, builds: Builds
):
    ensure_plan(order, source)
    spoil(order)
    outcome = ensure_plan(order, source)
    assert outcome.reason is not None
    assert reason in outcome.reason
    assert builds.count == 2
    assert ensure_plan(order, source).reason is None


def test_a_plan_of_another_version_card_or_batch_is_rebuilt(
    order: Order, source: PlanSource, builds: Builds
):
    ensure_plan(order, source)
    newer = Order(order.model, library("1.8"), "8.9", Batch())
    assert "version 1.7, not 1.8" in str(ensure_plan(newer, source).reason)
    smaller = Order(order.model, library("1.8"), "8.9", Batch(largest=128))
    assert "batches of 1 to 512" in str(ensure_plan(smaller, source).reason)
    turing = Order(order.model, library("1.8"), "7.5", Batch(largest=128))
    turing.plan.write_bytes(smaller.plan.read_bytes())
    spec_path(turing.plan).write_bytes(spec_path(smaller.plan).read_bytes())
    assert "for sm89, not sm75" in str(ensure_plan(turing, source).reason)
    assert ensure_plan(turing, source, force=True).reason == "asked for"
    assert builds.count == 5


def test_the_speed_is_measured_where_the_card_is(order: Order, source: PlanSource, builds: Builds):
    speed = ensure_plan(order, source, timer=speeds(1000)).spec.speed
    assert speed is not None
    assert (speed.gpu, speed.driver, speed.batch) == (ADA.name, ADA.driver, 64)
    assert (speed.evals_per_s, speed.best_evals_per_s) == (1000, 1000)
    assert builds.count == 1


def test_a_plan_that_has_become_slow_is_built_again(
    order: Order, source: PlanSource, builds: Builds
):
    ensure_plan(order, source, timer=speeds(1000))
    kept = ensure_plan(order, source, timer=speeds(901))
    assert (kept.reason, builds.count) == (None, 1)
    outcome = ensure_plan(order, source, timer=speeds(899, 1010))
    assert outcome.reason == "slower than the best build"
    assert builds.count == 2
    assert outcome.spec.speed is not None
    assert outcome.spec.speed.best_evals_per_s == 1010
    assert order.plan.read_bytes() == b"plan 2"


def test_slow_builds_are_repeated_and_the_fastest_kept(
    order: Order, source: PlanSource, builds: Builds
):
    ensure_plan(order, source, timer=speeds(1000))
    outcome = ensure_plan(order, source, timer=speeds(500, 600, 800, 700))
    assert (outcome.builds, builds.count) == (plans.ATTEMPTS, 4)
    assert order.plan.read_bytes() == b"plan 3"
    speed = outcome.spec.speed
    assert speed is not None
    assert (speed.evals_per_s, speed.best_evals_per_s) == (800, 1000)
    assert read_plan_spec(order.plan) == outcome.spec
    again = ensure_plan(order, source, timer=speeds(800, 950))
    assert (again.reason, again.builds) == ("slower than the best build", 1)
    assert ensure_plan(order, source, timer=speeds(950)).reason is None


def test_slower_builds_do_not_replace_the_plan_that_was_there(
    order: Order, source: PlanSource, builds: Builds
):
    ensure_plan(order, source, timer=speeds(1000))
    outcome = ensure_plan(order, source, timer=speeds(890, 500, 600, 880))
    assert (outcome.reason, outcome.builds, builds.count) == (None, plans.ATTEMPTS, 4)
    assert order.plan.read_bytes() == b"plan 1"
    speed = outcome.spec.speed
    assert speed is not None
    assert (speed.evals_per_s, speed.best_evals_per_s) == (890, 1000)
    assert read_plan_spec(order.plan) == outcome.spec
    assert not list(order.plan.parent.glob("*.trial"))
    assert ensure_plan(order, source, timer=speeds(950)).reason is None, "it is still a good plan"


def test_a_build_that_fails_halfway_leaves_the_fastest_so_far(
    order: Order, source: PlanSource, builds: Builds
):
    ensure_plan(order, source, timer=speeds(1000))
    with pytest.raises(StopIteration):
        ensure_plan(order, source, timer=speeds(500, 400))
    assert order.plan.read_bytes() == b"plan 1"
    with pytest.raises(StopIteration):
        ensure_plan(order, source, timer=speeds(500, 600))
    assert order.plan.read_bytes() == b"plan 4"
    assert sorted(path.suffix for path in order.plan.parent.iterdir()) == [
        ".json",
        ".onnx",
        ".plan",
    ]
    assert builds.count == 5
    assert ensure_plan(order, source).reason is None, "what is there is whole"


def test_a_first_build_that_cannot_be_timed_is_not_lost(
    order: Order, source: PlanSource, builds: Builds
):
    with pytest.raises(StopIteration):
        ensure_plan(order, source, timer=speeds())
    assert ensure_plan(order, source, timer=speeds(1000)).reason is None
    assert builds.count == 1


def test_the_best_of_another_model_is_no_measure(order: Order, source: PlanSource, builds: Builds):
    ensure_plan(order, source, timer=speeds(1000))
    order.model.write_bytes(b"a larger model")
    outcome = ensure_plan(order, source, timer=speeds(100))
    assert (outcome.builds, builds.count) == (1, 2)


def test_a_plan_that_cannot_be_written_is_named(order: Order, source: PlanSource, builds: Builds):
    order.plan.mkdir()
    with pytest.raises(InputError, match="cannot write"):
        ensure_plan(order, source)
    assert builds.count == 1


def test_the_card_is_the_one_asked_for_or_that_of_this_machine():
    assert check_card(library("1"), None, [TURING]) == "7.5"
    assert check_card(library("1"), "12.0", [TURING]) == "12.0"
    with pytest.raises(ConfigError, match="such as sm89, as this machine has no card"):
        check_card(library("1"), None, [])
    with pytest.raises(ConfigError, match="one of sm75, sm89, sm120, got --gpu sm90"):
        check_card(library("1"), "9.0", [])


def test_tensorrt_builds_for_the_card_that_is_here_only():
    tensorrt = Library("tensorrt", None, "11.0")
    assert check_card(tensorrt, None, [ADA]) == "8.9"
    assert check_card(tensorrt, "8.9", [ADA]) == "8.9"
    with pytest.raises(MachineError, match="use --target rtx"):
        check_card(tensorrt, "7.5", [ADA])
    with pytest.raises(MachineError, match="expected an NVIDIA card"):
        check_card(tensorrt, "8.9", [])
