"""`aztoolkit perft`: counts the leaves of the tree of legal moves, the usual proof of a move generator."""

import time
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import TypeVar

from aztoolkit.console import human_console, print_json
from aztoolkit.errors import ConfigError, MissingDependencyError, PositionError

STARTPOS = "startpos"
MAX_DEPTH = 100
"""Far beyond what can be counted; thousands of plies would end the stack."""
_POLL_S = 0.1
ResultT = TypeVar("ResultT")


def perft(
    fen: str, depth: int, *, divide: bool = False, chess960: bool = False, json: bool = False
) -> int:
    """Count the leaves of the tree of legal moves.

    For example:
        aztoolkit perft startpos 6
        aztoolkit perft "r3k2r/8/8/8/8/8/8/R3K2R w KQkq - 0 1" 4 --divide

    Parameters
    ----------
    fen: str
        The position, as a FEN in quotes, or startpos.
    depth: int
        How many plies deep, at most 100; the last ply is counted, not played.
    divide: bool
        Also print the leaves below each first move.
    chess960: bool
        Castle by the rules of Chess960, and write it as king takes rook.
    json: bool
        Print one JSON document.
    """
    try:
        from aztoolkit import _native as native
    except ImportError as error:
        raise MissingDependencyError(
            "expected the compiled rules, got none: they were not built when aztoolkit was "
            "installed; install a C++20 compiler and aztoolkit again"
        ) from error
    _check_depth(depth, least=1 if divide else 0)
    root = native.START_FEN if fen == STARTPOS else fen
    if not chess960 and native.Game(root).fen() != native.Game(root, chess960=True).fen():
        raise PositionError(
            f"expected kings and rooks that castle to stand as in usual chess, got {fen!r}; "
            "add --chess960, or take these castling rights out of the FEN"
        )
    moves: dict[str, int] | None = None
    started_s = time.perf_counter()
    if divide:
        moves = _interruptible(lambda: native.perft_divide(root, depth, chess960=chess960))
        nodes = sum(moves.values())
    else:
        nodes = _interruptible(lambda: native.perft(root, depth, chess960=chess960))
    elapsed_s = time.perf_counter() - started_s
    if json:
        _print_json(root, depth, nodes, elapsed_s, moves)
    else:
        _print(nodes, elapsed_s, moves)
    return 0


def _check_depth(depth: int, *, least: int) -> None:
    if not least <= depth <= MAX_DEPTH:
        raise ConfigError(f"expected a perft depth of {least} to {MAX_DEPTH}, got {depth}")


def _interruptible(call: Callable[[], ResultT]) -> ResultT:
    """Returns what `call` returns; Ctrl-C ends the wait, which native code in this thread would not see."""
    result: Future[ResultT] = Future()

    def work() -> None:
        try:
            result.set_result(call())
        except BaseException as error:
            result.set_exception(error)

    thread = Thread(target=work, daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(_POLL_S)
    return result.result()


def _print_json(
    fen: str, depth: int, nodes: int, elapsed_s: float, moves: dict[str, int] | None
) -> None:
    report = {
        "fen": fen,
        "depth": depth,
        "nodes": nodes,
        "elapsed_s": elapsed_s,
        "nps": round(nodes / elapsed_s),
    }
    print_json(report if moves is None else {**report, "divide": moves})


def _print(nodes: int, elapsed_s: float, moves: dict[str, int] | None) -> None:
    console = human_console()
    for move, leaves in sorted((moves or {}).items()):
        console.print(f"{move}: {leaves}")
    console.print(f"{nodes} nodes in {elapsed_s:.3f} s, {nodes / elapsed_s / 1e6:.0f} M nodes/s")
