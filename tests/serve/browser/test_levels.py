"""Levels in a real Chromium: chosen in the dialog, seen at the board."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.serve.browser.conftest import OpenPage
from tests.serve.conftest import ServerProcess
from tests.serve.page import click_move, expect_moves

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}
CLUB = "Club · about 1450 Elo"


def open_dialog(page: Page) -> Locator:
    """Opens the dialog of a new game and returns it."""
    page.get_by_role("button", name="New game").click()
    return page.get_by_role("dialog", name="New game")


def shown(select: Locator) -> str:
    """Returns the words of the option that is chosen."""
    words: str = select.evaluate("field => field.selectedOptions[0].textContent")
    return words


def test_a_level_is_chosen_and_seen_on_the_seat(page: Page) -> None:
    dialog = open_dialog(page)
    dialog.get_by_role("group", name="Black").get_by_label("Level").select_option(CLUB)
    expect(page.locator("#black-simulations")).to_have_value("10")
    expect(page.locator("#black-temperature")).to_have_value("1")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.locator("#seat-far")).to_contain_text(f"INT8accepted{CLUB}")
    click_move(page, "e2", "e4")
    expect_moves(page, 2)
    expect(page.locator(".effort")).to_contain_text("10 simulations")
    page.reload()
    expect(page.locator("#seat-far")).to_contain_text(CLUB)


def test_own_settings_are_told_from_levels(page: Page) -> None:
    """The server of these tests was started with 16 simulations, which no level has."""
    open_dialog(page)
    level = page.locator("#black-level")
    assert shown(level) == "Own settings"
    page.select_option("#black-simulations", "800")
    assert shown(level) == "Full"
    page.select_option("#black-temperature", "0.3")
    assert shown(level) == "Own settings"
    level.select_option("Beginner")
    assert page.locator("#black-temperature").input_value() == "1"


def test_elo_is_of_the_engine_that_was_measured_and_levels_change_sides(page: Page) -> None:
    open_dialog(page)
    level = page.locator("#black-level")
    level.select_option(CLUB)
    page.select_option("#black-engine", "fp32")
    assert shown(level) == "Club"
    page.get_by_role("button", name="Swap sides").click()
    assert shown(page.locator("#white-level")) == "Club"
    expect(level).to_be_hidden()
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.locator("#seat-far")).to_contain_text("Club · 10 simulations")


def test_engines_tell_what_their_levels_are_worth(page: Page) -> None:
    page.get_by_role("link", name="Engines").click()
    card = page.locator(".engine-card", has_text="INT8")
    expect(card).to_contain_text("Levels, by UCI_Elo of Stockfish 15.1 at 100 ms a move:")
    expect(card).to_contain_text("about 1450 Elo (1381 to 1511, 100 games)")
    expect(page.locator(".engine-card", has_text="FP32")).not_to_contain_text("Levels")


def test_the_dialog_fits_a_phone_with_two_engines(
    open_game: OpenPage, tiny_server: ServerProcess
) -> None:
    page = open_game(tiny_server.url, viewport=PHONE, has_touch=True)
    dialog = open_dialog(page)
    page.select_option("#white-engine", "int8")
    page.select_option("#white-level", CLUB)
    box = dialog.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE["width"]
    assert dialog.evaluate("element => element.scrollWidth <= element.clientWidth")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.locator("#seat-near")).to_contain_text(CLUB)
    expect(page.locator("#seat-far")).to_contain_text("16 simulations")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
