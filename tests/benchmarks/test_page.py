"""Visits of the page, timed in a real Chromium."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from aztoolkit.errors import MissingDependencyError
from benchmarks.page import visit
from tests.serve.conftest import ServerProcess, chromium  # noqa: F401 (a fixture)
from tests.serve.networks import write_model


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    """A tiny engine, served by a process."""
    process = ServerProcess(write_model(tmp_path / "fp32.onnx"))
    yield process
    process.stop()


@pytest.mark.browser
@pytest.mark.usefixtures("chromium")
def test_visits_are_timed_until_the_board_can_be_used(server: ServerProcess) -> None:
    times = visit(server.url, visits=1)
    assert len(times.first_s) == len(times.again_s) == 1
    assert min(*times.first_s, *times.again_s) > 0


def test_page_is_left_out_where_there_is_no_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "playwright.sync_api", None)
    with pytest.raises(MissingDependencyError, match="playwright"):
        visit("http://127.0.0.1:1/")
