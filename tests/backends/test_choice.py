"""What `--backend auto` takes, and the reason it gives."""

from collections.abc import Callable
from pathlib import Path

import pytest

from aztoolkit.backends import choice, choose_backend, cuda, open_evaluator, setting, tensorrt
from aztoolkit.backends.choice import Runtime
from aztoolkit.backends.nvidia import Library
from aztoolkit.errors import MachineError, MissingDependencyError
from aztoolkit.hardware import Gpu
from aztoolkit.model import ModelSpec
from aztoolkit.plan import Target, spec_path
from tests.backends.nvidia_fakes import fake_library, write_plan
from tests.export.conftest import make_constant_model

CARD = Gpu("RTX 4060", "580.1", 8188, "8.9")


@pytest.fixture
def model(az_spec: ModelSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return make_constant_model(tmp_path / "m.onnx", az_spec)


LIBRARIES: dict[Target, str] = {"tensorrt": "11.0", "rtx": "1.7"}
"""Versions of the libraries that run plans."""


def machine(monkeypatch: pytest.MonkeyPatch, gpus: list[Gpu], *runtimes: Runtime) -> None:
    """Makes this machine one with these cards and usable runtimes, which load their plans."""
    for module in (choice, setting, tensorrt, cuda):
        monkeypatch.setattr(module, "probe_gpus", lambda: gpus)
    lacks = {name: None if name in runtimes else f"no {name}" for name in choice.RUNTIMES}
    monkeypatch.setattr(choice, "missing", lambda name, _model=None: lacks[name])

    def check_library(target: Target) -> None:
        if target not in runtimes:
            raise MissingDependencyError(f"no {target}")

    def load_library(target: Target) -> Library:
        return fake_library(None, target=target, version=LIBRARIES[target])

    monkeypatch.setattr(tensorrt, "check_library", check_library)
    monkeypatch.setattr(tensorrt, "check_cuda", lambda: None)
    monkeypatch.setattr(tensorrt, "load_library", load_library)


def test_without_a_card_the_processor_is_taken(model: Path, monkeypatch: pytest.MonkeyPatch):
    machine(monkeypatch, [], "cpu", "openvino")
    chosen = choose_backend(model)
    assert chosen.backend == "cpu"
    assert str(chosen) == "backend cpu: no NVIDIA card found"


def test_openvino_stands_in_for_a_missing_onnx_runtime(
    model: Path, monkeypatch: pytest.MonkeyPatch
):
    machine(monkeypatch, [], "openvino")
    assert choose_backend(model).backend == "openvino"


@pytest.mark.parametrize(
    ("runtimes", "expected"),
    [(("cpu", "cuda", "rtx"), "rtx"), (("cpu", "cuda"), "cuda"), (("cpu",), "cpu")],
)
def test_with_a_card_the_best_runtime_for_it_is_taken(
    runtimes: tuple[Runtime, ...],
    expected: str,
    model: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    machine(monkeypatch, [CARD], *runtimes)
    chosen = choose_backend(model)
    assert chosen.backend == expected
    assert "RTX 4060" in chosen.reason
    if expected == "cpu":
        assert "no rtx" in chosen.reason
        assert "no cuda" in chosen.reason


def test_a_plan_beside_the_model_is_taken(
    model: Path, az_spec: ModelSpec, monkeypatch: pytest.MonkeyPatch
):
    machine(monkeypatch, [CARD], "cpu", "rtx", "tensorrt")
    assert choose_backend(model).backend == "rtx"
    write_plan(model, az_spec)
    chosen = choose_backend(model)
    assert chosen.backend == "tensorrt"
    assert chosen.reason == "a plan for RTX 4060 stands beside the model"


def of_another_model(plan: Path) -> None:
    (plan.parent / "m.onnx").write_bytes((plan.parent / "other.onnx").read_bytes())


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda plan: plan.write_bytes(b"plan"), "not the one that its sidecar"),
        (lambda plan: spec_path(plan).unlink(), "no readable sidecar"),
        (of_another_model, "it is of another model than m.onnx"),
    ],
)
@pytest.mark.parametrize(
    ("runtimes", "expected"),
    [(("cpu", "rtx", "cuda"), "rtx"), (("cpu", "cuda"), "cuda"), (("cpu",), "cpu")],
)
def test_a_stale_plan_is_passed_over_and_named(
    spoil: Callable[[Path], None],
    complaint: str,
    runtimes: tuple[Runtime, ...],
    expected: str,
    model: Path,
    az_spec: ModelSpec,
    monkeypatch: pytest.MonkeyPatch,
):
    machine(monkeypatch, [CARD], "tensorrt", *runtimes)
    make_constant_model(
        model.with_name("other.onnx"), az_spec.model_copy(update={"training_step": 1})
    )
    plan = write_plan(model, az_spec)
    spoil(plan)
    chosen = choose_backend(model)
    assert chosen.backend == expected
    assert complaint in chosen.reason
    assert plan.name in chosen.reason
    assert f"aztoolkit build {model} --target tensorrt --gpu sm89" in chosen.reason
    assert "\n" not in chosen.reason


def test_a_plan_of_another_version_is_passed_over_for_one_that_is_good(
    model: Path, az_spec: ModelSpec, monkeypatch: pytest.MonkeyPatch
):
    machine(monkeypatch, [CARD], "cpu", "rtx", "tensorrt")
    write_plan(model, az_spec, version="10.3")
    write_plan(model, az_spec, target="rtx", version="1.7")
    chosen = choose_backend(model)
    assert chosen.backend == "rtx"
    assert chosen.reason.startswith("a plan for RTX 4060 stands beside the model; ")
    assert "built by version 10.3, not 11.0" in chosen.reason


