"""A prepared ONNX graph as a torch module that rounds where the Q/DQ nodes will be, and can be trained.

Activations: rounding has no slope, so the gradient passes as if it were not there, save where a value is
cut off (Bengio et al. 2013); their scales learn what Esser et al., "Learned Step Size Quantization", ICLR
2020, derive for them.

Weights begin on their grids and may move to the next code on either side. What moves is a place on a
staircase that is smooth at first and gets sharper, so that in the end every weight is on a code again:

    +1        ___        sigmoid(sharpness * (place - 1/2)) - sigmoid(sharpness * (-place - 1/2))
     0    ___/
    -1 __/               place 0: the code that it began with

A weight that is rounded anew in every update instead, with a gradient that overlooks that, swings between
two codes and keeps all others from settling: that took twice as long to get half as far. Akin to Nagel et
al., "Up or Down? Adaptive Rounding for Post-Training Quantization", ICML 2020.

All float constants of the graph are parameters, so that imported networks and our own are trained alike,
squeeze-excitation and value head included. Large matrices, which are stored as s8, are rounded as well.
"""

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Any

import onnx
import torch
from onnx import helper, numpy_helper
from torch import Tensor, nn
from torch.nn import functional

from aztoolkit.errors import ModelError
from aztoolkit.model import INPUT, OUTPUTS
from export.graph import S8_MAX, large_matrices
from export.quantization.layers import Layer, Prepared, set_parameter
from export.quantization.scheme import Grid, Scheme

Attributes = dict[str, Any]  # Any: whatever ONNX has as attributes
_EDGE = 0.5
"""Half a step of a staircase."""
Operator = Callable[[list[Tensor], Attributes], Tensor | list[Tensor]]


