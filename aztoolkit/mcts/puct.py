"""Which move to try next by PUCT, the formula of AlphaZero.

    argmax  Q(s, a) + c(s) P(s, a) sqrt(sum_b N(s, b)) / (1 + N(s, a))
    c(s) = c_puct + ln((1 + N(s) + c_puct_base) / c_puct_base)

N counts virtual visits too; Q of an unvisited move is the parent's value less `fpu_reduction` times the
root of the policy mass already visited.

Sources: Silver et al. 2018 (the formula and its constants); lc0 (first-play urgency).
"""

import math

from aztoolkit.mcts.config import SearchConfig
from aztoolkit.mcts.node import LOSS, Node


def select_puct(parent: Node, config: SearchConfig) -> Node:
    """Returns the best child of a node that has been evaluated; of equals the first."""
    growth = math.log((1 + parent.started + config.c_puct_base) / config.c_puct_base)
    scale = (config.c_puct + growth) * math.sqrt(max(parent.started - 1, 1))
    seen = 0.0  # not sum(), whose rounding differs between versions of Python
    for child in parent.children:
        seen += child.prior if child.visits else 0.0
    unvisited = -parent.value - config.fpu_reduction * math.sqrt(seen)

    def score(child: Node) -> float:
        value = child.value if child.visits else unvisited
        return value + scale * child.prior / (1 + child.started)

    return max(candidates(parent, config), key=score)


def candidates(parent: Node, config: SearchConfig) -> list[Node]:
    """Returns the children that are not proven lost; of a lost root all of them."""
    if not config.prove_ends:
        return parent.children
    return [child for child in parent.children if child.end != LOSS] or parent.children