def test_a_plan_whose_library_is_not_installed_is_passed_over(
    model: Path, az_spec: ModelSpec, monkeypatch: pytest.MonkeyPatch
):
    machine(monkeypatch, [CARD], "cpu", "cuda")
    write_plan(model, az_spec)
    chosen = choose_backend(model)
    assert (chosen.backend, chosen.reason) == ("cuda", "RTX 4060 is here; no tensorrt")


@pytest.fixture
def int8(az_spec: ModelSpec) -> ModelSpec:
    return az_spec.model_copy(update={"precision": "int8"})


def test_int8_stays_on_the_processor_without_a_plan(
    int8: ModelSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    model = make_constant_model(tmp_path / "int8.onnx", int8)
    machine(monkeypatch, [CARD], "cpu", "rtx", "cuda")
    assert choose_backend(model).backend == "cpu"


def test_int8_takes_a_good_plan_of_tensorrt_rtx_for_this_card(
    int8: ModelSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    model = make_constant_model(tmp_path / "int8.onnx", int8)
    machine(monkeypatch, [CARD], "cpu", "rtx", "cuda")
    write_plan(model, int8, target="rtx", version="1.7", compute_capability="12.0")
    assert choose_backend(model).backend == "cpu", "a plan for another card"
    plan = write_plan(model, int8, target="rtx", version="1.7")
    assert choose_backend(model).backend == "rtx"
    plan.write_bytes(b"spoiled")
    chosen = choose_backend(model)
    assert chosen.backend == "cpu"
    assert "--target rtx --gpu sm89" in chosen.reason


def save(model: Path, backend: Runtime, *, threads: int = 2, plan: bool = False) -> None:
    found = setting.make_setting(
        model, backend=backend, plan=plan, threads=threads, batch=16, evals_per_s=1234.0
    )
    setting.save_setting(found)


def test_what_was_measured_comes_first(model: Path, monkeypatch: pytest.MonkeyPatch):
    machine(monkeypatch, [], "cpu", "openvino")
    save(model, "openvino")
    chosen = choose_backend(model)
    assert (chosen.backend, chosen.threads) == ("openvino", 2)
    assert "1,234/s in batches of 16" in chosen.reason
    assert choose_backend(model, threads=1).threads == 1


def test_a_measurement_is_forgotten_where_it_does_not_hold(
    model: Path, monkeypatch: pytest.MonkeyPatch, az_spec: ModelSpec
):
    machine(monkeypatch, [], "cpu", "openvino")
    save(model, "openvino")
    machine(monkeypatch, [], "cpu")
    assert choose_backend(model).backend == "cpu", "the runtime is gone"
    machine(monkeypatch, [CARD], "cpu", "openvino")
    assert "measured" not in choose_backend(model).reason, "another machine"
    machine(monkeypatch, [], "cpu", "openvino")
    make_constant_model(model, az_spec.model_copy(update={"training_step": 1}))
    assert choose_backend(model).backend == "cpu", "another model"


@pytest.mark.parametrize("target", ["tensorrt", "rtx"])
@pytest.mark.parametrize("gone", [True, False])
def test_a_measurement_of_a_plan_that_is_gone_or_stale_does_not_hold(
    target: Target,
    gone: bool,
    int8: ModelSpec,
    model: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    """Though the plugin of TensorRT-RTX is here: what was measured was the plan."""
    machine(monkeypatch, [CARD], "cpu", "rtx", "tensorrt")
    make_constant_model(model, int8)
    plan = write_plan(model, int8, target=target, version=LIBRARIES[target])
    save(model, target, plan=True)
    assert "when measured on" in choose_backend(model).reason
    if gone:
        plan.unlink()
    else:
        plan.write_bytes(b"another")
    chosen = choose_backend(model)
    assert chosen.backend == "cpu"
    assert f"{target} was the fastest when measured on" in chosen.reason
    assert chosen.reason.count(f"aztoolkit build {model} --target {target}") == 1


def test_a_measurement_with_other_versions_of_the_runtimes_does_not_hold(
    model: Path, monkeypatch: pytest.MonkeyPatch
):
    machine(monkeypatch, [], "cpu", "openvino")
    installed = {"onnxruntime": "1.20", "openvino": "2025.0", "torch": "2.5"}
    monkeypatch.setattr(setting, "installed_runtimes", lambda: installed)
    save(model, "openvino")
    assert choose_backend(model).backend == "openvino"
    installed["torch"] = "2.6"
    assert choose_backend(model).backend == "openvino", "it runs no model"
    installed["onnxruntime"] = "1.24"
    assert choose_backend(model).reason == "no NVIDIA card found", "another may be the fastest now"


def test_settings_of_several_models_live_in_one_file(
    model: Path, az_spec: ModelSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    machine(monkeypatch, [], "cpu", "openvino")
    other = make_constant_model(
        tmp_path / "b.onnx", az_spec.model_copy(update={"training_step": 1})
    )
    save(model, "openvino", threads=1)
    save(other, "cpu", threads=2)
    assert choose_backend(model).backend == "openvino"
    assert choose_backend(other).threads == 2
    setting.settings_file().write_text("spoiled")
    assert choose_backend(model).reason == "no NVIDIA card found"


def test_a_backend_that_was_named_is_not_replaced(model: Path, monkeypatch: pytest.MonkeyPatch):
    machine(monkeypatch, [], "cpu")
    monkeypatch.setattr("aztoolkit.backends.ort.available_providers", lambda: ["CPU"])
    with pytest.raises(MachineError, match=r"aztoolkit\[cuda\]"):
        open_evaluator(model, backend="cuda")
    chosen = choose_backend(model, "cpu", threads=3)
    assert (chosen.reason, chosen.threads) == ("as asked", 3)
    assert open_evaluator(model, backend=chosen).spec.network == {"kind": "test"}
