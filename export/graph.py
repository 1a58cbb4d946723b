"""Surgery on ONNX graphs: which nodes form the value head, and who need not see rounded values."""

from collections import defaultdict

import onnx

from aztoolkit.model import OUTPUTS

_QUANTIZE, _DEQUANTIZE, _CONV = "QuantizeLinear", "DequantizeLinear", "Conv"
_POLICY, _WDL = OUTPUTS


def value_head(graph: onnx.GraphProto) -> tuple[str, ...]:
    """Returns the names of the nodes that feed the win/draw/loss output and not the policy."""
    value, policy = _ancestors(graph, _WDL), _ancestors(graph, _POLICY)
    return tuple(node.name for node in graph.node if node.name in value and node.name not in policy)


def drop_identities(graph: onnx.GraphProto) -> None:
    """Lets readers of an Identity read its input; exporters write one where two tensors are equal."""
    identities = [node for node in graph.node if node.op_type == "Identity"]
    for identity in identities:
        for node in graph.node:
            _replace_input(node, identity.output[0], identity.input[0])
        graph.node.remove(identity)


def bypass_rounding(graph: onnx.GraphProto) -> None:
    """Lets float nodes read what float nodes computed, not what was rounded for convolutions.

    The quantizer sends every reader of a tensor through its Q/DQ pair, the residual sum too. What a
    quantized convolution writes is left alone: there the pair is part of the convolution.
    """
    producers = _producers(graph)
    consumers: dict[str, list[onnx.NodeProto]] = defaultdict(list)
    for node in graph.node:
        for name in node.input:
            consumers[name].append(node)
    for node in graph.node:
        exact = _exact_source(node, producers)
        if exact is None:
            continue
        for consumer in consumers[node.output[0]]:
            if not _is_quantized_conv(consumer, producers):
                _replace_input(consumer, node.output[0], exact)


def _exact_source(node: onnx.NodeProto, producers: dict[str, onnx.NodeProto]) -> str | None:
    """Returns the float tensor that a DequantizeLinear renders rounded, if there is one."""
    quantizer = producers.get(node.input[0]) if node.op_type == _DEQUANTIZE else None
    if quantizer is None or quantizer.op_type != _QUANTIZE:
        return None
    exact = quantizer.input[0]
    source = producers.get(exact)
    return None if source is None or _is_quantized_conv(source, producers) else exact


def _is_quantized_conv(node: onnx.NodeProto, producers: dict[str, onnx.NodeProto]) -> bool:
    if node.op_type != _CONV:
        return False
    weights = producers.get(node.input[1])
    return weights is not None and weights.op_type == _DEQUANTIZE


def _replace_input(node: onnx.NodeProto, old: str, new: str) -> None:
    for index, name in enumerate(node.input):
        if name == old:
            node.input[index] = new


def _ancestors(graph: onnx.GraphProto, output: str) -> set[str]:
    producers = _producers(graph)
    found: set[str] = set()
    waiting = [output]
    while waiting:
        node = producers.get(waiting.pop())
        if node is not None and node.name not in found:
            found.add(node.name)
            waiting.extend(node.input)
    return found


def _producers(graph: onnx.GraphProto) -> dict[str, onnx.NodeProto]:
    return {name: node for node in graph.node for name in node.output}
