"""Games in a real Chromium: real clicks, real answers."""

import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests.serve.page import (
    begin,
    center_of,
    click_move,
    drag_move,
    expect_moves,
    expect_piece,
    moves_made,
    type_move,
)

pytestmark = pytest.mark.browser

PROMOTION = "3r4/4P1k1/8/8/8/8/6K1/8 w - - 0 1"
MATE_IN_ONE = "6k1/5ppp/8/8/8/8/8/R5K1 w - - 0 1"
SCHOLARS_MATE = ("e2e4", "e7e5", "f1c4", "b8c6", "d1h5", "g8f6", "h5f7")


def test_click_makes_a_move_and_the_engine_answers(page: Page) -> None:
    click_move(page, "e2", "e4")
    expect_moves(page, 2)
    expect(page.locator("#status")).to_contain_text("INT8 played")
    assert moves_made(page).first.inner_text() == "e4"
    expect_piece(page, "e4", "white pawn")
    expect(page.locator("#evaluation .line .san").first).to_be_visible()
    expect(page.locator("#evaluation .top-moves tbody tr")).to_have_count(5)
    expect(page.locator(".effort")).to_contain_text("16 simulations")
    expect(page.locator("#graph svg polygon")).to_have_count(3)


def test_drag_makes_a_move(page: Page) -> None:
    drag_move(page, "g1", "f3")
    expect_moves(page, 2)
    assert moves_made(page).first.inner_text() == "Nf3"


def test_legal_moves_are_dotted_and_others_do_nothing(page: Page) -> None:
    click_move(page, "b1", "b4")
    expect_moves(page, 0)
    page.mouse.click(*center_of(page, "b1"))
    expect(page.locator("cg-board square.move-dest")).to_have_count(2)


def test_whole_game_to_mate_with_a_human_on_either_side(page: Page) -> None:
    begin(page, black="You")
    for ply, uci in enumerate(SCHOLARS_MATE, 1):
        click_move(page, uci[:2], uci[2:])
        expect_moves(page, ply)
        expect(moves_made(page).nth(ply - 1)).not_to_have_text("…")
    expect(page.locator("#status")).to_have_text("White wins — checkmate.")
    expect(page.locator("#moves .result")).to_have_text("1-0 · checkmate")


def test_mate_of_the_engine_is_announced(page: Page) -> None:
    begin(page, fen=MATE_IN_ONE)
    click_move(page, "a1", "a8")
    expect(page.locator("#status")).to_have_text("You win — checkmate.")
    expect(page.locator("cg-board square.check")).to_have_count(1)
    expect(page.locator("#spoken")).to_have_text("You win — checkmate.")


def test_black_turns_the_board_and_the_engine_moves_first(page: Page) -> None:
    asked: list[Request] = []
    page.on(
        "request", lambda request: asked.append(request) if "engine-move" in request.url else None
    )
    begin(page, white="INT8", black="You")
    expect_moves(page, 1)
    assert len(asked) == 1
    expect(page.locator("#board")).to_contain_class("orientation-black")
    click_move(page, "e7", "e5", orientation="black")
    expect_moves(page, 3)


def test_promotion_is_chosen_by_click(page: Page) -> None:
    begin(page, fen=PROMOTION)
    click_move(page, "e7", "e8")
    page.get_by_role("dialog", name="Promote to").get_by_role("button", name="knight").click()
    expect_moves(page, 2)
    assert moves_made(page).first.inner_text() == "e8=N+"
    expect_piece(page, "e8", "white knight")


def test_promotion_can_be_called_off(page: Page) -> None:
    begin(page, fen=PROMOTION)
    click_move(page, "e7", "e8")
    expect(page.get_by_role("button", name="queen")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".promotion")).to_have_count(0)
    expect_piece(page, "e7", "white pawn")
    expect_moves(page, 0)


def test_move_made_while_the_engine_thinks_is_played_in_advance(page: Page) -> None:
    held: list[Route] = []
    page.route("**/engine-move", lambda route: route.continue_() if held else held.append(route))
    click_move(page, "e2", "e4")
    expect(page.locator("#status")).to_have_text("INT8 is thinking…")
    click_move(page, "a2", "a4")
    expect(page.locator("cg-board square.current-premove")).to_have_count(2)
    held[0].continue_()
    expect(moves_made(page).nth(2)).to_have_text("a4")


