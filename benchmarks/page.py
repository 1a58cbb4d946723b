"""The server's page in a headless Chromium: seconds from the start of a visit until one can move."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from aztoolkit.errors import MissingDependencyError

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

VISITS = 7
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
_TIMEOUT_MS = 60_000
_SCREEN: "ViewportSize" = {"width": 1280, "height": 860}
_WATCH = """window.usable = new Promise(resolve => {
    const look = () => {
        const status = document.getElementById("status")?.textContent ?? "";
        const pieces = document.querySelectorAll("cg-board piece").length;
        if (status.includes("Your move") && pieces === 32) resolve(performance.now());
        else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
});"""
"""Tells the milliseconds since the visit began (`performance.timeOrigin`), at the frame that shows a board
with all its pieces and says whose move it is."""


class Visits(NamedTuple):
    """Seconds until the board could be used."""

    first_s: list[float]
    """By someone who has never been there, with a browser that already runs."""
    again_s: list[float]
    """By the same one at once again: scripts and styles are in the browser's cache."""


def visit(address: str, *, visits: int = VISITS) -> Visits:
    """Returns how long visits of a server took, one after the other.

    Raises:
        MissingDependencyError: playwright, a Chromium, or the page itself is not there.
    """
    times = Visits([], [])
    with _browser() as browser:
        for number in range(visits + 1):
            with _context(browser) as page:
                first_s = _load(page, address)
                again_s = _load(page, page.url)
            if number:  # the very first visit warms the browser and the server
                times.first_s.append(first_s)
                times.again_s.append(again_s)
    return times


@contextmanager
def _browser() -> Iterator["Browser"]:
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError as error:
        raise MissingDependencyError("expected playwright to visit the page, got none") from error
    executable = next(filter(None, map(shutil.which, _BROWSERS)), None)
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=executable, args=_FLAGS)
        except Error as error:
            raise MissingDependencyError("expected a Chromium that starts, got none") from error
        yield browser
        browser.close()


@contextmanager
def _context(browser: "Browser") -> Iterator["Page"]:
    """A page of a browser that remembers nothing."""
    context: BrowserContext = browser.new_context(viewport=_SCREEN)
    context.set_default_timeout(_TIMEOUT_MS)
    context.add_init_script(_WATCH)
    yield context.new_page()
    context.close()


def _load(page: "Page", address: str) -> float:
    """Returns seconds from the start of a visit until it is one's move on a board that is there."""
    page.goto("about:blank")
    answer = page.goto(address, wait_until="commit")
    if answer is not None and not answer.ok:
        raise MissingDependencyError("expected the built page, got none: run `make setup`")
    return float(page.evaluate("window.usable")) / 1000.0
