"""Logits that matter: those of legal moves that have a chance.

The search asks for legal moves alone, and a network that was never told off for illegal ones gives them
logits far below all others. A grid that reaches for these is twice as coarse for the moves that count.
At the upper end nothing may be cut off, for there stand the best moves: every plane gets the room that the
best move of any plane has needed.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from aztoolkit.model import OUTPUTS
from export.distances import log_softmax
from export.graph import initializers, producers
from export.quantization.channels import SQUARES
from export.quantization.layers import Layer, Prepared, parameter
from export.quantization.ranges import Range
from export.quantization.sessions import values_of

_LEAST_CHANCE = 1e-4
"""A legal move of a smaller probability may look as if it had this one."""
_POLICY = OUTPUTS[0]


def policy_layer(prepared: Prepared) -> Layer | None:
    """Returns the layer whose planes, flattened and perhaps gathered, are the policy."""
    made_by, tensor = producers(prepared.model.graph), _POLICY
    while tensor in made_by and made_by[tensor].op_type in ("Gather", "Flatten"):
        tensor = made_by[tensor].input[0]
    return next((layer for layer in prepared.layers if layer.output == tensor), None)


def policy_range(
    prepared: Prepared,
    layer: Layer,
    planes: NDArray[np.float32],
    legal: Sequence[NDArray[np.intp]],
) -> Range:
    """Returns the range `[P]` of the logits that matter in each plane of the policy.

    A plane that has none begins where the first of the others does.

    Args:
        legal: policy indices of the legal moves of each position.
    """
    places = _places(prepared, layer)
    channels = len(parameter(prepared.model.graph, layer.bias))
    low, high, start = np.full(channels, np.inf), -np.inf, 0
    for size, values in values_of(prepared.model, [_POLICY], planes):
        for logits, moves in zip(values[_POLICY], legal[start : start + size], strict=True):
            chances = log_softmax(logits[moves])
            moves = moves[chances > np.log(_LEAST_CHANCE)]
            np.minimum.at(low, places[moves], logits[moves])
            high = max(high, float(logits[moves].max()))
        start += size
    low[np.isinf(low)] = low.min()
    return Range(low.astype(np.float32), np.full(channels, high, np.float32))


def _places(prepared: Prepared, layer: Layer) -> NDArray[np.intp]:
    """Returns the plane of each policy index."""
    graph = prepared.model.graph
    last = producers(graph)[_POLICY]
    if last.op_type == "Gather" and last.input[1] in initializers(graph):
        return parameter(graph, last.input[1]).astype(np.intp) // SQUARES
    count = len(parameter(graph, layer.bias)) * SQUARES
    result: NDArray[np.intp] = np.arange(count) // SQUARES
    return result
