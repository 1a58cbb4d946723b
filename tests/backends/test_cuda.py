"""ONNX Runtime's providers for cards: what they are asked for, and what is said where they do not start."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from aztoolkit.backends import cuda, missing, ort, rtx
from aztoolkit.errors import MachineError, MissingDependencyError
from aztoolkit.hardware import Gpu
from aztoolkit.model import ModelSpec
from tests.backends.nvidia_fakes import fake_library, write_plan
from tests.export.conftest import make_constant_model

CARD = Gpu("RTX 4060", "580.1", 8188, "8.9")


@pytest.fixture
def model(az_spec: ModelSpec, tmp_path: Path) -> Path:
    return make_constant_model(tmp_path / "m.onnx", az_spec)


def test_a_runtime_without_the_provider_says_how_to_get_it(model: Path):
    with pytest.raises(MissingDependencyError, match=r"pip install 'aztoolkit\[cuda\]'"):
        cuda.open_model(model)


def test_a_machine_without_a_card_says_so(model: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ort, "available_providers", lambda: [cuda.PROVIDER, ort.PROVIDER])
    monkeypatch.setattr(cuda, "probe_gpus", list)
    with pytest.raises(MachineError, match="expected an NVIDIA card, got none"):
        cuda.open_model(model)


def test_a_provider_that_does_not_start_is_not_passed_over(
    model: Path, monkeypatch: pytest.MonkeyPatch
):
    """ONNX Runtime falls back to the processor; that would be a benchmark of the wrong thing."""
    monkeypatch.setattr(ort, "available_providers", lambda: [cuda.PROVIDER, ort.PROVIDER])
    monkeypatch.setattr(cuda, "probe_gpus", lambda: [CARD])
    monkeypatch.setattr(cuda, "_on_cuda", ort.on_cpu)
    with pytest.raises(MachineError, match=f"expected {cuda.PROVIDER} to start, got CPU") as info:
        cuda.open_model(model)
    assert "'aztoolkit[cuda]'" in str(info.value)


def test_the_rtx_provider_that_does_not_start_names_its_own_extra(
    model: Path, monkeypatch: pytest.MonkeyPatch
):
    on_cpu = SimpleNamespace(get_providers=lambda: [ort.PROVIDER])
    monkeypatch.setattr(rtx, "_read_spec", lambda _model: None)
    monkeypatch.setattr(ort, "_open_session", lambda *_: on_cpu)
    with pytest.raises(MachineError, match=f"expected {rtx.PROVIDER} to start") as info:
        rtx._compile(model, 1)
    assert "'aztoolkit[rtx]'" in str(info.value)


def test_cuda_comes_before_the_processor_with_its_libraries_loaded(
    capsys: pytest.CaptureFixture[str],
):
    done = []
    runtime = SimpleNamespace(
        set_default_logger_severity=done.append, preload_dlls=lambda: print("Failed to load x")
    )
    assert cuda._on_cuda(runtime, None) == {"providers": [cuda.PROVIDER, ort.PROVIDER]}
    del runtime.preload_dlls
    assert cuda._on_cuda(runtime, None)["providers"][0] == cuda.PROVIDER
    assert done == [ort.FATAL_ONLY] * 2
    assert capsys.readouterr().out == "", "it would stand in the way of a JSON document"


class FakeRuntime:
    """The part of onnxruntime that registers plugins."""

    def __init__(self, *, devices: int = 1, fails: str | None = None) -> None:
        self._devices, self._fails, self.registered = devices, fails, []

    def get_ep_devices(self) -> list[SimpleNamespace]:
        cpu = SimpleNamespace(ep_name=ort.PROVIDER)
        cards = [SimpleNamespace(ep_name=rtx.PROVIDER, number=n) for n in range(self._devices)]
        return [cpu, *cards] if self.registered else [cpu]

    def register_execution_provider_library(self, name: str, path: str) -> None:
        if self._fails:
            raise RuntimeError(self._fails)
        self.registered.append((name, path))


@pytest.fixture
def plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    module = SimpleNamespace(get_library_path=lambda: "/lib/plugin.so")
    monkeypatch.setitem(sys.modules, rtx.PACKAGE, module)


@pytest.mark.usefixtures("plugin")
def test_the_plugin_is_registered_once_and_the_first_card_taken():
    runtime = FakeRuntime(devices=2)
    assert [device.number for device in rtx._devices(runtime)] == [0]
    assert [device.number for device in rtx._devices(runtime)] == [0]
    assert runtime.registered == [(rtx.PROVIDER, "/lib/plugin.so")]


@pytest.mark.usefixtures("plugin")
@pytest.mark.parametrize(
    ("runtime", "complaint"),
    [
        (FakeRuntime(devices=0), "expected an NVIDIA RTX card"),
        (FakeRuntime(fails="libcuda.so.1: cannot open\nmore"), "libcuda.so.1: cannot open$"),
    ],
)
def test_a_plugin_that_does_not_load_or_finds_no_card_says_so(runtime: FakeRuntime, complaint: str):
    with pytest.raises(MachineError, match=complaint):
        rtx._devices(runtime)


def test_kernels_are_compiled_for_batches_of_the_models_planes_and_kept(
    az_spec: ModelSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    options = rtx._provider_options(az_spec)
    assert options["nv_profile_min_shapes"] == "planes:1x119x8x8"
    assert options["nv_profile_max_shapes"] == f"planes:{rtx.MAX_BATCH}x119x8x8"
    assert Path(options["nv_runtime_cache_path"]).is_dir()
    assert Path(options["nv_runtime_cache_path"]).is_relative_to(tmp_path)


def test_a_card_that_the_plugin_does_not_run_on_is_said(
    model: Path, monkeypatch: pytest.MonkeyPatch
):
    hopper = Gpu("H200", "580.1", 141_000, "9.0")
    monkeypatch.setattr(rtx, "find_spec", lambda _name: "found")
    for module in (cuda, rtx):
        monkeypatch.setattr(module, "probe_gpus", lambda: [hopper])
    with pytest.raises(MachineError, match="got sm90; use --backend cuda"):
        rtx.open_model(model)


def test_a_runtime_that_does_not_load_is_one_line(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", SimpleNamespace(__spec__=None))
    monkeypatch.setattr(ort, "find_spec", lambda _name: "found")
    with pytest.raises(MissingDependencyError, match="expected ONNX Runtime to load"):
        cuda.check()


@pytest.fixture
def only_plans(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with a card and TensorRT-RTX that lacks the plugin of ONNX Runtime."""
    for module in (cuda, rtx, rtx.tensorrt):
        monkeypatch.setattr(module, "probe_gpus", lambda: [CARD])
    for name in ("check_library", "check_cuda"):
        monkeypatch.setattr(rtx.tensorrt, name, lambda *_: None)
    library = fake_library(None, target="rtx", version="1.7")
    for module in (rtx, rtx.tensorrt):
        monkeypatch.setattr(module, "load_library", lambda _target: library)
    monkeypatch.setattr(rtx, "find_spec", lambda _name: None)


