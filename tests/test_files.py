"""Atomic writing and hashing."""

import hashlib
from pathlib import Path

import pytest

from aztoolkit.errors import InputError
from aztoolkit.files import atomic_path, sha256, write_json, write_text


def test_writing_creates_folders_and_replaces(tmp_path: Path):
    target = tmp_path / "a" / "b.txt"
    write_text(target, "one")
    write_text(target, "two")
    assert target.read_text() == "two"
    assert list(target.parent.iterdir()) == [target]


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path):
    target = tmp_path / "b.txt"
    write_text(target, "old")

    def fail() -> None:
        with atomic_path(target) as temporary:
            temporary.write_text("half of the n")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_folder_that_is_a_file_is_one_clear_line(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"cannot write .*choose a folder"):
        write_json(tmp_path / "file" / "x.json", {})


def test_sha256(tmp_path: Path):
    (tmp_path / "x").write_bytes(b"abc" * 1_000_000)
    assert sha256(tmp_path / "x") == hashlib.sha256(b"abc" * 1_000_000).hexdigest()
