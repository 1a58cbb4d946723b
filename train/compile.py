"""torch.compile for the learner, kept only where it answers and learns as the network does without it.

compile ─ fails ──────────────────────────────┐
   └─ runs ─ answers or gradients differ ─────┼──▶ without, and the reason
                 └─ alike ──▶ with            │
"""

import contextlib
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from train.settings import CompileMode

OFF = "off"
_ANSWERS, _GRADIENTS = ("policy logits", "wdl logits"), "gradients"
TOLERANCES = {torch.float32: 1e-3, torch.float16: 0.02, torch.bfloat16: 0.1}
"""By precision, largest accepted distance of the answers, relative to their length."""
GRADIENT_TOLERANCES = {torch.float32: 0.02, torch.float16: 0.1, torch.bfloat16: 0.3}
"""Of the gradients: a ReLU at about 0 falls on the other side where a compiler adds in another order.

Measured with 5 blocks of 64 filters: 0.002 in float32."""
_MOST_LETTERS = 300
"""Of a reason."""

Forward = Callable[[Tensor], tuple[Tensor, Tensor]]
Compiler = Callable[..., Any]  # Any: torch.compile's own signature


@dataclass(frozen=True)
class Compiled:
    """What a learner calls."""

    forward: Forward
    outcome: str
    """The mode that is used, such as `default`; or `off`, with the reason where it was not asked for."""


def compile_network(
    network: nn.Module,
    mode: CompileMode,
    planes: Tensor,
    *,
    precision: torch.dtype = torch.float32,
    compiler: Compiler = torch.compile,
) -> Compiled:
    """Returns a network compiled for batches of the shape of `planes`, or as it is.

    Its weights and statistics are left as they are.

    Args:
        network: on the device of the planes, in training mode.
        planes: `[B, C, 8, 8]` that it is tried on.
        mode: other than `off`.
        precision: of automatic mixed precision; float32 for none.
        compiler: takes the network and `mode`.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch warns of what its own compiler calls
            compiled = compiler(network, mode=mode, dynamic=False)
            got = _try(network, compiled, planes, precision)
    except Exception as error:  # torch raises whatever its compilers do
        return Compiled(network, f"{OFF}: {_one_line(error)}")
    expected = _try(network, network, planes, precision)
    for name, wanted in expected.items():
        tolerances = GRADIENT_TOLERANCES if name == _GRADIENTS else TOLERANCES
        distance = _distance(wanted, got[name])
        if not distance <= tolerances[precision]:
            reason = f"expected {name} within {tolerances[precision]:g}, got {distance:.2g}"
            return Compiled(network, f"{OFF}: {reason} from torch.compile in mode {mode}")
    return Compiled(compiled, mode)


def autocast(device: torch.device | str, precision: torch.dtype) -> torch.autocast:
    """Returns a context in which a network computes in `precision` where that is safe."""
    enabled = precision != torch.float32
    return torch.autocast(torch.device(device).type, dtype=precision, enabled=enabled)


def _try(
    network: nn.Module, forward: Forward, planes: Tensor, precision: torch.dtype
) -> dict[str, Tensor]:
    """Returns the answers to the planes and the gradient of the sum of their squares."""
    with _preserved(network):
        with autocast(planes.device, precision):
            policy, wdl = forward(planes)
        loss = policy.float().square().mean() + wdl.float().square().mean()
        weights = [weight for weight in network.parameters() if weight.requires_grad]
        gradients = [gradient.flatten() for gradient in torch.autograd.grad(loss, weights)]
        answers = dict(zip(_ANSWERS, (policy, wdl), strict=True))
        answers[_GRADIENTS] = torch.cat(gradients)
        return {name: tensor.detach().float().clone() for name, tensor in answers.items()}


@contextlib.contextmanager
def _preserved(network: nn.Module) -> Iterator[None]:
    """Puts back, at the end of the block, the statistics of batch norms."""
    before = [buffer.clone() for buffer in network.buffers()]
    try:
        yield
    finally:
        for buffer, value in zip(network.buffers(), before, strict=True):
            buffer.copy_(value)


def _distance(expected: Tensor, got: Tensor) -> float:
    length = expected.norm().clamp_min(torch.finfo(expected.dtype).tiny)
    return float((expected - got).norm() / length)


def _one_line(error: Exception) -> str:
    words = f"{type(error).__name__}: {error}".split()
    return " ".join(words)[:_MOST_LETTERS]