class Twin(nn.Module):
    """Rounds and computes as the model that `write_graph` would write."""

    def __init__(self, prepared: Prepared, scheme: Scheme) -> None:
        """Copies the parameters of a prepared model.

        Raises:
            ModelError: the graph has an operator that is not among those known here.
        """
        super().__init__()
        self._prepared = prepared
        self._scheme = scheme
        self._layers = {layer.name: layer for layer in scheme.layers}
        self._names: dict[str, str] = {}
        self._numbers = count()
        self._constants: dict[str, Tensor] = {}
        self.sharpness = 1.0
        """Of the staircases."""
        self.weights = nn.ParameterDict()
        self.scales = nn.ParameterDict()
        self.places = nn.ParameterDict()
        self._steps: list[_Step] = []
        kept = _factors_of_input(prepared)
        for tensor in prepared.model.graph.initializer:
            self._add_constant(tensor, trained=tensor.name not in kept)
        for name in sorted(scheme.rounded - prepared.exact.keys()):
            scale = torch.tensor(scheme.grids[name].scale).log()
            self.scales[self._key(f"{name} scale")] = nn.Parameter(scale)
        self._packed = set(large_matrices(prepared.model.graph)) & self._names.keys()
        for layer in scheme.layers:
            key = self._names.pop(layer.weights)
            weights = self.weights.pop(key).detach()
            self._constants[layer.weights] = torch.from_numpy(scheme.codes(layer, weights.numpy()))
            self.places[self._key(f"{layer.weights} place")] = nn.Parameter(
                torch.zeros_like(weights)
            )
        self._trace()

    def forward(self, planes: Tensor) -> tuple[Tensor, Tensor]:
        """Maps `[B, C, 8, 8]` planes to `[B, A]` policy and `[B, 3]` win/draw/loss logits."""
        exact = dict(self._constants)
        exact.update(
            {name: self.weights[key] for name, key in self._names.items() if key in self.weights}
        )
        exact.update({name: _packed(exact[name]) for name in self._packed})
        rounded: dict[str, Tensor] = {}
        self._keep(INPUT, planes, exact, rounded)
        for step in self._steps:
            inputs = [
                (rounded if step.reads_rounded[place] else exact)[name]
                for place, name in enumerate(step.inputs)
            ]
            if step.layer is not None:
                inputs[1] = self.rendered(step.layer)
            made = step.operator(inputs, step.attributes)
            values = made if isinstance(made, list) else [made]
            for name, value in zip(step.outputs, values, strict=True):
                self._keep(name, value, exact, rounded)
        policy, wdl = (exact[name] for name in OUTPUTS)
        return policy, wdl

    def rendered(self, layer: Layer) -> Tensor:
        """Returns the weights `[F, C, K, K]` of a layer, on the staircase of now."""
        place, sharpness = self._place(layer), self.sharpness
        up = torch.sigmoid(sharpness * (place - _EDGE))
        down = torch.sigmoid(sharpness * (-place - _EDGE))
        return self._scales(layer) * (self._constants[layer.weights] + (up - down))

    def settled(self, layer: Layer) -> Tensor:
        """Returns the weights `[F, C, K, K]` of a layer on the codes that their places are at."""
        place = self._place(layer).detach()
        moved = (place > _EDGE).float() - (place < -_EDGE).float()
        largest = self._scheme.largest_weight
        codes = (self._constants[layer.weights] + moved).clamp(-largest, largest)
        return self._scales(layer) * codes

    def trained(self) -> tuple[Prepared, Scheme]:
        """Returns the prepared model with the parameters of now, and the scheme with its scales."""
        prepared, grids = self._prepared.copy(), dict(self._scheme.grids)
        for name, key in self._names.items():
            if key in self.weights:
                set_parameter(prepared.model.graph, name, self.weights[key].detach().numpy())
        for layer in self._scheme.layers:
            set_parameter(prepared.model.graph, layer.weights, self.settled(layer).numpy())
        for name in self._scheme.rounded - self._prepared.exact.keys():
            scale = float(self._scale(name).detach())
            grids[name] = Grid(scale, grids[name].zero_point)
        return prepared, replace(self._scheme, grids=grids)

    def _keep(
        self, name: str, value: Tensor, exact: dict[str, Tensor], rounded: dict[str, Tensor]
    ) -> None:
        exact[name] = value
        if name in self._scheme.rounded:
            grid, target = self._scheme.grids[name], self._scheme.target
            scale = self._scale(name)
            rounded[name] = _round(value, scale, grid.zero_point, target.low, target.high)

    def _scale(self, name: str) -> Tensor:
        if name in self._prepared.exact:
            return torch.tensor(self._scheme.grids[name].scale)
        scale: Tensor = self.scales[self._names[f"{name} scale"]].exp()
        return scale

    def _place(self, layer: Layer) -> Tensor:
        place: Tensor = self.places[self._names[f"{layer.weights} place"]]
        return place

    def _scales(self, layer: Layer) -> Tensor:
        """Returns the scales of the filters of a layer: `[F, 1, 1, 1]`; training them too bought nothing."""
        return torch.from_numpy(self._scheme.scales[layer.name]).reshape(-1, 1, 1, 1)

    def _add_constant(self, tensor: onnx.TensorProto, *, trained: bool) -> None:
        """Adds a parameter; or a constant, such as what makes the input exact."""
        values = torch.from_numpy(numpy_helper.to_array(tensor).copy())
        if values.is_floating_point() and trained:
            self.weights[self._key(tensor.name)] = nn.Parameter(values)
        else:
            self._constants[tensor.name] = values

    def _key(self, name: str) -> str:
        """Returns a name that torch takes, instead of one with dots and slashes."""
        return self._names.setdefault(name, f"p{next(self._numbers)}")

    def _trace(self) -> None:
        for node in self._prepared.model.graph.node:
            if node.op_type == "Constant":
                value = numpy_helper.to_array(helper.get_node_attr_value(node, "value"))
                self._constants[node.output[0]] = torch.from_numpy(value.copy())
                continue
            if node.op_type not in _OPERATORS:
                raise ModelError(
                    f"expected operators among {', '.join(sorted(_OPERATORS))} to train, got "
                    f"{node.op_type}; use --method static"
                )
            self._steps.append(_Step(node, self._scheme, self._layers.get(node.name)))


def _factors_of_input(prepared: Prepared) -> set[str]:
    """Returns the constants that bring the planes to multiples of their scale: they are exact as they are."""
    return {
        name
        for node in prepared.model.graph.node
        if INPUT in node.input and prepared.exact.keys() & set(node.output)
        for name in node.input
    }


class _Step:
    """A node, read from its protobuf once and for all."""

    def __init__(self, node: onnx.NodeProto, scheme: Scheme, layer: Layer | None) -> None:
        self.operator = _OPERATORS[node.op_type]
        self.inputs = list(node.input)
        self.outputs = list(node.output)
        self.attributes = {one.name: helper.get_attribute_value(one) for one in node.attribute}
        self.reads_rounded = [scheme.reads_rounded(node, name) for name in node.input]
        self.layer = layer


class _Round(torch.autograd.Function):
    """Rounds to `scale * (code - zero_point)` for codes from `low` to `high`."""

    @staticmethod
    def forward(
        ctx: Any,  # Any: torch leaves it open
        values: Tensor,
        scale: Tensor,
        zero_point: int,
        low: int,
        high: int,
    ) -> Tensor:
        steps = values / scale
        codes = steps.round().clamp_(low - zero_point, high - zero_point)
        ctx.save_for_backward(codes, steps)
        return codes * scale

    @staticmethod
    def backward(
        ctx: Any,  # Any: torch leaves it open
        *gradients: Tensor,
    ) -> tuple[Tensor, Tensor | None, None, None, None]:
        (gradient,) = gradients
        codes, steps = ctx.saved_tensors
        errors = codes - steps
        inside = errors.abs() <= _EDGE  # a value that is cut off is farther from its code
        of_scale = None
        if ctx.needs_input_grad[1]:
            of_scale = torch.where(inside, errors, codes).mul_(gradient).sum()
        return gradient * inside, of_scale, None, None, None


