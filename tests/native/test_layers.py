"""What import-linter cannot see: which C++ folder includes which."""

import re
from pathlib import Path

import pytest

CPP = Path(__file__).parent.parent.parent / "aztoolkit" / "cpp"
ALLOWED = {
    "chess": {"chess"},
    "encode": {"chess", "encode"},
    "mcts": {"chess", "encode", "mcts"},
}
FORBIDDEN_HEADERS = {"Python.h", "iostream", "fstream", "cstdio", "filesystem"}


@pytest.mark.parametrize("folder", sorted(path.name for path in CPP.iterdir() if path.is_dir()))
def test_folder_includes_only_what_stands_before_it(folder: str) -> None:
    for path in (CPP / folder).iterdir():
        for kind, header in re.findall(r'#include (["<])([^">]+)', path.read_text()):
            if kind == '"':
                assert header.split("/")[0] in ALLOWED[folder], f"{path.name} includes {header}"
            assert header not in FORBIDDEN_HEADERS, f"{path.name} includes {header}"
