"""What values the tensors of a model take over some positions, told by ONNX Runtime.

    minmax       nothing is cut off
    percentile   one value in ten thousand is cut off at either end
    entropy      the span for which the rounded values are distributed most like the exact ones

Source of the last: Migacz, "8-bit Inference with TensorRT", GTC 2017, for spans of two sides.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import onnx
from numpy.typing import NDArray

from export.progress import Progress, ignore_progress
from export.quantization.sessions import values_of

RangeMethod = Literal["minmax", "percentile", "entropy"]
Spans = dict[str, tuple[float, float]]
"""The smallest and the largest value that a tensor is rounded within, by its name."""
_PERCENTILE = 99.99
_BINS = 2048
_CODES = 256
_SHARES = np.linspace(0.3, 1.0, 71)
"""Of the whole span, tried for the least entropy."""


@dataclass(frozen=True)
class Range:
    """Smallest and largest value of each channel of a tensor."""

    low: NDArray[np.float32]
    """`[C]`."""
    high: NDArray[np.float32]
    """`[C]`."""

    def over_all(self) -> tuple[float, float]:
        """Returns the smallest and the largest value of all channels."""
        return float(self.low.min()), float(self.high.max())


def measure_ranges(
    model: onnx.ModelProto,
    tensors: Sequence[str],
    planes: NDArray[np.float32],
    *,
    progress: Progress = ignore_progress,
) -> dict[str, Range]:
    """Returns the range of each tensor of shape `[B, C, 8, 8]` over `[N, C, 8, 8]` positions."""
    found: dict[str, Range] = {}
    for size, values in values_of(model, tensors, planes):
        for name, array in values.items():
            low, high = array.min(axis=(0, 2, 3)), array.max(axis=(0, 2, 3))
            if name in found:
                low = np.minimum(low, found[name].low)
                high = np.maximum(high, found[name].high)
            found[name] = Range(low, high)
        progress(size)
    return found


def choose_spans(
    model: onnx.ModelProto,
    ranges: Mapping[str, Range],
    planes: NDArray[np.float32],
    method: RangeMethod,
) -> Spans:
    """Returns the span that each tensor of `ranges` is to be rounded within.

    Args:
        planes: `[N, C, 8, 8]`; gone through once more, save for `minmax`.
    """
    whole = {name: found.over_all() for name, found in ranges.items()}
    if method == "minmax":
        return whole
    counts = {name: np.zeros(_BINS) for name in whole}
    for _, values in values_of(model, list(whole), planes):
        for name, array in values.items():
            counts[name] += np.histogram(array, bins=_BINS, range=whole[name])[0]
    choose = _percentile if method == "percentile" else _entropy
    return {name: choose(counts[name], *span) for name, span in whole.items()}


def _percentile(counts: NDArray[np.float64], low: float, high: float) -> tuple[float, float]:
    edges = np.linspace(low, high, _BINS + 1)
    share = np.cumsum(counts) / counts.sum()
    cut = 1 - _PERCENTILE / 100
    first = int(np.searchsorted(share, cut))
    last = int(np.searchsorted(share, 1 - cut))
    # Where most values are 0, as behind a ReLU, the lower end stays where it is.
    return (low if first == 0 else float(edges[first])), float(edges[min(last + 1, _BINS)])


def _entropy(counts: NDArray[np.float64], low: float, high: float) -> tuple[float, float]:
    """Returns the share of the span whose 256 steps lose the least information; all of one without 0."""
    if low > 0 or high < 0:
        return low, high
    centres = (np.arange(_BINS) + 0.5) / _BINS * (high - low) + low
    # Zero is exact whatever the span; its many values would drown all others.
    counts = np.where(np.abs(centres) <= (high - low) / _BINS, 0, counts)
    if not counts.any():
        return low, high
    losses = [_divergence(counts, centres, share * low, share * high) for share in _SHARES]
    best = float(_SHARES[int(np.argmin(losses))])
    return best * low, best * high


def _divergence(
    counts: NDArray[np.float64], centres: NDArray[np.float64], low: float, high: float
) -> float:
    """Returns KL(cut off || cut off and rounded) of a histogram."""
    inside = (centres >= low) & (centres <= high)
    bins = np.flatnonzero(inside)
    truth = counts[bins].copy()
    truth[0] += counts[: bins[0]].sum()
    truth[-1] += counts[bins[-1] + 1 :].sum()
    codes = np.minimum((centres[bins] - low) / (high - low) * _CODES, _CODES - 1).astype(np.int64)
    used = counts[bins] > 0
    sums = np.bincount(codes, counts[bins], _CODES)
    share = np.bincount(codes, used, _CODES)
    rendered = np.where(used, sums[codes] / np.maximum(share[codes], 1), 0)
    p, q = truth / truth.sum(), rendered / max(rendered.sum(), 1)
    known = (p > 0) & (q > 0)
    return float(np.sum(p[known] * np.log(p[known] / q[known])) + p[(p > 0) & (q == 0)].sum())
