"""The page in a real Chromium: real clicks, real answers."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.serve.conftest import ServerProcess
from tests.serve.page import FLAGS, center_of, click_move, drag_move, expect_piece, start_from

pytestmark = pytest.mark.browser

ANSWER_MS = 20_000
PROMOTION = "3r4/4P1k1/8/8/8/8/6K1/8 w - - 0 1"
MATE_IN_ONE = "6k1/5ppp/8/8/8/8/8/R5K1 w - - 0 1"


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Browser, server: ServerProcess) -> Iterator[Page]:
    """The page with a new game as White; fails if it loads from elsewhere or the console complains."""
    opened = browser.new_page(viewport={"width": 1280, "height": 860})
    opened.set_default_timeout(ANSWER_MS)
    complaints: list[str] = []
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("console", lambda said: complaints.append(said.text) if _bad(said.text) else None)
    opened.on(
        "request", lambda sent: complaints.append(sent.url) if _far(sent.url, server) else None
    )
    opened.goto(server.url)
    expect(opened.locator("#status")).to_have_text("Your move.")
    yield opened
    opened.close()
    assert complaints == []


def _bad(text: str) -> bool:
    return "Content Security Policy" in text


def _far(url: str, server: ServerProcess) -> bool:
    return not url.startswith((server.url, "data:"))


def expect_moves(page: Page, count: int) -> None:
    expect(page.locator("#moves button")).to_have_count(count, timeout=ANSWER_MS)


def test_click_makes_a_move_and_the_engine_answers(page: Page) -> None:
    click_move(page, "e2", "e4")
    expect_moves(page, 2)
    expect(page.locator("#status")).to_contain_text("INT8 played")
    assert page.locator("#moves button").first.inner_text() == "e4"
    expect_piece(page, "e4", "white pawn")
    expect(page.locator("#evaluation .line .san").first).to_be_visible()
    expect(page.locator("#evaluation .top-moves tbody tr")).to_have_count(5)
    expect(page.locator(".effort")).to_contain_text("16 simulations")


def test_drag_makes_a_move(page: Page) -> None:
    drag_move(page, "g1", "f3")
    expect_moves(page, 2)
    assert page.locator("#moves button").first.inner_text() == "Nf3"


def test_legal_moves_are_dotted_and_others_do_nothing(page: Page) -> None:
    click_move(page, "b1", "b4")
    expect_moves(page, 0)
    page.mouse.click(*center_of(page, "b1"))
    expect(page.locator("cg-board square.move-dest")).to_have_count(2)


def test_new_game_as_black_turns_the_board_and_the_engine_moves_first(page: Page) -> None:
    page.get_by_role("button", name="Play as Black").click()
    expect_moves(page, 1)
    expect(page.locator("#board")).to_contain_class("orientation-black")
    click_move(page, "e7", "e5", orientation="black")
    expect_moves(page, 3)


def test_promotion_is_chosen_by_click(page: Page) -> None:
    start_from(page, PROMOTION)
    click_move(page, "e7", "e8")
    page.get_by_role("dialog", name="Promote to").get_by_role("button", name="knight").click()
    expect_moves(page, 2)
    assert page.locator("#moves button").first.inner_text() == "e8=N+"
    expect_piece(page, "e8", "white knight")


def test_promotion_can_be_called_off(page: Page) -> None:
    start_from(page, PROMOTION)
    click_move(page, "e7", "e8")
    expect(page.get_by_role("button", name="queen")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".promotion")).to_have_count(0)
    expect_piece(page, "e7", "white pawn")
    expect_moves(page, 0)


def test_chosen_engine_is_the_one_that_plays(page: Page) -> None:
    expect(page.locator(".engine", has_text="INT8")).to_contain_text("accepted")
    page.get_by_role("radio", name="FP32").check()
    page.select_option("#simulations", "50")
    expect(page.locator("#seat-far")).to_contain_text("FP32")
    click_move(page, "d2", "d4")
    expect_moves(page, 2)
    expect(page.locator(".effort")).to_contain_text("50 simulations")
    expect(page.locator(".effort")).to_contain_text("fp32")


def test_checkmate_is_announced(page: Page) -> None:
    start_from(page, MATE_IN_ONE)
    click_move(page, "a1", "a8")
    expect(page.locator("#status")).to_have_text("You win — checkmate.")
    expect(page.locator("#moves .result")).to_have_text("1-0 · checkmate")
    expect(page.locator("cg-board square.check")).to_have_count(1)


def test_reload_resumes_the_game(page: Page) -> None:
    click_move(page, "c2", "c4")
    expect_moves(page, 2)
    moves = page.locator("#moves button").all_inner_texts()
    page.reload()
    expect_moves(page, 2)
    assert page.locator("#moves button").all_inner_texts() == moves


def test_forgotten_game_is_replaced_by_a_new_one(page: Page, server: ServerProcess) -> None:
    page.goto("about:blank")
    page.goto(f"{server.url}#forgotten")
    expect(page.get_by_role("alert")).to_contain_text("no longer known")
    expect(page.locator("#status")).to_have_text("Your move.")


def test_take_back_and_stepping_through_the_game(page: Page) -> None:
    click_move(page, "e2", "e4")
    expect_moves(page, 2)
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect_piece(page, "e2", "white pawn")
    page.get_by_role("button", name="Current position").click()
    expect_piece(page, "e4", "white pawn")
    page.get_by_role("button", name="Take back").click()
    expect_moves(page, 0)
    expect_piece(page, "e2", "white pawn")


def test_move_can_be_typed(page: Page) -> None:
    page.get_by_label("Your move in words").fill("Nf9")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Nf9 is not a legal move")
    page.get_by_label("Your move in words").fill("Nf3")
    page.keyboard.press("Enter")
    expect_moves(page, 2)


def test_broken_fen_is_told_and_the_game_goes_on(page: Page) -> None:
    start_from(page, "nonsense")
    expect(page.get_by_role("alert")).to_contain_text("expected 8 rows")
    click_move(page, "e2", "e4")
    expect_moves(page, 2)


def test_phone_shows_the_board_without_scrolling_sideways(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    box = page.locator("cg-board").bounding_box()
    assert box is not None
    assert box["width"] > 330
    assert box["x"] + box["width"] <= 390
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    click_move(page, "e2", "e4")
    expect_moves(page, 2)
