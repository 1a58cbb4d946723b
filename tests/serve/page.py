"""The page as a hand and an eye meet it: squares in pixels, pieces on squares."""

from playwright.sync_api import Page

PATIENCE_MS, POLL_MS = 5000, 50
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_PIECE_ON = """square => [...document.querySelectorAll("cg-board piece")]
    .find(piece => piece.cgKey === square && !piece.classList.contains("fading"))
    ?.className.replace(" anim", "") ?? null"""


def center_of(page: Page, square: str, *, orientation: str = "white") -> tuple[float, float]:
    """Returns the pixel in the middle of a square."""
    box = page.locator("cg-board").bounding_box()
    assert box is not None, "there is no board"
    file, rank = _file_and_rank(square, orientation)
    cell = box["width"] / 8
    return box["x"] + (file + 0.5) * cell, box["y"] + (7.5 - rank) * cell


def click_move(page: Page, origin: str, target: str, *, orientation: str = "white") -> None:
    """Clicks a piece, then the square it shall go to."""
    page.mouse.click(*center_of(page, origin, orientation=orientation))
    page.mouse.click(*center_of(page, target, orientation=orientation))


def drag_move(page: Page, origin: str, target: str) -> None:
    """Drags a piece to a square."""
    page.mouse.move(*center_of(page, origin))
    page.mouse.down()
    page.mouse.move(*center_of(page, target), steps=5)
    page.mouse.up()


def start_from(page: Page, fen: str) -> None:
    """Begins a game as White from a position, and waits until it is on the board or refused."""
    page.locator("summary").click()
    page.get_by_label("Position as FEN").fill(fen)
    with page.expect_response("**/api/games"):
        page.get_by_role("button", name="Play as White").click()
    page.mouse.wheel(0, -2000)
    page.wait_for_timeout(250)  # pieces glide for 180 ms


def expect_piece(page: Page, square: str, piece: str) -> None:
    """Waits until a piece such as `white pawn` stands on a square."""
    found = None
    for _ in range(PATIENCE_MS // POLL_MS):
        found = page.evaluate(_PIECE_ON, square)
        if found == piece:
            return
        page.wait_for_timeout(POLL_MS)
    raise AssertionError(f"expected a {piece} on {square}, got {found}")


def _file_and_rank(square: str, orientation: str) -> tuple[int, int]:
    file, rank = ord(square[0]) - ord("a"), int(square[1]) - 1
    return (file, rank) if orientation == "white" else (7 - file, 7 - rank)
