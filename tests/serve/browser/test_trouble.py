"""What becomes of a game when the page, the connection or the server goes away."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.serve.browser.conftest import ANSWER_MS, OpenPage
from tests.serve.conftest import FEW, ServerProcess
from tests.serve.networks import write_model
from tests.serve.page import begin, click_move, expect_moves, expect_piece, moves_made
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
    open_game: OpenPage, mortal_server: RestartableServer
) -> None:
    page = open_game(mortal_server.url)
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


def test_game_goes_on_with_another_engine_where_its_own_is_gone(
    open_game: OpenPage, mortal_server: RestartableServer, tmp_path: Path
) -> None:
    write_model(tmp_path / "fp32.onnx")
    page = open_game(mortal_server.url)
    click_move(page, "e2", "e4")
    expect_moves(page, 2)
    mortal_server.kill()
    mortal_server.start(tmp_path, "--simulations", str(FEW))
    expect(page.locator("#trouble")).to_contain_text("FP32 plays instead", timeout=ANSWER_MS)
    expect(page.locator("#link")).to_contain_text("Connected", timeout=ANSWER_MS)
    expect(page.locator("#seat-far")).to_contain_text("FP32")
    click_move(page, "d2", "d3")
    expect_moves(page, 4)
    begin(page, black="FP32")
    expect_moves(page, 0)


def test_reload_finds_another_engine_where_that_of_the_game_is_gone(page: Page) -> None:
    def only_fp32(route: Route) -> None:
        engines = route.fetch().json()
        left = [engine for engine in engines["engines"] if engine["id"] == "fp32"]
        route.fulfill(json=engines | {"engines": left, "default": "fp32"})

    forgotten = {"error": {"code": "not_found", "message": "expected a game"}}
    old = page.url.rpartition("/")[2]
    click_move(page, "e2", "e4")
    expect_moves(page, 2)
    page.route("**/api/engines", only_fp32)
    page.route(f"**/api/games/{old}", lambda route: route.fulfill(status=404, json=forgotten))
    page.reload()
    expect(page.locator("#trouble")).to_contain_text("FP32 plays instead")
    expect(page.locator("#seat-far")).to_contain_text("FP32")
    expect_moves(page, 2)


def test_game_that_cannot_be_set_up_again_is_told_and_not_asked_for_any_more(page: Page) -> None:
    click_move(page, "e2", "e4")
    expect_moves(page, 2)
    refusal = {"error": {"code": "bad_position", "message": "expected another game"}}
    page.route("**/api/games", lambda route: route.fulfill(status=422, json=refusal))
    forgotten = {"error": {"code": "not_found", "message": "expected a game"}}
    page.route("**/api/games/*/moves", lambda route: route.fulfill(status=404, json=forgotten))
    click_move(page, "d2", "d3")
    expect(page.locator("#trouble")).to_have_text("Expected another game")
    page.unroute("**/api/games")
    begin(page, black="You")
    expect_moves(page, 0)


def test_take_back_whose_answer_was_lost_takes_back_once(page: Page) -> None:
    sent: list[object] = []

    def lose_the_first(route: Route) -> None:
        sent.append(json.loads(route.request.post_data or "null"))
        if len(sent) == 1:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    for plies, (origin, target) in enumerate([("e2", "e4"), ("a2", "a3")], 1):
        click_move(page, origin, target)
        expect_moves(page, 2 * plies)
    page.route("**/take-back", lose_the_first)
    with page.expect_response("**/take-back"):
        page.get_by_role("button", name="Take back").click()
    expect_moves(page, 2)
    assert sent == [{"plies": 4}, {"plies": 4}]


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
