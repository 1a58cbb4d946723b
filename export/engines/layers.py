"""What a plan really computes, read from the lines that the engine inspector and the builder's log share.

    Name: /stem/Conv_myl0_2, LayerType: correlation, Inputs: [ { Name: ..., Datatype: Int8, ... }],
    Constants: [ { Name: ..., Datatype: Int8, ... }], Outputs: [...], TacticName: ...,
    Metadata: [ONNX Layer: /stem/Conv][ONNX Layer: /stem/Relu]

TensorRT writes `Format/Datatype: Row major linear FP32` where TensorRT-RTX writes `Datatype: Float`.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from aztoolkit.plan import Layer

_NAME = re.compile(r"^Name: (.*?), LayerType: (\w+), ", re.MULTILINE)
_NODE = re.compile(r"\[ONNX Layer: (.*?)\]")
_KIND = re.compile(r"(?:Format/)?Datatype: ([^,}]*)")
_SECTION = (
    r"{}: \[(.*?)\](?=, (?:Inputs|Constants|Outputs|ParameterType|TacticName|StreamId|Metadata|$))"
)
_PRECISIONS = {
    "fp32": ("Float", "FP32"),
    "fp16": ("Half", "FP16"),
    "bf16": ("BFloat16", "BF16"),
    "fp8": ("FP8",),
    "int8": ("Int8",),
    "uint8": ("UInt8",),
    "int32": ("Int32",),
    "int64": ("Int64",),
    "bool": ("Bool",),
}
_WORDS = {word: precision for precision, words in _PRECISIONS.items() for word in words}
_GENERATED = ("kgen", "PointWiseV2", "Reformat")
"""Kinds of layers for elementwise work and for other orders in memory."""
_NARROW_FIRST = ("int8", "fp8", "fp16", "bf16", "fp32")


def parse_layers(text: str) -> tuple[Layer, ...]:
    """Returns the layers that a text of the engine inspector, or a builder's log, describes."""
    starts = list(_NAME.finditer(text))
    return tuple(_layer(match, text[match.start() :].partition("\n")[0]) for match in starts)


def computed_in(layers: Sequence[Layer], nodes: Iterable[str]) -> dict[str, str]:
    """Returns the precision in which each convolution or matrix product of the model is computed.

    Several layers may name a node: kernels that were generated for elementwise work around it do so,
    too. Its own is the first that is none of these, or else the first of these that has weights. A node
    that no layer names is left out.
    """
    naming: dict[str, list[Layer]] = defaultdict(list)
    for layer in layers:
        for node in layer.nodes:
            naming[node].append(layer)
    return {node: min(naming[node], key=_distance).precision for node in nodes if node in naming}


def _distance(layer: Layer) -> tuple[bool, bool]:
    return layer.kind in _GENERATED, layer.weights is None


def _layer(match: "re.Match[str]", line: str) -> Layer:
    inputs = _kinds(_section(line, "Inputs")) or _kinds(_section(line, "Outputs"))
    constants = _kinds(_section(line, "Constants"))
    narrow = [precision for precision in _NARROW_FIRST if precision in constants]
    return Layer(
        name=match[1],
        kind=match[2],
        precision="+".join(sorted(set(inputs))) or "none",
        weights=narrow[0] if narrow else None,
        nodes=tuple(_NODE.findall(line.rpartition("Metadata: ")[2])),
    )


def _section(line: str, name: str) -> str:
    found = re.search(_SECTION.format(name), line)
    return found[1] if found else ""


def _kinds(section: str) -> list[str]:
    return [_precision(text) for text in _KIND.findall(section)]


def _precision(text: str) -> str:
    """Returns the precision that words such as `Half` or `Row major linear FP16 format` name."""
    found = [_WORDS[word] for word in text.split() if word in _WORDS]
    return found[0] if found else text.strip().lower()
