"""Quantization-aware training by self-distillation: the rounded model learns the FP32 model's answers.

    positions ─▶ FP32 model ──▶ policy, wdl ─┐
              └▶ twin, rounding ────────────▶│ KL(policy) over legal moves + weight * KL(wdl)

No labels are needed, so any games will do. It begins with the weights that `compensate` found; few of them
change their code, but they are those that matter (see `export.quantization.twin`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from export.progress import Watch, ignore_stages
from export.quantization.rounded import Rounded
from export.quantization.sessions import answers_of
from export.quantization.training import Training
from export.quantization.twin import Twin

_NOWHERE = -1e9
"""Logit of a move that is not legal."""


@dataclass(frozen=True)
class Lessons:
    """Positions to train on, and what the FP32 model says of them."""

    planes: NDArray[np.float16]
    """`[N, C, 8, 8]`; half precision keeps every value apart that the exact input keeps apart."""
    legal: Sequence[NDArray[np.intp]]
    """Policy indices of the legal moves; empty for all moves."""
    policy: NDArray[np.float32]
    """`[N, A]` logits."""
    wdl: NDArray[np.float32]
    """`[N, 3]` logits."""


def make_lessons(
    original: onnx.ModelProto, planes: NDArray[np.float32], legal: Sequence[NDArray[np.intp]]
) -> Lessons:
    """Returns lessons from an FP32 model.

    Raises:
        EvaluationError: it answers NaN or infinity.
    """
    answers = answers_of(original, planes)
    return Lessons(planes.astype(np.float16), legal, answers.policy, answers.wdl)


def train(
    rounded: Rounded,
    lessons: Lessons,
    training: Training,
    *,
    watch: Watch = ignore_stages,
) -> Rounded:
    """Returns a model with trained parameters and scales.

    Raises:
        ModelError: the graph has an operator that cannot be trained.
    """
    twin = Twin(rounded.prepared, rounded.scheme)
    optimizer = torch.optim.Adam(_groups(twin, training), betas=(0.9, 0.99), fused=True)
    updates = training.updates
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda n: _rate(n / updates))
    progress = watch("training", updates * training.batch)
    for done, chosen in enumerate(_batches(len(lessons.planes), updates, training)):
        twin.sharpness = _sharpness(training, done / updates)
        loss = _loss(twin, lessons, chosen, training.value_weight)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
        progress(training.batch)
    prepared, scheme = twin.trained()
    return Rounded(prepared, scheme, exact=prepared)


def divergence(truth: Tensor, rendering: Tensor) -> Tensor:
    """Returns the mean KL divergence between softmaxes of `[B, A]` logits, in nats."""
    return functional.kl_div(
        rendering.log_softmax(dim=1),
        truth.log_softmax(dim=1),
        reduction="batchmean",
        log_target=True,
    )


def _loss(twin: Twin, lessons: Lessons, chosen: NDArray[np.intp], value_weight: float) -> Tensor:
    planes = torch.from_numpy(lessons.planes[chosen].astype(np.float32))
    policy, wdl = twin(planes.contiguous(memory_format=torch.channels_last))
    truth = torch.from_numpy(lessons.policy[chosen])
    if lessons.legal:
        illegal = torch.ones_like(truth, dtype=torch.bool)
        for row, place in enumerate(chosen):
            illegal[row, torch.from_numpy(lessons.legal[place])] = False
        truth, policy = (logits.masked_fill(illegal, _NOWHERE) for logits in (truth, policy))
    value = divergence(torch.from_numpy(lessons.wdl[chosen]), wdl)
    return divergence(truth, policy) + value_weight * value


def _batches(count: int, updates: int, training: Training) -> Iterator[NDArray[np.intp]]:
    """Yields places of positions; all are seen before one is seen again."""
    rng = np.random.default_rng(training.seed)
    rounds = -(-updates * training.batch // count)
    order = np.concatenate([rng.permutation(count) for _ in range(rounds)])
    for start in range(0, updates * training.batch, training.batch):
        yield order[start : start + training.batch]


def _rate(done: float) -> float:
    """Returns the learning rate as a share of the largest: a short warm-up, then half a cosine."""
    warm_up = 0.05
    if done < warm_up:
        return done / warm_up
    return float(0.5 + 0.5 * np.cos(np.pi * (done - warm_up) / (1 - warm_up)))


def _sharpness(training: Training, done: float) -> float:
    first, last = training.sharpness
    return float(first * (last / first) ** done)


def _groups(twin: Twin, training: Training) -> list[dict[str, list[torch.nn.Parameter] | float]]:
    """Returns parameters with learning rates that suit them."""
    groups: list[dict[str, list[torch.nn.Parameter] | float]] = [
        {"params": list(twin.places.values()), "lr": training.place_rate},
        {"params": list(twin.scales.values()), "lr": training.scale_rate},
    ]
    for parameter in twin.weights.values():
        size = float(parameter.detach().square().mean().sqrt())
        groups.append({"params": [parameter], "lr": size * training.float_rate})
    return groups
