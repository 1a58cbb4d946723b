"""Networks of lc0 with random weights, written through the protobuf messages as lc0 writes them."""

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np

from export.lc0.messages import Message, new_net

MAGIC = 0x1C0
CLASSICAL_112, SE_WITH_HEADS = 1, 4
CLASSICAL, CONVOLUTION, WDL = 1, 2, 2
VALUE_CHANNELS, VALUE_HIDDEN, POLICY_CHANNELS = 4, 12, 3


def leave(net: Message) -> None:
    """Changes nothing."""


def write_network(
    path: Path, *, change: Callable[[Message], None] = leave, **kinds: object
) -> Path:
    """Writes a network of random weights; `change` may spoil it first."""
    net = make_network(**kinds)  # type: ignore[arg-type]
    change(net)
    path.write_bytes(gzip.compress(net.SerializeToString(), compresslevel=1))
    return path


def make_network(
    *,
    filters: int = 8,
    blocks: int = 2,
    squeeze: int = 4,
    policy: int = CONVOLUTION,
    value: int = WDL,
    activation: int = 0,
    moves_left: bool = False,
    norms: bool = True,
    seed: int = 0,
) -> Message:
    """Returns a network message; `squeeze` is the hidden units of squeeze-excitation, 0 for none."""
    fill = _Filler(np.random.default_rng(seed), norms=norms)
    net = new_net()
    net.magic = MAGIC
    net.license = b"test licence"
    net.min_version.minor = 21
    net.format.weights_encoding = 1
    form = net.format.network_format
    form.input, form.network, form.output = CLASSICAL_112, SE_WITH_HEADS, value
    form.policy, form.value, form.default_activation = policy, value, activation
    form.moves_left = int(moves_left)
    net.training_params.training_steps = 1234
    fill.convolution(net.weights.input, filters, 112, 3)
    for _ in range(blocks):
        fill.block(net.weights.residual.add(), filters, squeeze)
    _fill_heads(net.weights, fill, filters, policy, value)
    if moves_left:
        fill.convolution(net.weights.moves_left, 2, filters, 1)
    return net


def _fill_heads(weights: Message, fill: "_Filler", filters: int, policy: int, value: int) -> None:
    if policy == CONVOLUTION:
        fill.convolution(weights.policy1, filters, filters, 3)
        fill.convolution(weights.policy, 80, filters, 3, norm=False)
    else:
        fill.convolution(weights.policy, POLICY_CHANNELS, filters, 1)
        fill.dense(weights.ip_pol_w, weights.ip_pol_b, 1858, POLICY_CHANNELS * 64)
    fill.convolution(weights.value, VALUE_CHANNELS, filters, 1)
    fill.dense(weights.ip1_val_w, weights.ip1_val_b, VALUE_HIDDEN, VALUE_CHANNELS * 64)
    fill.dense(weights.ip2_val_w, weights.ip2_val_b, 3 if value == WDL else 1, VALUE_HIDDEN)


def store(layer: Message, numbers: np.ndarray) -> None:
    """Writes numbers into a layer as LINEAR16."""
    low, high = float(numbers.min()), float(numbers.max())
    layer.min_val, layer.max_val = low, high
    steps = np.rint((numbers.ravel() - low) / ((high - low) or 1) * 65535)
    layer.params = steps.astype("<u2").tobytes()


class _Filler:
    def __init__(self, rng: np.random.Generator, *, norms: bool) -> None:
        self._rng = rng
        self._norms = norms

    def block(self, block: Message, filters: int, squeeze: int) -> None:
        self.convolution(block.conv1, filters, filters, 3)
        self.convolution(block.conv2, filters, filters, 3)
        if squeeze:
            self.dense(block.se.w1, block.se.b1, squeeze, filters)
            self.dense(block.se.w2, block.se.b2, 2 * filters, squeeze)

    def convolution(
        self, block: Message, outputs: int, inputs: int, size: int, *, norm: bool = True
    ) -> None:
        shape = (outputs, inputs, size, size)
        store(block.weights, self._rng.normal(size=shape) / np.sqrt(inputs) / size)
        if not (norm and self._norms):
            store(block.biases, self._rng.normal(size=outputs))
            return
        store(block.bn_means, self._rng.normal(size=outputs))
        store(block.bn_stddivs, self._rng.uniform(0.1, 2, size=outputs))
        store(block.bn_gammas, self._rng.uniform(-0.5, 1.5, size=outputs))
        store(block.bn_betas, self._rng.normal(size=outputs))

    def dense(self, weights: Message, bias: Message, outputs: int, inputs: int) -> None:
        store(weights, self._rng.normal(size=(outputs, inputs)) / np.sqrt(inputs))
        store(bias, self._rng.normal(size=outputs))
