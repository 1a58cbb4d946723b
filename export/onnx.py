"""A torch network as an ONNX model file: batch norms folded, checked, tried before it is kept.

checkpoint ── fold BN ──▶ float32 module ── trace ──▶ fp32.onnx ── export.half ──▶ fp16.onnx
"""

import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import nn

from aztoolkit.errors import ModelError
from aztoolkit.evaluator import Evaluation
from aztoolkit.files import atomic_path
from aztoolkit.model import INPUT, OUTPUTS, ModelSpec
from export.check import check_answers, check_planes
from export.graph import OPSET, drop_identities
from export.metadata import tool_versions, write_metadata
from train.checkpoint import Checkpoint
from train.networks import fold_batch_norm


def export_onnx(checkpoint: Checkpoint, target: Path) -> ModelSpec:
    """Writes the network of a checkpoint as FP32 to `target` and returns what the file says of itself.

    The file is kept only if `onnx.checker` accepts it and ONNX Runtime answers as torch does, on
    positions of random games and on random planes.

    Raises:
        ModelError: the written model answers otherwise than the checkpoint.
        EvaluationError: the network answers NaN or infinity.
        InputError: the folder cannot be written.
    """
    spec = _spec(checkpoint)
    planes = check_planes(spec.encoding)
    expected = _torch_answers(checkpoint.network, planes)
    with atomic_path(target) as temporary:
        _trace(fold_batch_norm(checkpoint.network), planes[:2], temporary)
        _describe(temporary, spec)
        check_answers(expected, temporary, planes, precision="fp32")
    return spec


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


def _torch_answers(network: nn.Module, planes: NDArray[np.float32]) -> Evaluation:
    with torch.no_grad():
        policy, wdl = network(torch.from_numpy(planes))
    return Evaluation(policy.numpy(), wdl.numpy()).check_finite()


def _spec(checkpoint: Checkpoint) -> ModelSpec:
    info = checkpoint.info
    return ModelSpec(
        encoding=info.encoding,
        action_space=info.action_space,
        network=info.network.model_dump(),
        precision="fp32",
        checkpoint_sha256=checkpoint.sha256,
        training_step=info.training_step,
        tools=tool_versions("aztoolkit", "torch", "onnx", "onnxruntime"),
    )
