"""What becomes of a game when the page, the connection or the server goes away."""

import pytest
from playwright.sync_api import Page, Route, expect

from tests.serve.browser.conftest import ANSWER_MS, OpenPage
from tests.serve.conftest import ServerProcess
from tests.serve.page import click_move, expect_moves, expect_piece, moves_made
from tests.serve.restarts import RestartableServer

pytestmark = pytest.mark.browser


def test_reload_resumes_the_game(page: Page) -> None:
    click_move(page, "c2", "c4")
    expect_moves(page, 2)
    moves = moves_made(page).all_inner_texts()
    page.reload()
    expect_moves(page, 2)
    assert moves_made(page).all_inner_texts() == moves


def test_game_nobody_knows_is_replaced_by_a_new_one(page: Page, tiny_server: ServerProcess) -> None:
    page.goto("about:blank")
    page.goto(f"{tiny_server.url}#/play/forgotten")
    expect(page.get_by_role("alert")).to_contain_text("no longer known")
    expect(page.locator("#status")).to_have_text("Your move.")


def test_move_made_without_a_connection_is_played_when_it_is_back(page: Page) -> None:
    page.context.set_offline(True)
    click_move(page, "e2", "e4")
    expect(page.locator("#link")).to_contain_text("No connection")
    expect_piece(page, "e4", "white pawn")
    page.context.set_offline(False)
    expect_moves(page, 2)
    expect(page.locator("#link")).to_contain_text("Connected")


def test_game_outlives_a_server_that_is_killed(
    open_page: OpenPage, mortal_server: RestartableServer
) -> None:
    page = open_page(mortal_server.url)
    click_move(page, "e2", "e4")
    expect_moves(page, 2)
    moves, address = moves_made(page).all_inner_texts(), page.url
    mortal_server.kill()
    expect(page.locator("#link")).to_contain_text("No connection", timeout=ANSWER_MS)
    mortal_server.start()
    expect(page.get_by_role("alert")).to_contain_text("set up again", timeout=ANSWER_MS)
    expect(page.locator("#link")).to_contain_text("Connected", timeout=ANSWER_MS)
    assert moves_made(page).all_inner_texts() == moves
    assert page.url != address
    expect(page.locator("#evaluation .top-moves")).to_be_visible()
    click_move(page, "d2", "d3")
    expect_moves(page, 4)


def test_busy_server_is_asked_again(page: Page) -> None:
    refusals = iter([503, 429])

    def refuse(route: Route) -> None:
        status = next(refusals, None)
        body = '{"error": {"code": "busy", "message": "expected fewer searches"}}'
        if status:
            route.fulfill(status=status, body=body, headers={"Retry-After": "1"})
        else:
            route.continue_()

    page.route("**/engine-move", refuse)
    click_move(page, "e2", "e4")
    expect(page.locator("#link")).to_contain_text("The server is busy")
    expect_moves(page, 2)
    expect(page.locator("#link")).to_contain_text("Connected")
