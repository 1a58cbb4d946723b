"""One build: an ONNX model and a card become a plan and the list of what it computes.

TensorRT and TensorRT-RTX have one interface here. TensorRT tries kernels on the card that it builds
for, which must be present; TensorRT-RTX needs no card, for it compiles kernels where the plan is run.
Both are asked for a strongly typed network: each layer has the precision that the model gives it.
"""

from dataclasses import dataclass
from typing import Any

from aztoolkit.backends.nvidia import NAMES, Library, Message, make_logger
from aztoolkit.errors import ModelError
from aztoolkit.model import INPUT
from aztoolkit.plan import Batch, Layer, sm_name
from export.engines.layers import parse_layers
from export.engines.source import PlanSource

_ERROR = 1
"""Severity from which down a line of the log says what went wrong."""


@dataclass(frozen=True)
class Built:
    """A plan, in memory."""

    plan: bytes
    layers: tuple[Layer, ...]


def build_plan(
    source: PlanSource, library: Library, *, batch: Batch, compute_capability: str
) -> Built:
    """Builds a plan for a card.

    Raises:
        ModelError: the library does not take the model, or does not build for the card.
    """
    log: list[Message] = []
    module, logger = library.module, make_logger(library, log.append)
    builder = module.Builder(logger)
    network = _parse(source, library, builder, logger, log)
    config = builder.create_builder_config()
    config.profiling_verbosity = module.ProfilingVerbosity.DETAILED
    if library.target == "rtx":
        _set_card(config, module, compute_capability)
    config.add_optimization_profile(_profile(builder, source, batch))
    plan = builder.build_serialized_network(network, config)
    if plan is None:
        raise ModelError(
            f"expected {NAMES[library.target]} to build {source.spec.precision} for "
            f"{sm_name(compute_capability)}, got {_reason(log)}{_advice(source)}"
        )
    return Built(bytes(plan), _layers(bytes(plan), library, logger, log))


def capabilities(library: Library) -> list[str]:
    """Returns the compute capabilities that TensorRT-RTX builds for, such as `8.9`."""
    names = [name for name in dir(library.module.ComputeCapability) if name.startswith("SM")]
    digits = sorted((name.removeprefix("SM") for name in names), key=int)
    return [f"{number[:-1]}.{number[-1]}" for number in digits]


def _parse(
    source: PlanSource, library: Library, builder: Any, logger: Any, log: list[Message]
) -> Any:  # Any: NVIDIA's libraries ship no types
    module = library.module
    # TensorRT 11 and TensorRT-RTX know no other networks; in TensorRT 10 it is a flag.
    typed = getattr(module.NetworkDefinitionCreationFlag, "STRONGLY_TYPED", None)
    network = builder.create_network(0 if typed is None else 1 << int(typed))
    parser = module.OnnxParser(network, logger)
    if not parser.parse(source.onnx):
        errors = [parser.get_error(index).desc() for index in range(parser.num_errors)]
        reason = " ".join(errors[0].split()) if errors else _reason(log)
        raise ModelError(f"expected a model that {NAMES[library.target]} can read, got {reason}")
    return network


def _set_card(config: Any, module: Any, compute_capability: str) -> None:
    config.num_compute_capabilities = 1
    name = sm_name(compute_capability).upper()
    config.set_compute_capability(getattr(module.ComputeCapability, name), 0)


def _profile(builder: Any, source: PlanSource, batch: Batch) -> Any:
    profile = builder.create_optimization_profile()
    sizes = (batch.smallest, batch.best, batch.largest)
    profile.set_shape(INPUT, *((size, source.planes, 8, 8) for size in sizes))
    return profile


def _layers(plan: bytes, library: Library, logger: Any, log: list[Message]) -> tuple[Layer, ...]:
    """Returns what was built: as the builder logged it, which TensorRT-RTX does; else as inspected."""
    logged = parse_layers("\n".join(message.text for message in log))
    if logged:
        return logged
    engine = library.module.Runtime(logger).deserialize_cuda_engine(plan)
    if engine is None:
        return ()
    form = library.module.LayerInformationFormat.ONELINE
    return parse_layers(engine.create_engine_inspector().get_engine_information(form))


def _reason(log: list[Message]) -> str:
    errors = [message.text for message in log if message.severity <= _ERROR]
    return " ".join(errors[0].split()) if errors else "no reason"


def _advice(source: PlanSource) -> str:
    if source.spec.precision != "fp32":
        return ""
    return "; try the FP16 model: `aztoolkit export MODEL --fp16`"
