"""The other views in a real Chromium: analysis, comparison, engines; how they look and what they weigh."""

import json
from collections.abc import Sequence

import pytest
from playwright.sync_api import (
    FloatRect,
    Page,
    Response,
    ViewportSize,
    WebSocketRoute,
    expect,
)

from tests.conftest import REPOSITORY, missing
from tests.serve.browser.conftest import ANSWER_MS, OpenPage
from tests.serve.conftest import ServerProcess
from tests.serve.page import begin, click_move, expect_moves

pytestmark = pytest.mark.browser

AXE = REPOSITORY / "serve" / "web" / "node_modules" / "axe-core" / "axe.min.js"
FAULTS = """async () => {
    const found = await axe.run(document, { resultTypes: ["violations"] });
    return found.violations
        .filter(({ impact }) => impact === "serious" || impact === "critical")
        .map(({ id, nodes }) => `${id}: ${nodes.map(node => node.html).join(" ")}`);
}"""
UPRIGHT = [(320, 568), (360, 720), (390, 844)]
SIDEWAYS = [(568, 320), (667, 375), (844, 390)]
MOST_BYTES = 300_000
ENDGAME = "8/8/8/4k3/8/8/4P3/4K3 w - - 0 1"


ENDS = {
    "checkmate": "R5k1/5ppp/8/8/8/8/8/6K1 b - - 0 1",
    "insufficient material": "8/8/8/4k3/8/8/8/4K3 w - - 0 1",
    "fifty moves without capture or pawn move": "8/8/8/4k3/8/8/3R4/4K3 w - - 100 90",
    "threefold repetition": "1. Nf3 Nf6 2. Ng1 Ng8 3. Nf3 Nf6 4. Ng1 Ng8 *",
}


@pytest.fixture
def analysis(open_page: OpenPage, tiny_server: ServerProcess) -> Page:
    """The page with an analysis of the usual position."""
    opened = open_page(f"{tiny_server.url}#/analyse")
    opened.select_option("#analysis-simulations", "400")
    return opened


def test_analysis_deepens_and_follows_the_moves(analysis: Page) -> None:
    expect(analysis.locator(".figures")).to_have_attribute("data-done", "true", timeout=ANSWER_MS)
    expect(analysis.locator(".variations li")).to_have_count(4)
    expect(analysis.locator("#analysis-run")).to_have_text("Analyse")
    click_move(analysis, "e2", "e4")
    expect(analysis.locator("#analysis-moves button")).to_have_text(["e4"])
    expect(analysis.locator(".variations .number").first).to_have_text("1…")
    expect(analysis.locator("#board svg text").first).to_be_attached()
    analysis.reload()
    expect(analysis.locator("#analysis-moves button")).to_have_text(["e4"])


def test_analysis_is_stopped_and_goes_on(analysis: Page) -> None:
    analysis.select_option("#analysis-simulations", "100000")
    run, figures = analysis.locator("#analysis-run"), analysis.locator(".figures")
    expect(figures).to_have_attribute("data-done", "false")
    expect(run).to_have_text("Stop")
    run.click()
    expect(run).to_have_text("Analyse")
    run.click()
    expect(run).to_have_text("Stop")
    expect(figures).to_have_attribute("data-done", "false")


def test_what_was_said_in_one_view_is_not_said_in_the_next(analysis: Page) -> None:
    analysis.locator("#analysis-move").fill("Qh9")
    analysis.keyboard.press("Enter")
    expect(analysis.get_by_role("alert")).to_contain_text("Qh9")
    analysis.get_by_role("link", name="Engines").click()
    expect(analysis.locator("#trouble")).to_be_hidden(timeout=2000)  # by itself it goes after 8 s


def test_analysis_takes_positions_and_games(analysis: Page) -> None:
    analysis.get_by_text("Set up a position or a game").click()
    for text, moves in ((ENDGAME, 0), ("1. e4 e5 2. Nf3 *", 3)):
        analysis.get_by_label("FEN or PGN").fill(text)
        analysis.get_by_role("button", name="Set up").click()
        expect(analysis.locator("#analysis-moves button")).to_have_count(moves)
    analysis.get_by_label("FEN or PGN").fill("8/8/8/8/8/8/8/8 w - - 0 1")
    analysis.get_by_role("button", name="Set up").click()
    expect(analysis.get_by_role("alert")).to_contain_text("xpected a possible position")
    analysis.get_by_role("button", name="Play from here").click()
    assert " 1 2" in analysis.get_by_label("Position as FEN").input_value()


