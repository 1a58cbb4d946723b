"""Takes pictures of the page: `python -m tests.serve.screenshot RUN FOLDER`, by day, by night, on a phone.

`board.png` of them is the README's (`docs/board.png`).
"""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import httpx
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.serve.conftest import BROWSERS, ServerProcess
from tests.serve.page import FLAGS, click_move, moves_made

SCREEN, PHONE = (1280, 860), (390, 844)
MOVES = 7
SIMULATIONS = "400"
PLAN = ("e2e4", "g1f3", "f1c4", "e1g1", "d2d4", "b1c3", "c1g5", "d1e2", "a1d1", "h2h3", "a2a3")
"""Moves of White, each made as soon as it can be; against a beginner most of them can."""
THINK_MS = 120_000
SETTLE_MS = 600
ANALYSIS_MS = 2500


def main(run: Path, folder: Path) -> None:
    """Plays the plan against the engines of `run` and saves what the page shows, view by view."""
    folder.mkdir(parents=True, exist_ok=True)
    server = ServerProcess(run, "--simulations", SIMULATIONS)
    executable = next(filter(None, map(shutil.which, BROWSERS)))
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
            with _opened(browser, server.url, SCREEN, "light") as page:
                _play(page, server.url)
                game = page.url
                _take(page, folder / "board.png")
                _views(page, folder, "light")
            with _opened(browser, game, SCREEN, "dark") as page:
                _take(page, folder / "play-dark.png")
                _views(page, folder, "dark")
            with _opened(browser, game, PHONE, "light") as page:
                _take(page, folder / "play-phone.png", full=True)
                _views(page, folder, "phone", full=True)
            browser.close()
    finally:
        server.stop()


@contextmanager
def _opened(
    browser: Browser, url: str, size: tuple[int, int], scheme: Literal["light", "dark"]
) -> Iterator[Page]:
    width, height = size
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
    page.goto(url)
    yield page
    page.close()


def _play(page: Page, url: str) -> None:
    for move in range(MOVES):
        expect(page.locator("#status")).to_contain_text("Your move", timeout=THINK_MS)
        legal = httpx.get(f"{url}api/games/{page.url.split('/')[-1]}").json()["legal_moves"]
        uci = next(uci for uci in (*PLAN, *legal) if uci in legal)
        page.wait_for_timeout(250)
        click_move(page, uci[:2], uci[2:])
        expect(moves_made(page)).to_have_count(2 * move + 2, timeout=THINK_MS)


def _views(page: Page, folder: Path, name: str, *, full: bool = False) -> None:
    page.keyboard.press("n")
    page.get_by_role("group", name="Black").get_by_label("Strength").wait_for()
    _take(page, folder / f"new-game-{name}.png")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Analyse", exact=True).click()
    page.wait_for_timeout(ANALYSIS_MS)
    _take(page, folder / f"analyse-{name}.png", full=full)
    for view in ("Compare", "Engines"):
        page.get_by_role("link", name=view, exact=True).click()
        page.wait_for_timeout(ANALYSIS_MS if view == "Compare" else SETTLE_MS)
        _take(page, folder / f"{view.lower()}-{name}.png", full=full)
    disagreements = page.get_by_role("link", name="Where it disagrees most")
    if disagreements.count():
        disagreements.first.click()
        _take(page, folder / f"disagreements-{name}.png", full=full)


def _take(page: Page, picture: Path, *, full: bool = False) -> None:
    page.mouse.move(0, 0)
    page.wait_for_timeout(SETTLE_MS)
    page.screenshot(path=picture, full_page=full)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
