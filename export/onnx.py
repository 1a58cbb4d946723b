"""A torch network as an ONNX model file: batch norms folded, checked, tried before it is kept.

checkpoint ── fold BN ──▶ float32 module ── trace ──▶ fp32.onnx
                                └── half() ─ trace ──▶ fp16.onnx   float32 at input and outputs
"""

import copy
import warnings
from pathlib import Path

import chess
import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from aztoolkit.backends.ort import OrtEvaluator
from aztoolkit.encoding import get_encoding
from aztoolkit.errors import ModelError
from aztoolkit.evaluator import Evaluation
from aztoolkit.files import atomic_path
from aztoolkit.model import INPUT, OUTPUTS, ModelSpec, Precision
from export.graph import OPSET, drop_identities
from export.metadata import tool_versions, write_metadata
from train.checkpoint import Checkpoint
from train.networks import fold_batch_norm

TOLERANCES: dict[Precision, float] = {"fp32": 1e-4, "fp16": 3e-2}
"""Largest accepted distance of a logit from torch's, as a share of the largest logit or of 1."""
_CHECKED_GAMES = 4
_CHECKED_PLIES = 16
_RANDOM_BOARDS = 16


def export_onnx(checkpoint: Checkpoint, target: Path, *, precision: Precision) -> ModelSpec:
    """Writes the network of a checkpoint to `target` and returns what the file says of itself.

    The file is kept only if `onnx.checker` accepts it and ONNX Runtime answers as torch does, on
    positions of random games and on random planes.

    Args:
        precision: `fp32`, or `fp16` for weights and arithmetic in half precision.

    Raises:
        ModelError: the written model answers otherwise than the checkpoint.
        EvaluationError: the network answers NaN or infinity.
        InputError: the folder cannot be written.
    """
    spec = _spec(checkpoint, precision)
    folded = fold_batch_norm(checkpoint.network)
    planes = check_planes(spec.encoding)
    with atomic_path(target) as temporary:
        _trace(_Half(folded) if precision == "fp16" else folded, planes[:2], temporary)
        _describe(temporary, spec)
        _check_answers(checkpoint.network, temporary, planes, TOLERANCES[precision])
    return spec


def check_planes(encoding: str, *, seed: int = 0) -> NDArray[np.float32]:
    """Returns planes that a written model is tried on: positions of random games, then noise.

    Returns:
        `[B, C, 8, 8]` float32.
    """
    rng = np.random.default_rng(seed)
    encode = get_encoding(encoding).encode
    boards = [board for _ in range(_CHECKED_GAMES) for board in _random_game(rng)]
    real = np.stack([encode(board) for board in boards])
    noise = rng.random((_RANDOM_BOARDS, *real.shape[1:]), dtype=np.float32)
    return np.concatenate([real, noise])


class _Half(nn.Module):
    """A network in half precision, with float32 at its input and outputs."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = copy.deepcopy(network).half()

    def forward(self, planes: Tensor) -> tuple[Tensor, Tensor]:
        policy, wdl = self.network(planes.half())
        return policy.float(), wdl.float()


def _random_game(rng: np.random.Generator) -> list[chess.Board]:
    """Returns the positions of the first plies of a game of random moves."""
    board, boards = chess.Board(), []
    for _ in range(_CHECKED_PLIES):
        moves = list(board.legal_moves)
        if not moves:
            break
        board.push(moves[rng.integers(len(moves))])
        boards.append(board.copy())
    return boards


def _trace(network: nn.Module, planes: NDArray[np.float32], target: Path) -> None:
    dynamic = {name: {0: "batch"} for name in (INPUT, *OUTPUTS)}
    with warnings.catch_warnings():
        # torch announces in several ways that it prefers another exporter. That one needs onnxscript,
        # takes 20 times as long and writes the paths of source files into the model.
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            network,
            (torch.from_numpy(planes),),
            target,
            input_names=[INPUT],
            output_names=list(OUTPUTS),
            dynamic_axes=dynamic,
            opset_version=OPSET,
            dynamo=False,
        )


def _describe(path: Path, spec: ModelSpec) -> None:
    """Checks an ONNX file and writes `spec` into it."""
    model = onnx.load(path)
    drop_identities(model.graph)
    onnx.checker.check_model(model, full_check=True)
    if any(node.op_type == "BatchNormalization" for node in model.graph.node):
        raise ModelError("expected every batch norm behind a convolution, got one elsewhere")
    write_metadata(model, spec)
    onnx.save(model, path)


def _check_answers(
    network: nn.Module, model: Path, planes: NDArray[np.float32], tolerance: float
) -> None:
    with torch.no_grad():
        policy, wdl = network(torch.from_numpy(planes))
    expected = Evaluation(policy.numpy(), wdl.numpy()).check_finite()
    evaluator = OrtEvaluator(model)
    got = evaluator.evaluate(planes)
    evaluator.close()
    for name in OUTPUTS:
        error = distance(getattr(expected, name), getattr(got, name))
        if error > tolerance:
            raise ModelError(
                f"expected the ONNX model to answer as its checkpoint within {tolerance:g}, got "
                f"{name} logits off by {error:.2g}; the network leaves the range of this precision"
            )


def distance(expected: NDArray[np.float32], got: NDArray[np.float32]) -> float:
    """Returns the largest difference of two arrays, relative to the largest expected value or 1."""
    largest = max(1.0, float(np.abs(expected).max()))
    return float(np.abs(expected - got).max()) / largest


def _spec(checkpoint: Checkpoint, precision: Precision) -> ModelSpec:
    info = checkpoint.info
    return ModelSpec(
        encoding=info.encoding,
        action_space=info.action_space,
        network=info.network.model_dump(),
        precision=precision,
        checkpoint_sha256=checkpoint.sha256,
        training_step=info.training_step,
        tools=tool_versions("aztoolkit", "torch", "onnx", "onnxruntime"),
    )
