"""The page as a hand and an eye meet it: squares in pixels, pieces on squares."""

from playwright.sync_api import Locator, Page, expect

PATIENCE_MS, POLL_MS, GLIDE_MS = 5000, 50, 250
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_DIALOG_ANSWERED = "#new-game:not([open]), #new-game .dialog-trouble:not(:empty)"
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


def begin(page: Page, *, white: str = "You", black: str = "INT8", **chosen: str) -> None:
    """Begins a game by the dialog, and waits until it is there or refused.

    Args:
        chosen: `simulations` of every engine, `fen` or `pgn` to start from.
    """
    page.get_by_role("button", name="New game").click()
    for side, player in (("white", white), ("black", black)):
        names = page.locator(f"#{side}-engine option").all_inner_texts()
        label = next(name for name in names if name.startswith(player))
        page.select_option(f"#{side}-engine", label=label)
        if player != "You" and "simulations" in chosen:
            page.select_option(f"#{side}-simulations", chosen["simulations"])
    for field in ("fen", "pgn"):
        if field in chosen:
            page.evaluate("document.getElementById('start-from').open = true")
            page.fill(f"#{field}", chosen[field])
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.locator(_DIALOG_ANSWERED).first).to_be_attached()
    page.wait_for_timeout(GLIDE_MS)


def type_move(page: Page, words: str) -> None:
    """Types a move, such as `Nf3`."""
    page.get_by_label("Your move in words").fill(words)
    page.keyboard.press("Enter")


def expect_moves(page: Page, count: int) -> None:
    """Waits until so many moves have been made."""
    expect(moves_made(page)).to_have_count(count, timeout=4 * PATIENCE_MS)


def moves_made(page: Page) -> Locator:
    """Returns the buttons of the moves of the game."""
    return page.locator("#moves button")


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
