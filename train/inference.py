"""A torch network as an Evaluator, for self-play: BN folded away, channels last, no gradients."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from aztoolkit.evaluator import Evaluation
from aztoolkit.model import ModelSpec
from train.checkpoint import CheckpointInfo
from train.network import fold_batch_norm


class TorchEvaluator:
    """A frozen copy of a network that can be asked; implements `aztoolkit.evaluator.Evaluator`."""

    def __init__(self, network: nn.Module, info: CheckpointInfo, *, device: str = "cpu") -> None:
        """Copies `network`, which may go on learning, as the checkpoint that `info` describes."""
        frozen = fold_batch_norm(network).requires_grad_(requires_grad=False)
        self._network = frozen.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._device = device
        self._spec = ModelSpec(
            encoding=info.encoding,
            action_space=info.action_space,
            network=info.network.model_dump(),
            precision="fp32",
            checkpoint_sha256=info.sha256,
            training_step=info.training_step,
            tools=info.tools,
        )

    @property
    def spec(self) -> ModelSpec:
        """What the network is; its precision is float32."""
        return self._spec

    def evaluate(self, planes: NDArray[np.float32]) -> Evaluation:
        """Evaluates `[B, C, 8, 8]` float32 planes; raises EvaluationError on NaN or infinity."""
        with torch.inference_mode():
            batch = torch.from_numpy(planes).to(self._device, memory_format=torch.channels_last)
            policy, wdl = self._network(batch)
            return Evaluation(policy.cpu().numpy(), wdl.cpu().numpy()).check_finite()

    def close(self) -> None:
        """Frees the network."""
        self._network = nn.Identity()
