"""What `--backend auto` takes, and the reason it gives."""

from pathlib import Path

import pytest

from aztoolkit.backends import choice, choose_backend, open_evaluator, setting, tensorrt
from aztoolkit.backends.choice import Runtime
from aztoolkit.errors import MachineError
from aztoolkit.hardware import Gpu
from aztoolkit.model import ModelSpec
from aztoolkit.plan import plan_path
from tests.export.conftest import make_constant_model

CARD = Gpu("RTX 4060", "580.1", 8188, "8.9")


@pytest.fixture
def model(az_spec: ModelSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return make_constant_model(tmp_path / "m.onnx", az_spec)


def machine(monkeypatch: pytest.MonkeyPatch, gpus: list[Gpu], *runtimes: Runtime) -> None:
    """Makes this machine one with these cards and usable runtimes."""
    for module in (choice, setting, tensorrt):
        monkeypatch.setattr(module, "probe_gpus", lambda: gpus)
    lacks = {name: None if name in runtimes else f"no {name}" for name in choice.RUNTIMES}
    monkeypatch.setattr(choice, "missing", lacks.__getitem__)


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


def test_a_plan_beside_the_model_is_taken(model: Path, monkeypatch: pytest.MonkeyPatch):
    machine(monkeypatch, [CARD], "cpu", "rtx", "tensorrt")
    assert choose_backend(model).backend == "rtx"
    plan_path(model, "tensorrt", "8.9").write_bytes(b"plan")
    assert choose_backend(model).backend == "tensorrt"


def test_int8_stays_on_the_processor_without_a_plan(
    az_spec: ModelSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    int8 = az_spec.model_copy(update={"precision": "int8"})
    model = make_constant_model(tmp_path / "int8.onnx", int8)
    machine(monkeypatch, [CARD], "cpu", "rtx", "cuda")
    assert choose_backend(model).backend == "cpu"


def save(model: Path, backend: Runtime, threads: int = 2) -> None:
    found = setting.make_setting(
        model, backend=backend, threads=threads, batch=16, evals_per_s=1234.0
    )
    setting.save_setting(found)


def test_what_was_measured_comes_first(model: Path, monkeypatch: pytest.MonkeyPatch):
    machine(monkeypatch, [], "cpu", "openvino")
    save(model, "openvino")
    chosen = choose_backend(model)
    assert (chosen.backend, chosen.threads) == ("openvino", 2)
    assert "1,234/s" in chosen.reason
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