def _round(values: Tensor, scale: Tensor, zero_point: int, low: int, high: int) -> Tensor:
    result: Tensor = _Round.apply(values, scale, zero_point, low, high)  # type: ignore[no-untyped-call]
    return result


def _packed(weights: Tensor) -> Tensor:
    """Returns a matrix `[outputs, inputs]` as it will be stored; its gradient passes as if it were exact."""
    exact = weights.detach()
    steps = (
        exact.abs().amax(dim=1, keepdim=True).clamp_min(torch.finfo(torch.float32).tiny) / S8_MAX
    )
    return weights + ((exact / steps).round_().mul_(steps) - exact)


def _conv(inputs: list[Tensor], _attributes: Attributes) -> Tensor:
    values, weights, bias = inputs
    return functional.conv2d(values, weights, bias, padding=weights.shape[-1] // 2)


def _gemm(inputs: list[Tensor], attributes: Attributes) -> Tensor:
    weights = inputs[1] if attributes.get("transB", 0) else inputs[1].T
    return functional.linear(inputs[0], weights, *inputs[2:])


def _reduce_mean(inputs: list[Tensor], attributes: Attributes) -> Tensor:
    axes = inputs[1].tolist() if len(inputs) > 1 else attributes["axes"]
    return inputs[0].mean(dim=axes, keepdim=bool(attributes.get("keepdims", 1)))


def _reshape(inputs: list[Tensor], _attributes: Attributes) -> Tensor:
    values, shape = inputs
    return values.reshape([values.shape[i] if n == 0 else n for i, n in enumerate(shape.tolist())])


def _unsqueeze(inputs: list[Tensor], _attributes: Attributes) -> Tensor:
    result = inputs[0]
    for axis in sorted(inputs[1].reshape(-1).tolist()):
        result = result.unsqueeze(axis)
    return result


def _split(inputs: list[Tensor], attributes: Attributes) -> list[Tensor]:
    axis = attributes.get("axis", 0)
    if len(inputs) > 1:
        return list(torch.split(inputs[0], inputs[1].tolist(), dim=axis))
    return list(inputs[0].chunk(attributes["num_outputs"], dim=axis))


def _slice(inputs: list[Tensor], _attributes: Attributes) -> Tensor:
    result, starts, ends = inputs[0], inputs[1].tolist(), inputs[2].tolist()
    axes = inputs[3].tolist() if len(inputs) > 3 else list(range(len(starts)))
    steps = inputs[4].tolist() if len(inputs) > 4 else [1] * len(starts)
    places: list[slice] = [slice(None)] * result.ndim
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        places[axis] = slice(start, min(end, result.shape[axis]), step)
    return result[tuple(places)]


def _gather(inputs: list[Tensor], attributes: Attributes) -> Tensor:
    values, places = inputs
    axis = attributes.get("axis", 0)
    chosen = values.index_select(axis, places.reshape(-1))
    shape = (*values.shape[:axis], *places.shape, *values.shape[axis + 1 :])
    return chosen.reshape(shape)


def _divide(inputs: list[Tensor], _attributes: Attributes) -> Tensor:
    whole = not inputs[0].is_floating_point()
    return torch.div(*inputs, rounding_mode="trunc" if whole else None)


_OPERATORS: dict[str, Operator] = {
    "Add": lambda inputs, _: inputs[0] + inputs[1],
    "Conv": _conv,
    "Div": _divide,
    "Flatten": lambda inputs, _: inputs[0].flatten(1),
    "Gather": _gather,
    "Gemm": _gemm,
    "GlobalAveragePool": lambda inputs, _: inputs[0].mean(dim=(2, 3), keepdim=True),
    "Identity": lambda inputs, _: inputs[0],
    "MatMul": lambda inputs, _: inputs[0] @ inputs[1],
    "Mish": lambda inputs, _: functional.mish(inputs[0]),
    "Mul": lambda inputs, _: inputs[0] * inputs[1],
    "ReduceMean": _reduce_mean,
    "Relu": lambda inputs, _: functional.relu(inputs[0]),
    "Reshape": _reshape,
    "Shape": lambda inputs, _: torch.tensor(inputs[0].shape),
    "Sigmoid": lambda inputs, _: inputs[0].sigmoid(),
    "Slice": _slice,
    "Split": _split,
    "Sub": lambda inputs, _: inputs[0] - inputs[1],
    "Unsqueeze": _unsqueeze,
}
