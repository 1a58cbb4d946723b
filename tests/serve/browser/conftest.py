"""A Chromium, servers for it, and pages that fail if they ask other hosts or break their own policy."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from aztoolkit.files import sha256
from tests.serve.conftest import FEW, ServerProcess
from tests.serve.networks import write_levels
from tests.serve.page import FLAGS
from tests.serve.restarts import RestartableServer

ANSWER_MS = 20_000
SCREEN = {"width": 1280, "height": 860}
WORST = {
    "start_fen": "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1",
    "moves": ["e2e4", "e7e5"],
    "kl": 0.21,
    "winrate_error": 0.043,
    "first": {"move": "g1f3", "probability": 0.5, "winrate": 0.54},
    "second": {"move": "f1c4", "probability": 0.4, "winrate": 0.5},
}
"""A position that the tiny engines shall have disagreed on."""

OpenPage = Callable[..., Page]


@pytest.fixture(scope="package")
def browser(chromium: Path) -> Iterator[Browser]:
    """A Chromium; its event loop would get in the way of tests elsewhere that have one of their own."""
    expect.set_options(timeout=ANSWER_MS)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def compared_run(run_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny run with pages of reports, the Elo of a level, and where its engines disagree."""
    run = tmp_path_factory.mktemp("compared") / "tiny"
    shutil.copytree(run_folder, run)
    compare = run / "export" / "int8.compare.json"
    original = {"sha256": sha256(run / "export" / "fp32.onnx")}
    report = {**json.loads(compare.read_bytes()), "first": original, "worst": [WORST]}
    compare.write_text(json.dumps(report))
    (run / "export" / "int8.gate.html").write_text(
        "<!doctype html><title>Gate</title><h1>Gate</h1>"
    )
    write_levels(run / "export" / "int8.onnx")
    return run


@pytest.fixture(scope="package")
def tiny_server(compared_run: Path) -> Iterator[ServerProcess]:
    """The tiny engines, served by a process."""
    process = ServerProcess(compared_run, "--simulations", str(FEW))
    yield process
    process.stop()


@pytest.fixture
def mortal_server(compared_run: Path) -> Iterator[RestartableServer]:
    """A server that can be killed and started again at the same address."""
    server = RestartableServer(compared_run, "--simulations", str(FEW))
    yield server
    server.kill()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """Opens addresses; fails in the end if a page asked another host, threw, or broke its policy."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def opening(url: str, **options: object) -> Page:
        context = browser.new_context(**{"viewport": SCREEN, **options})  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(ANSWER_MS)
        _listen(page, url, complaints)
        page.goto(url)
        return page

    yield opening
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def open_game(open_page: OpenPage) -> OpenPage:
    """Opens addresses and waits for the new game: a click before it is there meets an idle board."""

    def opening(url: str, **options: object) -> Page:
        page = open_page(url, **options)
        expect(page.locator("#status")).to_have_text("Your move.", timeout=ANSWER_MS)
        return page

    return opening


@pytest.fixture
def page(open_game: OpenPage, tiny_server: ServerProcess) -> Page:
    """The page with a new game as White."""
    return open_game(tiny_server.url)


def _listen(page: Page, url: str, complaints: list[str]) -> None:
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if _bad(said.text) else None)
    page.on("request", lambda sent: complaints.append(sent.url) if _far(sent.url, url) else None)
    page.on(
        "websocket", lambda opened: complaints.append(opened.url) if _far(opened.url, url) else None
    )


def _bad(text: str) -> bool:
    return "Content Security Policy" in text


def _far(asked: str, url: str) -> bool:
    if url == "about:blank":
        return False
    host = url.split("/")[2]
    return not asked.startswith((f"http://{host}/", f"ws://{host}/", "data:", "blob:"))
