"""The learner, batches built on the way, beside a bare loop of torch on tensors that are there already.

Both train the network of a preset with AdamW at the same batch, precision and layout in memory. The
bare loop has no clipping, no sums of losses and no batches to build.

    python -m benchmarks.learner
"""

import json
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from aztoolkit.hardware import probe_cpu
from aztoolkit.measure import rates_side_by_side
from benchmarks.measure import document
from benchmarks.replay import filled_window
from train.compile import autocast
from train.device import check_device
from train.learner import PRECISIONS, Learner
from train.networks import NetworkConfig, build_network
from train.prefetch import Prefetcher, TensorBatch
from train.presets import preset
from train.settings import TrainConfig
from train.trainer import READ_EVERY

NAME = "learner"
NETWORK = "resnet_5x64"
BATCH = 256
POSITIONS = 20_000
REPEATS = 9
MIN_RUN_S = 3.0

Work = Callable[[], int]


def learner(
    *,
    network: str = NETWORK,
    batch_size: int = BATCH,
    positions: int = POSITIONS,
    device: str = "cpu",
    precision: str = "fp32",
) -> dict[str, Any]:  # Any: a JSON document
    """Returns `train_steps_per_s`, `bare_steps_per_s` and their ratio, `efficiency`.

    Args:
        network: name of a preset.
        batch_size: positions a step.
        positions: in the window.
        device: `cpu` or `cuda`.
        precision: `fp32`, `fp16` or `bf16`.

    Raises:
        ConfigError: there is no such preset.
        MachineError: the device is not there.
    """
    check_device(device)
    settings = {
        "training_batch_size": batch_size,
        "training_precision": precision,
        "device": device,
    }
    config = TrainConfig.model_validate(preset(network) | settings | {"max_plies": 160})
    window = filled_window(config, positions)
    torch.set_num_threads(probe_cpu().cores)
    rng = np.random.default_rng(config.seed)
    ready = TensorBatch.of(window.sample(rng, batch_size)).to(device)
    with Prefetcher(
        window.sample_into, rng, batch_size=batch_size, depth=config.prefetch, device=device
    ) as batches:
        works = {"train": _learner(config, batches), "bare": _bare(config, ready)}
        rates = rates_side_by_side(works, repeats=REPEATS, min_run_s=MIN_RUN_S)
    figures: dict[str, Any] = {
        f"{name}_steps_per_s": round(rate.median, 3) for name, rate in rates.items()
    }
    for name, rate in rates.items():
        figures[f"{name}_steps_per_s_range"] = [round(rate.lowest, 3), round(rate.highest, 3)]
    sizes = {"network": network, "batch": batch_size, "device": device, "precision": precision}
    efficiency = rates["train"].median / rates["bare"].median
    return document(NAME, {**sizes, **figures, "efficiency": round(efficiency, 3)})


def _learner(config: TrainConfig, batches: Prefetcher) -> Work:
    learner, steps = Learner(_network(config), config), READ_EVERY[config.device]

    def work() -> int:
        for _ in range(steps):
            learner.step(batches.take())
        learner.read()
        return steps

    return work


def _bare(config: TrainConfig, batch: TensorBatch) -> Work:
    network = _network(config).to(config.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.AdamW(network.parameters(), lr=config.learning_rate, fused=True)
    planes = batch.planes.contiguous(memory_format=torch.channels_last)
    precision, steps = PRECISIONS[config.training_precision], READ_EVERY[config.device]

    def step() -> Tensor:
        with autocast(config.device, precision):
            policy, wdl = network(planes)
        loss = cross_entropy(policy.float(), batch.policy) + cross_entropy(wdl.float(), batch.wdl)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        return loss

    def work() -> int:
        for _ in range(steps):
            loss = step()
        loss.item()  # waits for the device
        return steps

    return work


def _network(config: TrainConfig) -> nn.Module:
    fields = {name: getattr(config, name) for name in NetworkConfig.model_fields}
    return build_network(NetworkConfig.model_validate(fields))


if __name__ == "__main__":
    sys.stdout.write(json.dumps(learner(), indent=2) + "\n")
