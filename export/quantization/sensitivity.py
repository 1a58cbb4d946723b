"""What each rounded layer costs in accuracy, what it saves in time, and which go back to float.

    alone      the distance to FP32 if this layer only is rounded         what it causes
    gain       by how much the distance falls if this layer is not        what floating it buys
    price      by how much the model then slows down (`prices`)           what that costs

The distance is the policy's mean KL and the mean win-rate error, each as a share of what it is with all
layers rounded. Layers whose return lowers the KL go back to float in the order of gain by price, until the KL
is within a budget or half of the multiply-adds are in float. That is no share of the time which INT8 saves
here, for where the model will run it may save more; only the order is by this processor's times. Each time
the KL is measured anew, because what layers cause does not simply add up. All is measured with ONNX Runtime,
as shipped, on a sample of the calibration positions.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray

from aztoolkit.evaluator import Evaluation
from export.distances import Distances, distances
from export.progress import Watch, ignore_stages
from export.quantization.prices import Prices, find_prices, work_shares
from export.quantization.rounded import Rounded
from export.quantization.sessions import answers_of

POSITIONS = 400
_MOST_FLOATED = 0.5
"""Share of the multiply-adds that may go back to float; beyond it FP32 or FP16 is the better choice."""


@dataclass(frozen=True)
class Cost:
    """What one layer costs and saves."""

    layer: str
    kl_alone: float
    """Mean policy KL in nats with this layer alone rounded."""
    winrate_alone: float
    """99th percentile of the win-rate error, 0 to 1, likewise."""
    kl_gain: float
    """Fall of the mean policy KL of the rounded model if this layer is float, as a share of it."""
    winrate_gain: float
    """Fall of its mean win-rate error, likewise."""
    price_ms: float
    """Milliseconds a batch of 16 that it then takes longer."""

    @property
    def gain(self) -> float:
        """Of policy and value together."""
        return (self.kl_gain + self.winrate_gain) / 2

    @property
    def worth(self) -> float:
        """Gain by price."""
        return self.gain / self.price_ms


@dataclass(frozen=True)
class Search:
    """What a search for layers to put back to float found."""

    costs: tuple[Cost, ...]
    """Of all layers, the most worthwhile to put back first."""
    floated: tuple[str, ...]
    """Layers that were put back."""
    kl: float
    """Mean policy KL then."""
    kl_before: float
    """Mean policy KL with all layers rounded."""
    held: bool
    """Whether the budget was held."""


class Judge:
    """Knows the FP32 model's answers to a sample of positions, and how far others are from them."""

    def __init__(
        self,
        original: onnx.ModelProto,
        planes: NDArray[np.float32],
        legal: Sequence[NDArray[np.intp]],
    ) -> None:
        """Asks the FP32 model.

        Args:
            planes: `[N, C, 8, 8]`.
            legal: policy indices of the legal moves of each; empty for all moves.
        """
        self.planes = planes
        self._truth = answers_of(original, planes)
        every = np.arange(self._truth.policy.shape[1])
        self._legal = list(legal) or [every] * len(planes)

    def distances(self, model: onnx.ModelProto) -> Distances:
        """Returns how far a model is."""
        answers: Evaluation = answers_of(model, self.planes)
        return distances(self._truth, answers, self._legal)

    def kl(self, model: onnx.ModelProto) -> float:
        """Returns the mean policy KL of a model in nats."""
        return float(self.distances(model).kl.mean())


def search_layers(
    original: onnx.ModelProto,
    rounded: Rounded,
    judge: Judge,
    budget_kl: float,
    *,
    watch: Watch = ignore_stages,
) -> tuple[Rounded, Search]:
    """Returns the model with as many layers in float as a budget of mean KL takes, and why these."""
    first = judge.distances(rounded.graph())
    before = float(first.kl.mean())
    prices = find_prices(original, rounded, judge.planes)
    costs = rank_layers(rounded, judge, first, prices, watch=watch)
    shares = work_shares(rounded)
    floated: list[str] = []
    kl, share = before, 0.0
    for cost in costs:
        if kl <= budget_kl:
            break
        if cost.kl_gain <= 0 or share + shares[cost.layer] > _MOST_FLOATED:
            continue
        attempt = judge.kl(rounded.without([*floated, cost.layer]).graph())
        if attempt < kl:
            floated.append(cost.layer)
            kl, share = attempt, share + shares[cost.layer]
    found = Search(tuple(costs), tuple(floated), kl, before, kl <= budget_kl)
    return rounded.without(floated), found


def rank_layers(
    rounded: Rounded,
    judge: Judge,
    before: Distances,
    prices: Prices,
    *,
    watch: Watch = ignore_stages,
) -> list[Cost]:
    """Returns what each rounded layer costs, the most worthwhile to put back to float first.

    Args:
        before: distances with all of them rounded.
    """
    names = [layer.name for layer in rounded.scheme.layers]
    progress = watch("measuring sensitivity", len(names) * len(judge.planes))
    costs = []
    for name in names:
        alone = rounded.without([other for other in names if other != name]).graph()
        caused = judge.distances(alone)
        left = judge.distances(rounded.without([name]).graph())
        costs.append(
            Cost(
                layer=name,
                kl_alone=float(caused.kl.mean()),
                winrate_alone=float(np.percentile(caused.winrate, 99)),
                kl_gain=_fall(before.kl, left.kl),
                winrate_gain=_fall(before.winrate, left.winrate),
                price_ms=prices.price_ms(name),
            )
        )
        progress(len(judge.planes))
    return sorted(costs, key=lambda cost: -cost.worth)


def _fall(before: NDArray[np.float64], after: NDArray[np.float64]) -> float:
    """Returns the share of a mean that is gone; 0 where there was none."""
    mean = float(before.mean())
    return 1.0 - float(after.mean()) / mean if mean else 0.0
