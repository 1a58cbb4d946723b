"""Borders that import-linter cannot see: C++ includes, Cython, and what a fresh process loads."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

CPP = REPOSITORY / "aztoolkit" / "cpp"
MAY_INCLUDE = {
    "chess": {"chess"},
    "encode": {"chess", "encode"},
    "mcts": {"chess", "encode", "mcts"},
    "replay": {"chess", "encode", "replay"},
}
FORBIDDEN_HEADERS = {"Python.h", "iostream", "fstream", "cstdio", "stdio.h", "numpy/arrayobject.h"}


def includes(path: Path) -> list[str]:
    return re.findall(r'^\s*#include\s+["<]([^">]+)[">]', path.read_text(), flags=re.MULTILINE)


@pytest.mark.parametrize("folder", MAY_INCLUDE)
def test_cpp_folders_include_only_those_before_them(folder: str):
    sources = [path for path in (CPP / folder).iterdir() if path.suffix in {".h", ".cpp"}]
    assert sources
    for path in sources:
        for header in includes(path):
            assert header not in FORBIDDEN_HEADERS, f"{path} includes {header}"
            first = header.split("/")[0]
            assert first not in MAY_INCLUDE or first in MAY_INCLUDE[folder], f"{path}: {header}"


def test_there_is_one_door_into_cpp():
    assert [
        path.name for path in REPOSITORY.glob("[!.]*/**/*.pyx") if "build" not in path.parts
    ] == ["_native.pyx"]


@pytest.mark.parametrize(
    ("module", "banned"),
    [
        ("aztoolkit.player", {"torch", "onnxruntime", "fastapi", "pyarrow"}),
        ("aztoolkit.backends", {"torch", "onnxruntime"}),
        ("aztoolkit.uci.engine", {"torch", "onnx", "onnxruntime", "fastapi", "pyarrow"}),
        ("serve.app", {"torch", "onnx", "pyarrow"}),
        ("eval.gate", {"torch", "onnx", "pyarrow", "fastapi"}),
    ],
)
def test_a_fresh_process_loads_only_what_its_layer_may(module: str, banned: set[str]):
    script = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert not banned & set(done.stdout.split())
