"""The layers in a network file: decoded from 16 bits, checked for size, batch norms folded.

LINEAR16: a layer is `params`, little-endian 16-bit numbers u, and its range: w = min + (max - min) *
u / 65535. Shapes are not stored; they follow from the sizes.

A convolution may come with a batch norm: y = (conv(x) + bias - mean) * gamma / sqrt(variance + 1e-5) +
beta, where `bn_stddivs` holds variances, whatever its name; without `bn_gammas` and `bn_betas` these
are one and zero.
"""

from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aztoolkit.encoding.lc0_112 import PLANES
from aztoolkit.encoding.lc0_1858 import SIZE as MOVES
from aztoolkit.errors import ModelError
from export.lc0.format import Format, ValueKind
from export.lc0.layers import (
    POLICY_PLANES,
    SQUARES,
    Block,
    ClassicalPolicy,
    Convolution,
    ConvolutionPolicy,
    Dense,
    Network,
    Squeeze,
    Value,
    Weights,
)
from export.lc0.messages import Message

EPSILON = 1e-5
"""Of batch norms."""
_STEPS = 0xFFFF
_ANY = -1
"""In a shape: as many as there are."""
_OUTPUTS: dict[ValueKind, int] = {"classical": 1, "wdl": 3}
Exact = NDArray[np.float64]


def read_network(net: Message, form: Format, path: Path) -> Network:
    """Returns the layers of a network.

    Args:
        path: where it comes from, named in errors.

    Raises:
        ModelError: a layer is missing, of a size that fits no network, or not finite.
    """
    reader, weights = _Reader(path), net.weights
    stem = reader.convolution(weights.input, "input", inputs=PLANES, size=3)
    filters = len(stem.bias)
    return Network(
        stem=stem,
        blocks=tuple(
            reader.block(block, f"residual {index}", filters)
            for index, block in enumerate(weights.residual)
        ),
        policy=_read_policy(reader, weights, form, filters),
        value=_read_value(reader, weights, form, filters),
        activation=form.activation,
    )


def _read_policy(
    reader: "_Reader", weights: Message, form: Format, filters: int
) -> ConvolutionPolicy | ClassicalPolicy:
    if form.policy == "convolution":
        first = reader.convolution(weights.policy1, "policy1", inputs=filters, size=3)
        planes = len(first.bias)
        return ConvolutionPolicy(
            first,
            reader.convolution(
                weights.policy, "policy", inputs=planes, size=3, outputs=POLICY_PLANES
            ),
        )
    convolution = reader.convolution(weights.policy, "policy", inputs=filters, size=1)
    inputs = len(convolution.bias) * SQUARES
    return ClassicalPolicy(convolution, reader.dense(weights, "ip_pol", MOVES, inputs))


def _read_value(reader: "_Reader", weights: Message, form: Format, filters: int) -> Value:
    convolution = reader.convolution(weights.value, "value", inputs=filters, size=1)
    hidden = reader.dense(weights, "ip1_val", _ANY, len(convolution.bias) * SQUARES)
    output = reader.dense(weights, "ip2_val", _OUTPUTS[form.value], len(hidden.bias))
    return Value(form.value, convolution, hidden, output)


