"""A torch network as an Evaluator, for self-play: BN folded away, channels last, no gradients.

It is asked in two ways: `evaluate` in the thread that asks, or batch by batch in the slots of an
inference server (see `train.inference_server`), on its device:

    copy in [non-blocking] ─▶ network [autocast, compiled, recorded] ─▶ copy out [non-blocking]

each slot on a CUDA stream of its own.
"""

import contextlib
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from aztoolkit.encoding import get_encoding
from aztoolkit.errors import EvaluationError
from aztoolkit.evaluator import Evaluation
from aztoolkit.model import ModelSpec
from train.batching import Part, size_of
from train.checkpoint import CheckpointInfo
from train.compile import OFF, Compiled, autocast
from train.inference_compile import compile_inference
from train.inference_server import ServerChannel
from train.networks import fold_batch_norm
from train.settings import InferenceSettings

_DTYPES = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}
_RECORDED_MODES = ("reduce-overhead", "max-autotune")
_FRACTIONS = (1, 2, 4, 8)
"""Where shapes are fixed, a batch is padded to one of these parts of the full size."""
_WARM_UPS = 3
"""Runs before a recording, in which libraries choose their kernels."""


class TorchEvaluator:
    """A frozen copy of a network that can be asked; implements `aztoolkit.evaluator.Evaluator`.

    Several threads may ask it; on the CPU each uses the threads that `torch.set_num_threads` gave it.
    """

    def __init__(
        self,
        network: nn.Module,
        info: CheckpointInfo,
        *,
        device: str = "cpu",
        settings: InferenceSettings | None = None,
    ) -> None:
        """Copies `network`, which may go on learning, as the checkpoint that `info` describes.

        Args:
            settings: arithmetic, compilation and recording; float32 and neither by default.
        """
        settings = settings or InferenceSettings()
        frozen = fold_batch_norm(network).requires_grad_(requires_grad=False)
        module = frozen.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._device = torch.device(device)
        self._dtype = _DTYPES[settings.inference_precision]
        planes = get_encoding(info.encoding).planes
        smallest = _sizes(settings.inference_batch_size)[0]
        self.compiled = compile_inference(
            module,
            settings.inference_compile,
            torch.zeros(smallest, planes, 8, 8, device=device),
            precision=self._dtype,
        )
        """What `inference_compile` has come to."""
        cuda = self._device.type == "cuda"
        self._recorded = cuda and (
            settings.cuda_graphs or settings.inference_compile in _RECORDED_MODES
        )
        self._fixed_shapes = self._recorded or (cuda and settings.inference_compile != "off")
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
        """What the network is; its weights are float32, whatever it computes in."""
        return self._spec

    @property
    def pinned(self) -> bool:
        """Whether a GPU copies its inputs and outputs by itself."""
        return self._device.type == "cuda"

    def evaluate(self, planes: NDArray[np.float32]) -> Evaluation:
        """Evaluates `[B, C, 8, 8]` float32 planes; raises EvaluationError on NaN or infinity."""
        with torch.inference_mode():
            policy, wdl = self.forward(torch.from_numpy(planes).to(self._device))
            return Evaluation(policy.cpu().numpy(), wdl.cpu().numpy()).check_finite()

    def forward(self, planes: Tensor) -> tuple[Tensor, Tensor]:
        """Maps `[B, C, 8, 8]` on its device to float32 logits `[B, A]` and `[B, 3]`."""
        batch = planes.to(memory_format=torch.channels_last)
        with autocast(self._device, self._dtype):
            policy, wdl = self.compiled.forward(batch)
        return policy.float(), wdl.float()

    def open_slot(self, batch_size: int) -> "TorchSlot":
        """Returns room for batches up to that size on its device, warmed up."""
        sizes = _sizes(batch_size) if self._fixed_shapes else []
        return TorchSlot(self, batch_size, sizes, device=self._device, recorded=self._recorded)

    def close(self) -> None:
        """Frees the network."""
        self.compiled = Compiled(nn.Identity(), OFF)


