"""Checkpoints of a run as opponents: exported for the match, and gone after it."""

import json
import subprocess
import tempfile

import pytest

from aztoolkit.cli import main
from aztoolkit.files import sha256
from tests.export.conftest import make_checkpoint

QUICK = ["--simulations", "2", "--max-plies", "6", "--workers", "1", "--pairs", "1"]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """The weights of a small random network, in a run folder."""
    return make_checkpoint(tmp_path_factory.mktemp("run")).path


@pytest.fixture
def scratch(tmp_path, monkeypatch):
    """Where temporary folders are made."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_a_checkpoint_plays_and_leaves_nothing(checkpoint, scratch, capsys, monkeypatch):
    exports, run = [], subprocess.run

    def counted(command, **options):
        exports.extend(word for word in command if word == "export")
        return run(command, **options)

    monkeypatch.setattr("eval.opponents.subprocess.run", counted)
    assert main(["match", str(checkpoint), str(checkpoint), *QUICK, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    for side in ("a", "b"):
        assert found[side]["name"] == checkpoint.stem
        assert found[side]["source"] == str(checkpoint)
        assert found[side]["sha256"] == sha256(checkpoint)
        assert found[side]["evaluations"] > 0
    assert found["pentanomial"] == [0, 0, 1, 0, 0]
    assert len(exports) == 1
    assert list(scratch.iterdir()) == []
    assert not (checkpoint.parent.parent / "export").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "expected a checkpoint, got nothing at"),
        (b"no weights", "expected a checkpoint that `aztoolkit export` can read, got"),
    ],
)
def test_what_is_no_checkpoint_is_one_line(scratch, tmp_path, capsys, content, message):
    path = tmp_path / "broken.safetensors"
    if content is not None:
        path.write_bytes(content)
    assert main(["match", str(path), "uniform", *QUICK]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert message in printed.err
    assert str(path) in printed.err
    assert list(scratch.iterdir()) == []