def set_up(page: Page, text: str) -> None:
    """Sets up a position or the end of a game."""
    page.evaluate("document.getElementById('set-up-card').open = true")
    page.get_by_label("FEN or PGN").fill(text)
    page.get_by_role("button", name="Set up").click()


def refuse(socket: WebSocketRoute) -> None:
    """Answers every message with a refusal."""

    def answer(message: str | bytes) -> None:
        error = {"code": "bad_position", "message": "expected another position"}
        event = {"type": "error", "id": json.loads(message)["id"], "error": error}
        socket.send(json.dumps(event))

    socket.on_message(answer)


def test_two_engines_beside_each_other(page: Page) -> None:
    click_move(page, "e2", "e4")
    expect_moves(page, 2)
    page.get_by_role("link", name="Compare").click()
    page.select_option("#analysis-simulations", "100")
    for name in ("FP32", "INT8"):
        column = page.get_by_role("region", name=name)
        expect(column.locator(".figures")).to_have_attribute("data-done", "true", timeout=ANSWER_MS)
        expect(column).to_contain_text("Nodes/s")
        expect(column.locator(".top-moves tbody tr")).to_have_count(5)
    expect(page.locator("#agreement")).to_contain_text("prefer")
    expect(page.locator("#analysis-moves button")).to_have_count(2)


def test_engines_tell_their_verdict_and_where_they_disagree(page: Page) -> None:
    page.get_by_role("link", name="Engines").click()
    card = page.locator(".engine-card", has_text="INT8")
    expect(card).to_contain_text("The gate accepted this engine")
    expect(card).to_contain_text("49.8 % in 400 games")
    report = card.get_by_role("link", name="The gate's report").get_attribute("href")
    assert report == "/api/engines/int8/gate.html"
    card.get_by_role("link", name="Where it disagrees most").click()
    expect(page.get_by_role("heading", name="Where INT8 and FP32 disagree most")).to_be_visible()
    position = page.locator(".disagreement")
    expect(position).to_contain_text("Nf3 50 %")
    expect(position).to_contain_text("Bc4 40 %")
    expect(position.locator("cg-board piece")).to_have_count(32)
    position.get_by_role("link", name="Analyse").click()
    expect(page.locator("#analysis-moves button")).to_have_text(["e4", "e5"])
    expect(page.get_by_role("region", name="INT8")).to_be_visible()
    page.go_back()
    position.get_by_role("button", name="Play").click()
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_role("complementary", name="Game")).to_contain_text("Your move.")
    assert "#/play/" in page.url


def test_analysis_says_that_the_game_is_over(analysis: Page) -> None:
    opinion, trouble = analysis.locator(".opinion"), analysis.locator("#trouble")
    for end, text in ENDS.items():
        set_up(analysis, "nonsense")
        expect(trouble).to_be_visible()
        set_up(analysis, text)
        expect(opinion).to_contain_text(f"The game is over here: {end}.")
        expect(trouble).to_be_hidden()
    set_up(analysis, ENDGAME)
    expect(opinion.locator(".figures")).to_be_visible()


def test_column_says_why_the_server_does_not_analyse(
    open_page: OpenPage, tiny_server: ServerProcess
) -> None:
    page = open_page("about:blank")
    page.route_web_socket("**/api/analysis", refuse)
    page.goto(f"{tiny_server.url}#/analyse")
    expect(page.locator(".opinion")).to_contain_text("Expected another position")


def test_board_can_be_read_and_heard(page: Page) -> None:
    click_move(page, "e2", "e4")
    expect_moves(page, 2)
    page.keyboard.press("ArrowLeft")
    words = page.locator("#position")
    expect(words).to_contain_text("White: king e1; queen d1; rooks a1 and h1;")
    expect(words).to_contain_text("pawns a2, b2, c2, d2, e4, f2, g2 and h2. Black: king e8;")
    expect(words).to_contain_text("Black to move.")
    page.keyboard.press("b")
    expect(page.locator("#spoken")).to_have_text(words.inner_text())


