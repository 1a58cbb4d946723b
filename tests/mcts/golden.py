"""Golden trees: what a search must find on every machine, in every version.

python -m tests.mcts.golden       writes them anew, by the reference

Each line of `golden/trees.jsonl` is one search: where the game began, the moves played, the settings, the
simulations of each search (the tree being kept while the best moves are played) and the visited nodes
of the last tree, as "depth move visits".
"""

import json
import random
from pathlib import Path
from typing import Any

import chess

from aztoolkit.mcts import SearchConfig, run
from aztoolkit.mcts.native import NativeSearch
from aztoolkit.mcts.reference import ReferenceSearch
from aztoolkit.model import ModelSpec
from tests.mcts.trees import ExactEvaluator, random_board, rows

TREES = Path(__file__).parent / "golden" / "trees.jsonl"
SEED = 2017
SIMULATIONS = [[1], [2], [40], [150], [60, 60, 60]]
SETTINGS: list[dict[str, Any]] = [  # Any: fields of SearchConfig
    {"batch_size": 1},
    {"batch_size": 8, "noise_fraction": 0.25, "seed": 1},
    {"batch_size": 4, "prove_ends": False, "c_puct": 3.0},
    {"batch_size": 1, "algorithm": "gumbel", "seed": 2},
    {"batch_size": 16, "algorithm": "gumbel", "gumbel_scale": 0.0},
    {"batch_size": 4, "encoding": "lc0_112", "action_space": "lc0_1858"},
]
SPEC = ModelSpec(
    encoding="az119",
    action_space="az4672",
    network={"kind": "checksum"},
    precision="fp32",
    checkpoint_sha256="",
    training_step=0,
    tools={},
)


def search_again(
    kind: type[ReferenceSearch] | type[NativeSearch], tree: dict[str, Any]
) -> list[str]:
    """Returns the nodes that such a search visits."""
    board = chess.Board(tree["fen"], chess960=tree["chess960"])
    for uci in tree["moves"]:
        board.push_uci(uci)
    config = SearchConfig.model_validate(tree["settings"])
    search, evaluator = kind(config), ExactEvaluator(spec_of(config))
    for i, simulations in enumerate(tree["simulations"]):
        if i:
            board.push(search.result().best_move)
        search.start(board, simulations)
        run([search], evaluator)
    return [f"{depth} {move} {visits}" for depth, move, visits, *_ in rows(search)]


def spec_of(config: SearchConfig) -> ModelSpec:
    """Returns the spec of a network that answers such a search."""
    named = {"encoding": config.encoding, "action_space": config.action_space}
    return SPEC.model_copy(update=named)


def load() -> list[dict[str, Any]]:
    """Returns the committed trees."""
    return [json.loads(line) for line in TREES.read_text().splitlines()]


def main() -> None:
    """Writes the golden trees."""
    rng, lines = random.Random(SEED), []
    for settings in SETTINGS:
        for simulations in SIMULATIONS:
            board = random_board(rng, most_plies=80)
            tree = {
                "fen": board.root().fen(shredder=board.chess960),
                "chess960": board.chess960,
                "moves": [move.uci() for move in board.move_stack],
                "settings": settings,
                "simulations": simulations,
            }
            tree["nodes"] = search_again(ReferenceSearch, tree)
            lines.append(json.dumps(tree))
    TREES.parent.mkdir(exist_ok=True)
    TREES.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
