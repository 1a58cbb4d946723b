"""The engine's own measurement: a few positions, a fixed number of nodes each."""

import time
from collections.abc import Iterator

import chess

from aztoolkit.mcts import SearchConfig, create_mcts
from aztoolkit.uci.clock import Budget, Watch
from aztoolkit.uci.commands import Go
from aztoolkit.uci.networks import Network
from aztoolkit.uci.thinking import Thinking

NODES = 800
POSITIONS = (
    chess.STARTING_FEN,
    "r3k2r/p1ppqpb1/bn2pnp1/3PN3/1p2P3/2N2Q1p/PPPBBPPP/R3K2R w KQkq - 0 1",
    "r1bq1rk1/ppp2ppp/2np1n2/2b1p3/2B1P3/2NP1N2/PPP2PPP/R1BQ1RK1 w - - 0 7",
    "rnbqkb1r/pp2pppp/3p1n2/8/3NP3/8/PPP2PPP/RNBQKB1R w KQkq - 1 5",
    "8/2p5/3p4/KP5r/1R3p1k/8/4P1P1/8 w - - 0 1",
    "6k1/5ppp/8/8/3r4/8/5PPP/3R2K1 b - - 0 30",
)


def bench(network: Network, nodes: int = NODES) -> Iterator[str]:
    """Yields a line for each position and at last `N nodes M nps`; trees are new, nothing is cached."""
    spec = network.evaluator.spec
    config = SearchConfig(encoding=spec.encoding, action_space=spec.action_space)
    total, began_s = 0, time.perf_counter()
    for number, fen in enumerate(POSITIONS, start=1):
        go = Go(nodes=nodes)
        thinking = Thinking(
            search=create_mcts(config),
            evaluator=network.evaluator,
            board=chess.Board(fen),
            go=go,
            watch=Watch(go, Budget(), began_s=time.monotonic()),
            batch=network.batch,
        )
        result = thinking.run()
        total += result.simulations
        yield f"info string position {number}: {result.best_move.uci()}, {result.simulations} nodes"
    yield f"{total} nodes {round(total / (time.perf_counter() - began_s))} nps"