def test_phone_shows_every_view_without_scrolling_sideways(
    open_game: OpenPage, tiny_server: ServerProcess
) -> None:
    page = open_game(tiny_server.url, viewport=size_of(UPRIGHT[0]), has_touch=True)
    for screen in UPRIGHT:
        page.set_viewport_size(size_of(screen))
        assert board_of(page)["width"] > screen[0] - 60
    click_move(page, "e2", "e4")
    expect_moves(page, 2)
    expect_no_scrolling_sideways(page, UPRIGHT)
    page.get_by_role("link", name="Play", exact=True).click()
    page.context.set_offline(True)
    click_move(page, "d2", "d4")
    expect(page.locator("#link")).to_contain_text("No connection")
    expect_width(page, UPRIGHT)


def test_phone_held_sideways_has_the_board_beside_the_panel(
    open_game: OpenPage, tiny_server: ServerProcess
) -> None:
    page = open_game(tiny_server.url, viewport=size_of(SIDEWAYS[0]), has_touch=True)
    for screen in SIDEWAYS:
        page.set_viewport_size(size_of(screen))
        board, panel = board_of(page), page.locator("#play-panel").bounding_box()
        assert panel is not None
        assert board["width"] >= screen[1] - 70
        assert board["y"] + board["height"] <= screen[1]
        assert board["x"] + board["width"] < panel["x"]
    expect_no_scrolling_sideways(page, SIDEWAYS)


def size_of(screen: tuple[int, int]) -> ViewportSize:
    """Returns a width and height as a browser takes them."""
    return {"width": screen[0], "height": screen[1]}


def board_of(page: Page) -> FloatRect:
    """Returns where the board is, in pixels."""
    box = page.locator("cg-board").bounding_box()
    assert box is not None
    return box


def expect_width(page: Page, screens: Sequence[tuple[int, int]]) -> None:
    """Measures what is shown, what is out of sight included, on screens of some sizes."""
    for screen in screens:
        page.set_viewport_size(size_of(screen))
        page.wait_for_timeout(50)
        assert page.evaluate("document.documentElement.scrollWidth") <= screen[0], screen


def expect_no_scrolling_sideways(page: Page, screens: Sequence[tuple[int, int]]) -> None:
    """Goes through the views."""
    for view in ("Play", "Analyse", "Compare", "Engines"):
        link = page.get_by_role("link", name=view, exact=True)
        link.click()
        expect(link).to_have_attribute("aria-current", "page")
        if view == "Compare":
            expect(page.locator("#opinions .top-moves tr").first).to_be_visible()
        expect_width(page, screens)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault(
    open_game: OpenPage, tiny_server: ServerProcess, scheme: str
) -> None:
    if not AXE.is_file():
        missing("axe-core (make setup)")
    page = open_game(tiny_server.url, bypass_csp=True, color_scheme=scheme)
    begin(page)
    click_move(page, "e2", "e4")
    expect_moves(page, 2)
    page.add_script_tag(path=AXE)
    assert _faults(page) == []
    page.keyboard.press("n")
    assert _faults(page) == []
    page.keyboard.press("Escape")
    for view in ("Analyse", "Compare", "Engines", "Where it disagrees most"):
        page.get_by_role("link", name=view, exact=True).click()
        if view == "Compare":
            expect(page.locator("#agreement")).to_contain_text("prefer", timeout=ANSWER_MS)
        assert _faults(page) == [], view


def test_theme_can_be_chosen_against_the_system(page: Page) -> None:
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="Colours").click()
    page.get_by_role("button", name="Colours: light").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before


def test_first_load_is_light(open_page: OpenPage, tiny_server: ServerProcess) -> None:
    page = open_page("about:blank")
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))
    page.goto(tiny_server.url)
    expect(page.locator("#status")).to_have_text("Your move.")
    sizes = {answer.url: answer.request.sizes()["responseBodySize"] for answer in answers}
    assert sum(sizes.values()) < MOST_BYTES, sizes


def _faults(page: Page) -> list[str]:
    page.wait_for_timeout(100)
    found: list[str] = page.evaluate(FAULTS)
    return found
