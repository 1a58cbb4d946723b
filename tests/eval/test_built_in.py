"""The data that come with the gate."""

from pathlib import Path

from eval.built_in import BOOK, SUITE, tell_path


def test_reports_name_them_alike_on_every_machine(tmp_path: Path):
    assert BOOK.is_file()
    assert SUITE.is_file()
    assert tell_path(BOOK) == "eval/data/openings.epd"
    assert tell_path(SUITE) == "eval/data/tactics.epd"
    assert tell_path(tmp_path / "openings.epd") == str(tmp_path / "openings.epd")