class _Reader:
    """Reads layers of one file, which it names where something is wrong with them."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def block(self, block: Message, name: str, filters: int) -> Block:
        """Returns a residual block of so many filters."""
        first, second = (
            self.convolution(
                getattr(block, part), f"{name} {part}", inputs=filters, size=3, outputs=filters
            )
            for part in ("conv1", "conv2")
        )
        squeeze = self._squeeze(block.se, f"{name} se", filters) if block.HasField("se") else None
        return Block(first, second, squeeze)

    def convolution(
        self, block: Message, name: str, *, inputs: int, size: int, outputs: int = _ANY
    ) -> Convolution:
        """Returns a convolution that has taken up the batch norm behind it."""
        shape = (outputs, inputs, size, size)
        weights = self._layer(block.weights, f"{name} weights", shape)
        width = (len(weights),)
        bias = self._optional(block, "biases", name, width, default=0.0)
        if _has(block.bn_means):
            mean = self._layer(block.bn_means, f"{name} bn_means", width)
            scale = self._scale(block, name, width)
            beta = self._optional(block, "bn_betas", name, width, default=0.0)
            bias = beta + (bias - mean) * scale
            weights = weights * scale[:, None, None, None]
        return Convolution(self._finite(weights, name), self._finite(bias, name))

    def dense(self, parent: Message, name: str, outputs: int, inputs: int) -> Dense:
        """Returns the fully connected layer that a message holds as `name`_w and `name`_b."""
        weights, bias = getattr(parent, f"{name}_w"), getattr(parent, f"{name}_b")
        return self._dense(weights, bias, name, (outputs, inputs))

    def _squeeze(self, unit: Message, name: str, filters: int) -> Squeeze:
        shrink = self._dense(unit.w1, unit.b1, f"{name} 1", (_ANY, filters))
        channels = len(shrink.bias)
        return Squeeze(shrink, self._dense(unit.w2, unit.b2, f"{name} 2", (2 * filters, channels)))

    def _dense(self, weights: Message, bias: Message, name: str, shape: tuple[int, ...]) -> Dense:
        matrix = self._layer(weights, f"{name} weights", shape)
        vector = self._layer(bias, f"{name} biases", (len(matrix),))
        return Dense(self._finite(matrix, name), self._finite(vector, name))

    def _scale(self, block: Message, name: str, width: tuple[int, ...]) -> Exact:
        """Returns gamma / sqrt(variance + epsilon): `[F]`."""
        variance = self._layer(block.bn_stddivs, f"{name} bn_stddivs", width) + EPSILON
        if not (variance > 0).all():
            raise self._wrong(f"variances above 0 in {name} bn_stddivs", f"{variance.min():g}")
        gamma = self._optional(block, "bn_gammas", name, width, default=1.0)
        result: Exact = gamma / np.sqrt(variance)
        return result

    def _optional(
        self, block: Message, field: str, name: str, shape: tuple[int, ...], *, default: float
    ) -> Exact:
        layer = getattr(block, field)
        return (
            self._layer(layer, f"{name} {field}", shape) if _has(layer) else np.full(shape, default)
        )

    def _layer(self, layer: Message, name: str, shape: tuple[int, ...]) -> Exact:
        """Returns the numbers of a layer, of which `shape` may leave the first dimension open."""
        if not _has(layer):
            raise self._wrong(f"the layer {name}", "none")
        if layer.encoding not in (0, 1):
            raise self._wrong(f"LINEAR16 weights in {name}", f"encoding {layer.encoding}")
        size, row = len(layer.params) / 2, prod(shape[1:])
        whole = size % row == 0 if shape[0] == _ANY else size == shape[0] * row
        if not whole:
            wanted = f"a multiple of {row}" if shape[0] == _ANY else f"{shape[0] * row}"
            raise self._wrong(f"{wanted} numbers in {name}", f"{size:g}")
        steps = np.frombuffer(layer.params, dtype="<u2").astype(np.float64)
        numbers: Exact = layer.min_val + (layer.max_val - layer.min_val) * (steps / _STEPS)
        return numbers.reshape(shape)

    def _finite(self, numbers: Exact, name: str) -> Weights:
        """Returns the same in float32; raises ModelError where one has no place there."""
        with np.errstate(over="ignore", invalid="ignore"):
            single = numbers.astype(np.float32)
        if not np.isfinite(single).all():
            raise self._wrong(f"finite numbers in {name}", "NaN or infinity")
        return single

    def _wrong(self, expected: str, got: str) -> ModelError:
        return ModelError(
            f"expected {expected} of the network, got {got}: {self._path}; it is altered or of a "
            "kind that is not supported"
        )


def _has(layer: Message) -> bool:
    return bool(layer.params)