def test_engine_and_strength_of_a_game_under_way_can_be_changed(page: Page) -> None:
    page.get_by_role("button", name="New game").click()
    page.select_option("#black-engine", "fp32")
    page.select_option("#black-simulations", "50")
    page.select_option("#black-temperature", "1")
    page.get_by_role("button", name="Change players only").click()
    expect(page.locator("#seat-far")).to_contain_text("FP32")
    expect(page.locator("#seat-far")).to_contain_text("50 simulations · temperature 1")
    click_move(page, "d2", "d4")
    expect_moves(page, 2)
    expect(page.locator(".effort")).to_contain_text("50 simulations")
    expect(page.locator(".effort")).to_contain_text("fp32")


def test_engines_play_each_other_until_paused(page: Page) -> None:
    begin(page, white="FP32", black="INT8", simulations="1")
    expect(moves_made(page).nth(2)).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#status")).to_contain_text("Paused.")
    page.wait_for_timeout(1200)
    count = moves_made(page).count()
    page.wait_for_timeout(800)
    expect_moves(page, count)
    page.get_by_role("button", name="Continue").click()
    expect(moves_made(page).nth(count)).to_be_visible()


def test_take_back_and_stepping_through_the_game(page: Page) -> None:
    click_move(page, "e2", "e4")
    expect_moves(page, 2)
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#board .cg-shapes g[cgHash]").first).to_be_attached()
    page.keyboard.press("ArrowLeft")
    expect_piece(page, "e2", "white pawn")
    page.get_by_role("button", name="Current position").click()
    expect_piece(page, "e4", "white pawn")
    page.get_by_role("button", name="Take back").click()
    expect_moves(page, 0)
    expect_piece(page, "e2", "white pawn")


def test_resigning_is_asked_twice(page: Page) -> None:
    page.get_by_role("button", name="Resign").click()
    expect(page.locator("#status")).to_have_text("Your move.")
    page.get_by_role("button", name="Really resign?").click()
    expect(page.locator("#status")).to_contain_text("You lose")
    expect(page.locator("#moves .result")).to_contain_text("0-1")


def test_keyboard_alone_plays_and_a_screen_reader_hears(page: Page) -> None:
    page.keyboard.press("m")
    page.keyboard.type("Nf9")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Nf9 is not a legal move")
    page.get_by_label("Your move in words").fill("")
    page.keyboard.type("Nf3")
    page.keyboard.press("Enter")
    expect_moves(page, 2)
    expect(page.locator("#spoken")).to_contain_text("INT8 plays")
    page.locator("body").click(position={"x": 5, "y": 400})
    page.keyboard.press("f")
    expect(page.locator("#board")).to_contain_class("orientation-black")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()


def test_broken_fen_is_told_where_it_was_typed_and_the_game_goes_on(page: Page) -> None:
    begin(page, fen="nonsense")
    expect(page.locator("#new-game").get_by_role("alert")).to_contain_text("xpected")
    page.get_by_role("button", name="Cancel").click()
    click_move(page, "e2", "e4")
    expect_moves(page, 2)


def test_pgn_comes_in_and_goes_out(page: Page) -> None:
    begin(page, black="You", pgn='[Event "?"]\n\n1. e4 c5 2. Nf3 *')
    expect_moves(page, 3)
    type_move(page, "d6")
    expect_moves(page, 4)
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Download PGN").click()
    assert downloading.value.suggested_filename.endswith(".pgn")
    pgn = downloading.value.path().read_text()
    assert "1. e4 c5 2. Nf3 d6" in pgn
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy PGN").click()
    expect(page.get_by_role("alert")).to_have_text("PGN copied.")
    assert "2. Nf3 d6" in page.evaluate("navigator.clipboard.readText()")


def test_sounds_are_off_until_wanted(page: Page) -> None:
    sounds = page.get_by_role("button", name="Sounds")
    expect(sounds).to_have_attribute("aria-pressed", "false")
    sounds.click()
    page.reload()
    expect(sounds).to_have_attribute("aria-pressed", "true")
