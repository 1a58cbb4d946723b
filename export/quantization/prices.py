"""What layers cost in time when they go back to float.

    cpu         measured: the rounded model against itself with the layer in float
    tensorrt    by multiply-adds: ONNX Runtime is slow with s8 activations and says nothing of a GPU

Either way in milliseconds a batch of 16 on this processor.
"""

import time
from collections.abc import Sequence
from typing import Protocol

import numpy as np
import onnx
from numpy.typing import NDArray

from aztoolkit.model import INPUT, OUTPUTS
from export.quantization.layers import parameter
from export.quantization.rounded import Rounded
from export.quantization.sessions import open_session

TIMED_BATCH = 16
_TIMED_RUNS = 7
_LEAST_PRICE = 0.01
"""Share of the whole time that is the least price: shorter times cannot be told apart."""


class Prices(Protocol):
    """Times of layers."""

    def price_ms(self, layer: str) -> float:
        """Returns what the layer in float costs beyond the whole model in INT8; above 0."""


def find_prices(original: onnx.ModelProto, rounded: Rounded, planes: NDArray[np.float32]) -> Prices:
    """Returns the prices for the target that a model is rounded for.

    Args:
        planes: `[N, C, 8, 8]`, of which a batch is timed.
    """
    if rounded.scheme.target.name == "cpu":
        return MeasuredPrices(rounded, planes)
    return PricesByWork(original, rounded, planes)


class MeasuredPrices:
    """Prices measured with ONNX Runtime, as shipped."""

    def __init__(self, rounded: Rounded, planes: NDArray[np.float32]) -> None:
        """Measures nothing yet."""
        self._rounded, self._planes, self._whole = rounded, planes, rounded.graph()

    def price_ms(self, layer: str) -> float:
        """Measures the model with and without the layer, in turns."""
        rest = self._rounded.without([layer]).graph()
        with_ms, without_ms = times_ms([self._whole, rest], self._planes)
        return max(without_ms - with_ms, _LEAST_PRICE * with_ms)


class PricesByWork:
    """A layer in float costs its share of the multiply-adds; rounded, it costs nothing."""

    def __init__(
        self, original: onnx.ModelProto, rounded: Rounded, planes: NDArray[np.float32]
    ) -> None:
        """Measures the model in float."""
        self._shares = work_shares(rounded)
        (self._whole_ms,) = times_ms([original], planes)

    def price_ms(self, layer: str) -> float:
        """Returns the layer's share of the time in float."""
        return self._shares[layer] * self._whole_ms


def work_shares(rounded: Rounded) -> dict[str, float]:
    """Returns the share of each rounded layer in the multiply-adds of all of them.

    All read 64 squares, so their weights tell as much.
    """
    graph = rounded.prepared.model.graph
    weights = {layer.name: parameter(graph, layer.weights).size for layer in rounded.scheme.layers}
    whole = sum(weights.values())
    return {layer: count / whole for layer, count in weights.items()}


def times_ms(models: Sequence[onnx.ModelProto], planes: NDArray[np.float32]) -> list[float]:
    """Returns the shortest time of each model for a batch of 16, taken in turns."""
    sessions = [open_session(model) for model in models]
    batch = {INPUT: planes[:TIMED_BATCH]}
    best = [float("inf")] * len(sessions)
    for _ in range(_TIMED_RUNS):
        for place, session in enumerate(sessions):
            start_s = time.perf_counter()
            session.run(list(OUTPUTS), batch)
            best[place] = min(best[place], 1000 * (time.perf_counter() - start_s))
    return best