class TorchSlot:
    """Room for one batch; implements `train.inference_server.Slot`."""

    def __init__(
        self,
        evaluator: TorchEvaluator,
        batch_size: int,
        sizes: Sequence[int],
        *,
        device: torch.device,
        recorded: bool,
    ) -> None:
        """Allocates, and warms up or records the network at each of the sizes.

        Args:
            sizes: ascending; a batch is padded to the next. None: it goes as it is.
            recorded: as CUDA graphs, which are replayed.
        """
        self._evaluator, self._sizes = evaluator, sizes
        planes = get_encoding(evaluator.spec.encoding).planes
        cuda = device.type == "cuda"
        self._stream = torch.cuda.Stream(device) if cuda else None  # type: ignore[no-untyped-call]
        self._done = torch.cuda.Event(blocking=True) if cuda else None  # type: ignore[no-untyped-call]
        self._inputs = torch.zeros(batch_size, planes, 8, 8, device=device)
        self._finite = torch.ones((), dtype=torch.bool, pin_memory=cuda)
        self._recordings: dict[int, _Recording] = {}
        with torch.inference_mode(), self._on_stream():
            if self._stream is not None:
                self._stream.wait_stream(torch.cuda.default_stream(device))  # weights, zeros
            for size in sizes:
                for _ in range(_WARM_UPS):
                    evaluator.forward(self._inputs[:size])
                if recorded:
                    self._recordings[size] = _Recording(evaluator, self._inputs[:size])

    def launch(self, parts: Sequence[Part[ServerChannel]]) -> None:
        """Starts a batch: copies in, evaluates, copies out."""
        with torch.inference_mode(), self._on_stream():
            for part in parts:
                there = self._inputs[part.place : part.place + part.count]
                there.copy_(_of(part, part.asker.inputs), non_blocking=True)
            count = size_of(parts)
            policy, wdl = self._forward(count)
            finite = torch.isfinite(policy[:count]).all() & torch.isfinite(wdl[:count]).all()
            self._finite.copy_(finite, non_blocking=True)
            for part in parts:
                rows = slice(part.place, part.place + part.count)
                _of(part, part.asker.policy).copy_(policy[rows], non_blocking=True)
                _of(part, part.asker.wdl).copy_(wdl[rows], non_blocking=True)
            if self._done is not None:
                self._done.record()

    def fill(self, planes: Tensor) -> None:
        """Copies a whole batch of `[B, C, 8, 8]` in, for `compute`, and waits until it is there."""
        with torch.inference_mode(), self._on_stream():
            self._inputs.copy_(planes)

    def compute(self) -> None:
        """Starts the network on what lies here, and leaves the answers there: `launch` without copies."""
        with torch.inference_mode(), self._on_stream():
            self._forward(len(self._inputs))
            if self._done is not None:
                self._done.record()

    def wait(self) -> None:
        """Sleeps until the batch is answered; raises EvaluationError on NaN or infinity."""
        if self._done is not None:
            self._done.synchronize()
        if not self._finite:
            raise EvaluationError(
                "expected finite logits from the network, got NaN or infinity; its weights are broken, "
                "or too large for --inference-precision fp16: use bf16 or fp32"
            )

    def _forward(self, count: int) -> tuple[Tensor, Tensor]:
        size = next((size for size in self._sizes if size >= count), count)
        if size in self._recordings:
            return self._recordings[size].replay()
        return self._evaluator.forward(self._inputs[:size])

    def _on_stream(self) -> contextlib.AbstractContextManager[object]:
        return torch.cuda.stream(self._stream) if self._stream else contextlib.nullcontext()


class _Recording:
    """The kernels of a network on fixed memory, launched as one (a CUDA graph)."""

    def __init__(self, evaluator: TorchEvaluator, inputs: Tensor) -> None:
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(
            self._graph,
            stream=torch.cuda.current_stream(),
            capture_error_mode="thread_local",  # other threads go on using the device
        ):
            self._outputs = evaluator.forward(inputs)

    def replay(self) -> tuple[Tensor, Tensor]:
        """Returns the logits of what is in the inputs now, good until the next replay."""
        self._graph.replay()
        return self._outputs


def _of(part: Part[ServerChannel], tensor: Tensor) -> Tensor:
    return tensor[part.start : part.start + part.count]


def _sizes(batch_size: int) -> list[int]:
    """Returns the sizes that batches are padded to where shapes are fixed, ascending."""
    return sorted({-(-batch_size // fraction) for fraction in _FRACTIONS})
