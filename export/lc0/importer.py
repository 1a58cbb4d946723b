"""A network file of lc0 becomes a model file: read, built, tried before it is kept."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx

from aztoolkit.backends.ort import OrtEvaluator
from aztoolkit.encoding import lc0_112, lc0_1858
from aztoolkit.files import atomic_path, sha256
from aztoolkit.model import ModelSpec, NetworkSpec
from export.lc0.file import SUFFIX, read_net
from export.lc0.format import read_format
from export.lc0.graph import build_graph
from export.lc0.layers import ConvolutionPolicy, Network
from export.lc0.messages import Message
from export.lc0.weights import read_network
from export.metadata import tool_versions, write_metadata


@dataclass(frozen=True)
class Source:
    """A network file that was read."""

    path: Path
    net: Message
    network: Network

    @property
    def kinds(self) -> NetworkSpec:
        """Kind and size of the network, as a model says it."""
        squeeze, network = self.network.squeeze_channels, self.network
        convolution = isinstance(network.policy, ConvolutionPolicy)
        return {
            "kind": "lc0_se_resnet" if squeeze else "lc0_resnet",
            "filters": network.filters,
            "blocks": len(network.blocks),
            "se_channels": squeeze,
            "policy": "convolution" if convolution else "classical",
            "value": network.value.kind,
            "activation": network.activation,
        }

    @property
    def has_moves_left(self) -> bool:
        """Whether there is a head for the length of the game, which a model of ours has no place for."""
        return bool(self.net.weights.HasField("moves_left"))


def read_source(path: Path) -> Source:
    """Returns a network file with its layers.

    Raises:
        ModelError: the file is missing, broken, or of a kind that is not supported.
    """
    return source_of(read_net(path), path)


def source_of(net: Message, path: Path) -> Source:
    """Returns the message in a network file with its layers.

    Raises:
        ModelError: it is of a kind that is not supported, or its layers do not fit together.
    """
    return Source(path, net, read_network(net, read_format(net, path), path))


def import_network(source: Source, target: Path) -> ModelSpec:
    """Writes a network as a model to `target` and returns what the file says of itself.

    The file is kept only if `onnx.checker` accepts it and ONNX Runtime answers with finite logits.

    Raises:
        EvaluationError: the network answers NaN or infinity.
        InputError: the folder cannot be written.
    """
    spec = ModelSpec(
        encoding=lc0_112.NAME,
        action_space=lc0_1858.NAME,
        network=source.kinds,
        precision="fp32",
        checkpoint_sha256=sha256(source.path),
        training_step=source.net.training_params.training_steps,
        source=source.path.name,
        tools=tool_versions("aztoolkit", "onnx", "onnxruntime", "protobuf"),
    )
    model = build_graph(source.network)
    write_metadata(model, spec)
    onnx.checker.check_model(model, full_check=True)
    with atomic_path(target) as temporary:
        onnx.save(model, temporary)
        _try(temporary)
    return spec


def default_target(network: Path) -> Path:
    """Returns where the model of a network goes: beside it, under the same name."""
    return network.with_name(network.name.removesuffix(SUFFIX) + ".onnx")


def _try(model: Path) -> None:
    """Raises EvaluationError if a model does not answer an empty and a full board with finite logits."""
    evaluator = OrtEvaluator(model, threads=1)
    boards = np.zeros((2, lc0_112.PLANES, 8, 8), dtype=np.float32)
    boards[1] = 1
    evaluator.evaluate(boards)
    evaluator.close()
