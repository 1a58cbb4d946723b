"""Takes the README's picture of the board: `python -m tests.serve.screenshot RUN docs/board.png`."""

import shutil
import sys
from pathlib import Path

import httpx
from playwright.sync_api import Page, expect, sync_playwright

from tests.serve.conftest import BROWSERS, ServerProcess
from tests.serve.page import FLAGS, click_move

WIDTH, HEIGHT = 1280, 860
MOVES = 7
SIMULATIONS = "400"
PLAN = ("e2e4", "g1f3", "f1c4", "e1g1", "d2d4", "b1c3", "c1g5", "d1e2", "a1d1", "h2h3", "a2a3")
"""Moves of White, each made as soon as it can be; against a beginner most of them can."""
THINK_MS = 120_000


def main(run: Path, picture: Path) -> None:
    """Plays the plan against the engines of `run` and saves what the page shows then."""
    server = ServerProcess(run, "--simulations", SIMULATIONS)
    executable = next(filter(None, map(shutil.which, BROWSERS)))
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
            page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
            page.goto(server.url)
            _play(page, server.url)
            page.mouse.move(0, 0)
            page.wait_for_timeout(600)
            page.screenshot(path=picture)
            browser.close()
    finally:
        server.stop()


def _play(page: Page, url: str) -> None:
    for move in range(MOVES):
        expect(page.locator("#status")).to_contain_text("Your move", timeout=THINK_MS)
        legal = httpx.get(f"{url}api/games/{page.url.split('#')[1]}").json()["legal_moves"]
        uci = next(uci for uci in (*PLAN, *legal) if uci in legal)
        page.wait_for_timeout(250)
        click_move(page, uci[:2], uci[2:])
        expect(page.locator("#moves button")).to_have_count(2 * move + 2, timeout=THINK_MS)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