@pytest.mark.usefixtures("only_plans")
def test_a_good_plan_beside_the_model_runs_without_the_plugin(
    model: Path, az_spec: ModelSpec, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(rtx.tensorrt, "open_plan", lambda path, library: (path, library.target))
    write_plan(model, az_spec, target="rtx", version="1.7")
    assert rtx.open_model(model) == (model, "rtx")
    assert missing("rtx", model) is None
    assert "plugin" in str(missing("rtx")), "it runs no other model"


@pytest.mark.usefixtures("only_plans")
def test_a_stale_plan_needs_the_plugin_which_compiles_the_model_as_it_is(
    model: Path, az_spec: ModelSpec, monkeypatch: pytest.MonkeyPatch
):
    write_plan(model, az_spec, target="rtx", version="1.6")
    with pytest.raises(MissingDependencyError, match=r"plugin .*built by version 1\.6, not 1\.7"):
        rtx.open_model(model)
    assert "aztoolkit build" in str(missing("rtx", model))
    monkeypatch.setattr(rtx, "find_spec", lambda _name: "found")
    monkeypatch.setattr(rtx, "_compile", lambda *_: "compiled")
    assert rtx.open_model(model) == "compiled"
    assert missing("rtx", model) is None


def test_a_missing_plugin_says_how_to_get_it(model: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(rtx, "find_spec", lambda _name: None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'aztoolkit\[rtx\]'"):
        rtx.open_model(model)
