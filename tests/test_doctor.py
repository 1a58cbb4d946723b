"""What the doctor says of a machine."""

import json

import pytest

from aztoolkit.backends import missing
from aztoolkit.cli import main
from aztoolkit.doctor import diagnose
from aztoolkit.hardware import Gpu

GPU = Gpu("RTX 4060", "580.1", 8188, "8.9")


@pytest.mark.parametrize(
    ("gpus", "runtimes", "search", "problem"),
    [
        ([], {}, "native", "no ONNX Runtime"),
        ([GPU], {}, "native", "no ONNX Runtime"),
        ([], {"onnxruntime": "1", "onnxruntime-gpu": "1"}, "native", "both installed"),
        ([], {"onnxruntime": "1"}, "python", "native search"),
    ],
)
def test_each_problem_has_its_line(
    gpus: list[Gpu], runtimes: dict[str, str], search: str, problem: str
):
    advice = diagnose(gpus, runtimes, search=search)
    assert advice is not None
    assert problem in advice.problem
    assert "pip" in advice.command


def test_the_right_runtime_is_kept_when_both_are_there():
    both = {"onnxruntime": "1", "onnxruntime-gpu": "1"}
    on_gpu, on_cpu = (diagnose(gpus, both, search="native") for gpus in ([GPU], []))
    assert on_gpu is not None
    assert on_gpu.command.endswith("pip install onnxruntime-gpu")
    assert on_cpu is not None
    assert on_cpu.command.endswith("pip install onnxruntime")


@pytest.mark.parametrize(
    ("gpus", "runtimes"), [([], {"onnxruntime": "1"}), ([GPU], {"onnxruntime-gpu": "1"})]
)
def test_nothing_to_improve(gpus: list[Gpu], runtimes: dict[str, str]):
    assert diagnose(gpus, runtimes, search="native") is None


def test_a_runtime_that_does_not_load_is_installed_anew():
    advice = diagnose([], {"onnxruntime": "1"}, search="native", works=False)
    assert advice is not None
    assert "does not load" in advice.problem
    assert advice.command.endswith("pip install onnxruntime")


@pytest.mark.parametrize(
    ("capability", "command"), [("8.9", "aztoolkit[rtx]"), ("9.0", "aztoolkit[cuda]")]
)
def test_a_card_that_no_runtime_uses_is_said_with_the_runtime_for_it(capability: str, command: str):
    card = Gpu("A card", "580.1", 8188, capability)
    installed = {"onnxruntime": "1"}
    advice = diagnose([card], installed, search="native", usable=["cpu", "openvino"])
    assert advice is not None
    assert "though A card is here" in advice.problem
    assert command in advice.command
    assert diagnose([card], installed, search="native", usable=["cpu", "rtx"]) is None


def test_every_backend_is_listed_with_what_it_lacks(capsys: pytest.CaptureFixture[str]):
    assert main(["doctor", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["backends"]
    lacks = {backend["backend"]: backend["missing"] for backend in listed}
    assert set(lacks) == {"cpu", "cuda", "tensorrt", "rtx", "openvino"}
    assert lacks["cpu"] is None
    for name, line in lacks.items():
        assert line == missing(name)
        assert line is None or "install" in line or "card" in line
    assert main(["doctor"]) == 0
    assert "--backend openvino" in capsys.readouterr().out


def test_json_report_is_one_document(capsys: pytest.CaptureFixture[str]):
    assert main(["doctor", "--json"]) == 0
    captured = capsys.readouterr()
    report = json.loads(captured.out)
    assert report["cpu"]["cores"] >= 1
    assert report["memory_gib"] > 0
    assert "CPUExecutionProvider" in report["providers"]
    assert report["uses"].startswith("ONNX Runtime")


def test_table_names_the_processor(capsys: pytest.CaptureFixture[str]):
    assert main(["doctor"]) == 0
    assert "processor" in capsys.readouterr().out
