"""The losses of the network's answers: over legal moves alone, and their means over many steps."""

from collections.abc import Mapping

from torch import Tensor

_ILLEGAL_LOGIT = -1e4
"""Low enough to vanish in a softmax, and finite, so that 0 * log(0) stays 0."""


def legal_logits(policy: Tensor, legal: Tensor) -> Tensor:
    """Returns policy logits, `[B, A]` float32, in which moves that are not `legal` weigh nothing."""
    return policy.float().masked_fill(~legal, _ILLEGAL_LOGIT)


class MeanLosses:
    """Losses by name, each the mean over all steps however often they were read."""

    def __init__(self) -> None:
        self._means: dict[str, float] = {}
        self._steps = 0

    def add(self, means: Mapping[str, float], steps: int) -> None:
        """Takes in the means over so many steps more."""
        self._steps += steps
        for name, mean in means.items():
            before = self._means.get(name, 0.0)
            self._means[name] = before + (mean - before) * steps / self._steps

    def read(self) -> dict[str, float]:
        """Returns the means; nothing without a step."""
        return dict(self._means)
