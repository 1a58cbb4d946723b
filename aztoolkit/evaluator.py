"""The Evaluator protocol: a network that can be asked; and one that knows nothing."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from aztoolkit.encoding import get_action_space
from aztoolkit.errors import EvaluationError
from aztoolkit.model import ModelSpec


@dataclass(frozen=True)
class Evaluation:
    """What a network says of a batch of positions."""

    policy: NDArray[np.float32]
    """`[B, A]` logits over the action space; illegal moves are not masked."""
    wdl: NDArray[np.float32]
    """`[B, 3]` logits of win, draw and loss for the side to move."""

    def check_finite(self) -> "Evaluation":
        """Returns itself; raises EvaluationError if any logit is NaN or infinite."""
        for name, logits in (("policy", self.policy), ("wdl", self.wdl)):
            if not np.isfinite(logits).all():
                raise EvaluationError(
                    f"expected finite {name} logits from the network, got NaN or infinity; "
                    "its weights or its quantization are broken"
                )
        return self


class Evaluator(Protocol):
    """Maps encoded positions to policy logits and win/draw/loss logits."""

    @property
    def spec(self) -> ModelSpec:
        """What the network is: encoding, action space, precision, provenance."""

    def evaluate(self, planes: NDArray[np.float32]) -> Evaluation:
        """Evaluates `[B, C, 8, 8]` float32 planes.

        Raises:
            EvaluationError: an output is NaN or infinite.
        """

    def close(self) -> None:
        """Frees the network; it cannot be asked again."""


class UniformEvaluator:
    """Finds every move equally good and every position level: search alone."""

    def __init__(self, spec: ModelSpec) -> None:
        self._spec = spec
        self._actions = get_action_space(spec.action_space).size

    @property
    def spec(self) -> ModelSpec:
        return self._spec

    def evaluate(self, planes: NDArray[np.float32]) -> Evaluation:
        batch = len(planes)
        return Evaluation(
            policy=np.zeros((batch, self._actions), dtype=np.float32),
            wdl=np.zeros((batch, 3), dtype=np.float32),
        )

    def close(self) -> None:
        """Does nothing: there is nothing to free."""
