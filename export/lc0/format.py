"""What a network file says of its kind; what we cannot build is refused here, by name."""

from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Literal, TypeVar

from aztoolkit.errors import ModelError
from export.lc0.messages import Message

PolicyKind = Literal["classical", "convolution"]
ValueKind = Literal["classical", "wdl"]
Activation = Literal["relu", "mish"]
KindT = TypeVar("KindT")

_LINEAR16 = 1
_CLASSICAL_INPUT = 1
_INPUTS = {
    1: "classical 112 planes",
    2: "112 planes with castling planes",
    3: "112 planes with canonicalization",
    4: "112 planes with canonicalization, hectoplies",
    5: "112 planes with canonicalization, version 2",
    132: "112 planes with canonicalization, hectoplies, armageddon",
    133: "112 planes with canonicalization, version 2, armageddon",
}
_POLICIES: dict[int, PolicyKind] = {1: "classical", 2: "convolution"}
_VALUES: dict[int, ValueKind] = {1: "classical", 2: "wdl"}
_ACTIVATIONS: dict[int, Activation] = {0: "relu", 1: "mish"}
_ATTENTION_POLICY = 3


class _Structure(IntEnum):
    """`NetworkFormat.network`: how the network is built."""

    UNKNOWN = 0
    CLASSICAL = 1
    SE = 2
    CLASSICAL_WITH_HEADS = 3
    SE_WITH_HEADS = 4
    ONNX = 5
    ATTENTION_BODY = 6
    ATTENTION_BODY_MULTIHEAD = 7
    ATTENTION_BODY_LEGACY_MULTIHEAD = 134


_TOWERS = {
    _Structure.CLASSICAL,
    _Structure.SE,
    _Structure.CLASSICAL_WITH_HEADS,
    _Structure.SE_WITH_HEADS,
}
_ATTENTION = {
    _Structure.ATTENTION_BODY,
    _Structure.ATTENTION_BODY_MULTIHEAD,
    _Structure.ATTENTION_BODY_LEGACY_MULTIHEAD,
}


@dataclass(frozen=True)
class Format:
    """How the heads of a residual tower are built."""

    policy: PolicyKind
    value: ValueKind
    activation: Activation


def read_format(net: Message, path: Path) -> Format:
    """Returns the kinds of heads of a network.

    Files without a format, and towers without formats of heads, are older than those fields; their
    heads are classical.

    Raises:
        ModelError: the network is of a kind that is not supported.
    """
    form = net.format.network_format
    structure = form.network if net.format.HasField("network_format") else _Structure.CLASSICAL
    _check_structure(net, structure, path)
    if not net.format.HasField("network_format"):
        return Format("classical", "classical", "relu")
    if form.input != _CLASSICAL_INPUT:
        raise _unsupported(f"input of {_name(_INPUTS, form.input)}", path)
    if structure in (_Structure.CLASSICAL, _Structure.SE):
        return Format("classical", "classical", "relu")
    return Format(
        policy=_known(_POLICIES, form.policy, "policy", path),
        value=_known(_VALUES, form.value, "value", path),
        activation=_known(_ACTIVATIONS, form.default_activation, "activation", path),
    )


def _check_structure(net: Message, structure: int, path: Path) -> None:
    if structure in _ATTENTION or len(net.weights.encoder):
        raise _unsupported("attention body", path)
    if structure == _Structure.ONNX or net.HasField("onnx_model"):
        raise _unsupported("a network that is ONNX inside", path)
    if structure not in _TOWERS:
        raise _unsupported(f"structure {structure}", path)
    if net.format.network_format.policy == _ATTENTION_POLICY or len(net.weights.pol_encoder):
        raise _unsupported("attention policy", path)
    if not net.HasField("weights"):
        raise ModelError(f"expected weights in the network, got none: {path}; download it again")
    if net.format.weights_encoding != _LINEAR16:
        raise _unsupported(f"encoding {net.format.weights_encoding} of weights", path)


def _known(names: dict[int, KindT], value: int, what: str, path: Path) -> KindT:
    if value not in names:
        raise _unsupported(f"{what} {value}", path)
    return names[value]


def _name(names: dict[int, str], value: int) -> str:
    return names.get(value, f"unknown kind {value}")


def _unsupported(what: str, path: Path) -> ModelError:
    return ModelError(
        f"not supported yet: {what}: {path}; expected a residual tower over the classical input of "
        "112 planes, with a classical or convolutional policy and a classical or win/draw/loss value"
    )
