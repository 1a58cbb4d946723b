"""A model on its way to INT8: what it is in float, how it is to be rounded, and the graph of both."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import onnx

from aztoolkit.errors import ConfigError
from export.quantization.compact import compact
from export.quantization.layers import Layer, Prepared, parameter, set_parameter
from export.quantization.scheme import Scheme
from export.quantization.write import write_graph


@dataclass(frozen=True)
class Rounded:
    """A prepared model with parameters that suit a scheme."""

    prepared: Prepared
    """Its weights may lie on their grids already."""
    scheme: Scheme
    exact: Prepared
    """The same with the weights that layers have in float.

    After training these are the trained ones, which lie on grids: the other layers learned to go with them,
    not with those from before.
    """

    def graph(self) -> onnx.ModelProto:
        """Returns the rounded model as it will be stored, without metadata."""
        model = write_graph(self.prepared, self.scheme)
        compact(model.graph, self.scheme.target.name)
        return model

    def without(self, names: Sequence[str]) -> "Rounded":
        """Returns the same with some layers in float.

        Raises:
            ConfigError: a name is not that of a rounded layer.
        """
        check_layers(names, self.scheme.layers)
        prepared = self.prepared.copy()
        for layer in self.scheme.layers:
            if layer.name in names:
                for tensor in (layer.weights, layer.bias):
                    values = parameter(self.exact.model.graph, tensor)
                    set_parameter(prepared.model.graph, tensor, values)
        return replace(self, prepared=prepared, scheme=self.scheme.without(names))


def check_layers(names: Sequence[str], layers: Sequence[Layer]) -> None:
    """Raises ConfigError if a layer to keep in float is none of these."""
    known = [layer.name for layer in layers]
    if unknown := [name for name in names if name not in known]:
        raise ConfigError(
            f"expected layers among {', '.join(known)} to keep in float, got {unknown[0]}"
        )
