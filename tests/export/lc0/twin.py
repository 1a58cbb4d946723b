"""A forward pass of a network of lc0 in torch, written from the description of the format alone.

It shares with the importer only the declaration of the messages: decoding, batch norms, layers and the
order of the moves are written anew, batch norms are not folded, and every layer is computed by itself. All
is in double precision: decoded in single, weights near zero lose five of their digits to the ends of
their range, which moves logits by 1e-4.
"""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from export.lc0.messages import Message

NORTH_CLOCKWISE = ["N", "NE", "E", "SE", "S", "SW", "W", "NW"]
STEPS = {"N": (0, 1), "S": (0, -1), "E": (1, 0), "W": (-1, 0)}
JUMPS = [(1, 2), (2, 1), (2, -1), (1, -2), (-1, -2), (-2, -1), (-2, 1), (-1, 2)]


def answer(net: Message, planes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns policy logits `[B, 1858]` and the head of the value as it is: `[B, 3]` or `[B, 1]`."""
    weights, form = net.weights, net.format.network_format
    act = functional.mish if form.default_activation == 1 else functional.relu
    with torch.no_grad():
        x = act(_convolve(torch.from_numpy(planes).double(), weights.input))
        for block in weights.residual:
            y = _convolve(act(_convolve(x, block.conv1)), block.conv2)
            if block.HasField("se"):
                means = y.mean(dim=(2, 3))
                s, b = _dense(
                    act(_dense(means, block.se.w1, block.se.b1)), block.se.w2, block.se.b2
                ).chunk(2, 1)
                y = torch.sigmoid(s)[:, :, None, None] * y + b[:, :, None, None]
            x = act(x + y)
        value = act(_convolve(x, weights.value)).flatten(1)
        value = act(_dense(value, weights.ip1_val_w, weights.ip1_val_b))
        value = _dense(value, weights.ip2_val_w, weights.ip2_val_b)
        return _policy(weights, x, form.policy, act).numpy(), value.numpy()


def _policy(weights: Message, x: Tensor, kind: int, act) -> Tensor:
    if kind == 2:
        planes = _convolve(act(_convolve(x, weights.policy1)), weights.policy)
        return torch.stack([planes[:, p, r, f] for p, r, f in _places()], dim=1)
    flat = act(_convolve(x, weights.policy)).flatten(1)
    return _dense(flat, weights.ip_pol_w, weights.ip_pol_b)


def _convolve(x: Tensor, block: Message) -> Tensor:
    weights = _numbers(block.weights)
    outputs = len(_numbers(block.biases)) or len(_numbers(block.bn_means))
    size = round((len(weights) / outputs / x.shape[1]) ** 0.5)
    kernel = weights.reshape(outputs, x.shape[1], size, size)
    bias = _numbers(block.biases) if block.biases.params else None
    y = functional.conv2d(x, kernel, bias, padding=size // 2)
    if not block.bn_means.params:
        return y
    mean, variance = _numbers(block.bn_means), _numbers(block.bn_stddivs)
    gamma = _numbers(block.bn_gammas) if block.bn_gammas.params else None
    beta = _numbers(block.bn_betas) if block.bn_betas.params else None
    return functional.batch_norm(y, mean, variance, gamma, beta, eps=1e-5)


def _dense(x: Tensor, weights: Message, bias: Message) -> Tensor:
    return x @ _numbers(weights).reshape(-1, x.shape[1]).T + _numbers(bias)


def _numbers(layer: Message) -> Tensor:
    steps = torch.from_numpy(np.frombuffer(layer.params, "<u2").astype(np.float64))
    return layer.min_val + (layer.max_val - layer.min_val) * steps / 65535


def _places() -> list[tuple[int, int, int]]:
    """Returns plane, rank and file of each move, in lc0's order: from-square, to-square, promotion."""
    places = {}
    for square in range(64):
        for plane in range(73):
            file, rank, promotion = _target(plane, square % 8, square // 8)
            if 0 <= file < 8 and 0 <= rank < 8 and (not promotion or square // 8 == 6):
                key = (bool(promotion), square, rank * 8 + file, "qrb".find(promotion or "?"))
                places[key] = (plane, square // 8, square % 8)
    return [places[key] for key in sorted(places)]


def _target(plane: int, file: int, rank: int) -> tuple[int, int, str]:
    if plane < 56:
        direction = NORTH_CLOCKWISE[plane // 7]
        steps = [STEPS[letter] for letter in direction]
        distance = plane % 7 + 1
        return (
            file + distance * sum(step[0] for step in steps),
            rank + distance * sum(step[1] for step in steps),
            "",
        )
    if plane < 64:
        across, up = JUMPS[plane - 56]
        return file + across, rank + up, ""
    side, piece = divmod(plane - 64, 3)
    return file + side - 1, rank + 1, "rbq"[piece]
