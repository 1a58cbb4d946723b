"""Gumbel AlphaZero: at the root sequential halving, below it a deterministic choice.

The root considers the `considered_moves` moves with the highest gumbel + logit. They are visited in
rounds, each of them once a round; after each phase the better half goes on, by

    gumbel(a) + logit(a) + sigma(a)        sigma(a) = (c_visit + max_b N(b)) c_scale q(a)

where q is the *completed* value: that of the search for visited moves, a mix of the network's value and
the visited ones' for the others, all rescaled to 0 ... 1. Below the root, visits follow the *improved
policy*, softmax(logit + sigma), which is also what a network learns from the root:

    argmax  improved(a) - N(a) / (1 + sum_b N(b))

Logits are the logarithms of the priors.

Source: Danihelka et al., "Policy improvement by planning with Gumbel", ICLR 2022; constants and the
mixed value as in mctx (https://github.com/google-deepmind/mctx).
"""

import math
from dataclasses import dataclass

from aztoolkit.mcts.config import SearchConfig
from aztoolkit.mcts.node import Node, softmax
from aztoolkit.mcts.puct import candidates
from aztoolkit.mcts.random import Random

_SMALLEST_PRIOR = 1e-38
_SMALLEST_RANGE = 1e-8


class Halving:
    """The order of sequential halving: in round r, `considered` moves that have r visits get one more."""

    def __init__(self, moves: int, simulations: int) -> None:
        """Shares out `simulations` among so many moves to begin with."""
        self._simulations = simulations
        self._phases = max(1, math.ceil(math.log2(moves)))
        self.considered = moves
        self.round = 0
        self._visited = 0
        self._rounds_left = self._rounds()

    @property
    def begins_phase(self) -> bool:
        """Whether the next simulation is the first after a halving, and chooses by values."""
        return self._visited == 0 and self._rounds_left == self._rounds()

    def advance(self) -> None:
        """Notes that a simulation has started."""
        self._visited += 1
        if self._visited < self.considered:
            return
        self._visited = 0
        self.round += 1
        self._rounds_left -= 1
        if self._rounds_left == 0:
            self.considered = min(self.considered, max(2, self.considered // 2))
            self._rounds_left = self._rounds()

    def _rounds(self) -> int:
        return max(1, self._simulations // (self._phases * self.considered))


@dataclass
class GumbelRoot:
    """What one search draws, and counts, at its root; aligned with the root's children."""

    gumbels: list[float]
    visits_before: list[int]
    """Visits from earlier searches of the same tree."""
    halving: Halving

    @classmethod
    def begin(
        cls, root: Node, config: SearchConfig, *, simulations: int, random: Random
    ) -> "GumbelRoot":
        """Returns the start of a search of an evaluated root by so many simulations."""
        moves = len(root.children)
        return cls(
            gumbels=[config.gumbel_scale * random.gumbel() for _ in range(moves)],
            visits_before=[child.visits for child in root.children],
            halving=Halving(min(moves, config.considered_moves), simulations),
        )

    def select(self, root: Node, config: SearchConfig) -> Node:
        """Returns the child to visit next."""
        return root.children[self._best(root, config, visits=self.halving.round, virtual=True)]

    def best(self, root: Node, config: SearchConfig) -> int:
        """Returns the index of the move to play: the best of those visited most in this search."""
        counts = zip(root.children, self.visits_before, strict=True)
        most = max(child.visits - before for child, before in counts)
        return self._best(root, config, visits=most, virtual=False)

    def _best(self, root: Node, config: SearchConfig, *, visits: int, virtual: bool) -> int:
        scores = [
            gumbel + score
            for gumbel, score in zip(self.gumbels, improved_logits(root, config), strict=True)
        ]

        def key(i: int) -> tuple[bool, float]:
            child = root.children[i]
            count = child.started if virtual else child.visits
            return count - self.visits_before[i] == visits, scores[i]

        return max(range(len(scores)), key=key)


def select_gumbel(parent: Node, config: SearchConfig) -> Node:
    """Returns the child below the root whose visits lag most behind the improved policy."""
    policy = improved_policy(parent, config)
    total = 1 + sum(child.started for child in parent.children)
    lag = {
        id(child): share - child.started / total
        for child, share in zip(parent.children, policy, strict=True)
    }
    return max(candidates(parent, config), key=lambda child: lag[id(child)])


def improved_policy(node: Node, config: SearchConfig) -> list[float]:
    """Returns the policy improved by search, a probability for each child."""
    return softmax(improved_logits(node, config))


def improved_logits(node: Node, config: SearchConfig) -> list[float]:
    """Returns logit + sigma(q) of each child."""
    most = max(child.visits for child in node.children)
    scale = (config.c_visit + most) * config.c_scale
    return [
        math.log(max(child.prior, _SMALLEST_PRIOR)) + scale * value
        for child, value in zip(node.children, completed_values(node), strict=True)
    ]


def completed_values(node: Node) -> list[float]:
    """Returns a value for each child, visited or not, rescaled to 0 (the worst) ... 1 (the best)."""
    mixed = mixed_value(node)
    values = [child.best_known_value if child.visits else mixed for child in node.children]
    lowest = min(values)
    width = max(max(values) - lowest, _SMALLEST_RANGE)
    return [(value - lowest) / width for value in values]


def mixed_value(node: Node) -> float:
    """Returns the value of unvisited children, for the side to move.

    The mean of the network's value, counted once, and of the visited children's values weighted by
    their priors, counted as often as they were visited.
    """
    visits, mass, weighted = 0, 0.0, 0.0
    for child in node.children:
        if child.visits:
            visits += child.visits
            mass += child.prior
            weighted += child.prior * child.best_known_value
    average = weighted / max(mass, _SMALLEST_PRIOR)
    return (visits * average - node.raw_value) / (visits + 1)
