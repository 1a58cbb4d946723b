"""A network file of lc0."""

from pathlib import Path

from aztoolkit.errors import ModelError
from aztoolkit.files import sha256
from export.describe import Document
from export.lc0.file import read_net
from export.lc0.importer import Source, source_of
from export.lc0.messages import Message


def describe_network(path: Path) -> Document:
    """Returns size, hash, origin and kind of a network; or why it cannot be imported.

    Raises:
        ModelError: the file is missing, or no network.
    """
    net = read_net(path)
    return {
        "bytes": path.stat().st_size,
        "sha256": sha256(path),
        "training_steps": net.training_params.training_steps,
        "license": _text(net.license) or None,
        "min_lc0_version": _version(net),
        **_layers(net, path),
    }


def _layers(net: Message, path: Path) -> Document:
    try:
        source = source_of(net, path)
    except ModelError as error:
        return {"importable": False, "reason": str(error)}
    return {
        "importable": True,
        "network": source.kinds,
        "moves_left": source.has_moves_left,
        "parameters": _count_parameters(source),
    }


def _text(data: bytes) -> str:
    """Returns text of a foreign file as one line, without what a terminal would take for a command."""
    line = " ".join(data.decode(errors="replace").split())
    return "".join(letter for letter in line if letter.isprintable())


def _version(net: Message) -> str | None:
    if not net.HasField("min_version"):
        return None
    version = net.min_version
    return f"{version.major}.{version.minor}.{version.patch}"


def _count_parameters(source: Source) -> int:
    return sum(len(layer.weights.ravel()) + len(layer.bias) for layer in source.network.layers())
