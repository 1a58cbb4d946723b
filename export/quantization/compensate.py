"""Weights rounded one after the other, the rest of a filter making up for each (GPTQ).

Layer by layer, in the order of computation, so that each also sees what rounding did before it:

1. Inputs of the layer over some positions, in float (x) and with all layers before it rounded (x').
2. Weights that bring the rounded input as near as can be to the output in float: least squares, held
   near the weights as they were.
3. One weight of each filter after the other is rounded; those still to come take up what it changed,
   as far as their inputs go along with its own.
4. The bias makes the mean of every channel that of the float model.

Sources: Frantar et al., "GPTQ: Accurate Post-Training Quantization for Generative Pre-trained
Transformers", ICLR 2023 (3); Li et al., "GPTAQ", ICML 2025 (2); Nagel et al., ICCV 2019, section 4.2 (4).
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from export.progress import Watch, ignore_stages
from export.quantization.channels import SQUARES
from export.quantization.layers import Layer, Prepared, parameter, set_parameter
from export.quantization.scheme import Scheme
from export.quantization.sessions import values_of
from export.quantization.write import rounded_name, write_graph

POSITIONS = 512
_SAMPLES_A_WEIGHT = 16
_MOST_SAMPLES = 1 << 14
"""Squares of positions that moments are taken over: so many for each weight of a filter, up to a limit."""
_DAMPING = 0.01
"""Added to the diagonal of the inputs' covariance, as a share of its mean."""


@dataclass
class _Moments:
    """What a layer reads, `K` numbers a square, in float (x) and rounded (x')."""

    mean: NDArray[np.float64]
    """`[K]` of x."""
    rounded_mean: NDArray[np.float64]
    """`[K]` of x'."""
    cross: NDArray[np.float64]
    """`[K, K]` covariance of x and x'."""
    square: NDArray[np.float64]
    """`[K, K]` covariance of x' and x'."""


def compensate(
    prepared: Prepared,
    scheme: Scheme,
    planes: NDArray[np.float32],
    *,
    watch: Watch = ignore_stages,
) -> Prepared:
    """Returns the model with weights that lie on the grids of `scheme`, and biases to go with them.

    Args:
        planes: `[N, C, 8, 8]` positions; `POSITIONS` of them, evenly spread, are used.
        watch: shown one stage of as many positions as there are layers times those used.
    """
    changed = prepared.copy()
    planes = planes[np.linspace(0, len(planes) - 1, min(POSITIONS, len(planes))).astype(int)]
    progress = watch("rounding weights", len(planes) * len(scheme.layers))
    order = [layer.name for layer in scheme.layers]
    for index, layer in enumerate(scheme.layers):
        before = scheme.without(order[index:])
        moments = _measure(prepared, changed, before, layer, planes)
        _compensate_layer(changed, scheme, layer, moments)
        progress(len(planes))
    return changed


def patches(values: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """Returns what a size-preserving convolution reads for each square: `[B * 64, C * size * size]`."""
    edge = size // 2
    padded = np.pad(values, ((0, 0), (0, 0), (edge, edge), (edge, edge)))
    windows = sliding_window_view(padded, (size, size), axis=(2, 3))
    batch, channels = values.shape[:2]
    result: NDArray[np.float32] = windows.transpose(0, 2, 3, 1, 4, 5).reshape(
        batch * values.shape[2] * values.shape[3], channels * size * size
    )
    return result


def round_with_feedback(
    weights: NDArray[np.float64],
    scales: NDArray[np.float64],
    square: NDArray[np.float64],
    limit: int,
) -> NDArray[np.float64]:
    """Returns weights `[F, K]` in whole steps of their filter's scale `[F]`, each the next ones' care.

    Args:
        square: `[K, K]` second moments of the inputs, positive definite.
        limit: largest number of steps.
    """
    order = np.argsort(-np.diag(square))
    rest = weights[:, order].copy()
    inverse = np.linalg.inv(square[np.ix_(order, order)])
    upper = np.linalg.cholesky(inverse).T
    rounded = np.empty_like(rest)
    for k in range(rest.shape[1]):
        rounded[:, k] = np.clip(np.rint(rest[:, k] / scales), -limit, limit) * scales
        error = (rest[:, k] - rounded[:, k]) / upper[k, k]
        rest[:, k + 1 :] -= np.outer(error, upper[k, k + 1 :])
    result = np.empty_like(rounded)
    result[:, order] = rounded
    return result


def _measure(
    exact: Prepared,
    rounded: Prepared,
    before: Scheme,
    layer: Layer,
    planes: NDArray[np.float32],
) -> _Moments:
    """Returns the moments of a layer's input; means over all squares, covariances over some."""
    weights = parameter(exact.model.graph, layer.weights)
    size, inputs = weights.shape[-1], weights[0].size
    written = write_graph(rounded, replace(before, layers=(*before.layers, layer)))
    models = ((exact.model, layer.source), (written, rounded_name(layer.source)))
    x, y = (
        np.concatenate([values[name] for _, values in values_of(model, [name], planes)])
        for model, name in models
    )
    wanted = min(_SAMPLES_A_WEIGHT * inputs, _MOST_SAMPLES)
    share = min(1.0, wanted / (len(planes) * SQUARES))
    chosen = np.random.default_rng(0).random(len(planes) * SQUARES) <= share
    first, second = (_centred(patches(values, size)[chosen]) for values in (x, y))
    return _Moments(
        patches(x.mean(axis=0, keepdims=True), size).mean(axis=0, dtype=np.float64),
        patches(y.mean(axis=0, keepdims=True), size).mean(axis=0, dtype=np.float64),
        (first.T @ second).astype(np.float64) / len(first),
        (second.T @ second).astype(np.float64) / len(first),
    )


def _centred(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    result: NDArray[np.float32] = samples - samples.mean(axis=0)
    return result


def _compensate_layer(changed: Prepared, scheme: Scheme, layer: Layer, moments: _Moments) -> None:
    graph = changed.model.graph
    weights, bias = parameter(graph, layer.weights), parameter(graph, layer.bias)
    flat = weights.reshape(len(weights), -1).astype(np.float64)
    square, cross = moments.square, moments.cross
    damping = _DAMPING * np.trace(square) / len(square) + np.finfo(np.float32).tiny
    square[np.diag_indices_from(square)] += damping
    cross[np.diag_indices_from(cross)] += damping
    wanted = np.linalg.solve(square, cross.T @ flat.T).T.astype(np.float64)
    scales = scheme.scales[layer.name].astype(np.float64)
    found = round_with_feedback(wanted, scales, square, scheme.largest_weight)
    set_parameter(graph, layer.weights, found.reshape(weights.shape))
    set_parameter(graph, layer.bias, bias + flat @ moments.mean - found @ moments.rounded_mean)
