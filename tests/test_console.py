"""Words for people are printed as they are."""

import pytest

from aztoolkit.console import human_console, progress_console


def test_names_of_files_are_no_style(capsys: pytest.CaptureFixture[str]):
    name = "model[bold]v2[/].onnx :smile:"
    human_console().print(name)
    progress_console().print(name)
    captured = capsys.readouterr()
    assert captured.out == captured.err == name + "\n"
