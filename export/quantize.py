"""INT8 models: rounded, repaired, tried, and described in their own metadata.

    planes ─Q─DQ─ Conv+ReLU ─Q─DQ─┬─ Conv+ReLU ─Q─DQ─ Conv ─Q─DQ─ Add ─ ReLU ─┬─Q─DQ─ Conv ...
           1/99                   └────────────── float ───────────┘          └─ float ─ next Add

- Activations are u8 with one scale a tensor, weights s8 with one a filter, biases s32; for TensorRT
  activations are s8 around zero and biases float.
- The input is exact: every plane of `az119` holds multiples of 1/99, so that is its scale. `lc0_112`
  has one plane of whole numbers, which is divided by 99 first and its weights multiplied by as much.
- Residual sums, squeeze-excitation and the value head stay in float: they cost little time there
  and much accuracy in INT8. Large matrices there are stored as s8 all the same, the rest as FP16 (`compact`).
- Channels are brought to like ranges beforehand (`equalize`), and weights are rounded so that they make
  up for each other (`compensate`); `qat` then trains them against the FP32 model's own answers.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import onnx
from numpy.typing import NDArray

from aztoolkit.backends.ort import OrtEvaluator
from aztoolkit.errors import ModelError
from aztoolkit.files import atomic_path
from aztoolkit.model import ModelSpec, QuantizationSpec, TrainingSpec
from export.calibration import Calibration
from export.distances import legal_indices
from export.graph import value_head
from export.metadata import tool_versions, write_metadata
from export.progress import Watch, ignore_stages
from export.quantization.channels import tensor_shapes
from export.quantization.compensate import compensate
from export.quantization.equalize import balance_sources, equalize, spread_results
from export.quantization.layers import Prepared, prepare
from export.quantization.policy import policy_layer, policy_range
from export.quantization.ranges import Range, RangeMethod, choose_spans, measure_ranges
from export.quantization.rounded import Rounded, check_layers
from export.quantization.scheme import (
    FULL_WEIGHT_BITS,
    Scheme,
    TargetName,
    make_scheme,
    rounded_tensors,
)
from export.quantization.sensitivity import POSITIONS as JUDGED_POSITIONS
from export.quantization.sensitivity import Judge, Search, search_layers
from export.quantization.sessions import try_model
from export.quantization.training import Training

Method = Literal["static", "qat"]
AUTO = "auto"
_SHAPE_BATCH = 2


@dataclass(frozen=True)
class Recipe:
    """How a model is quantized."""

    method: Method = "static"
    """`qat` trains what `static` found."""
    target: TargetName = "cpu"
    ranges: RangeMethod = "minmax"
    weight_bits: int = FULL_WEIGHT_BITS
    """8; or 7, which saturates nowhere but rounds more. On processors without VNNI our own runtime
    computes 8 bits exactly, only slower."""
    keep_float: Literal["auto"] | tuple[str, ...] = ()
    """Layers that are not rounded; `auto` for those that a budget takes."""
    budget_kl: float = 0.002
    """Mean policy KL in nats that `auto` keeps within."""
    training: Training = field(default_factory=Training)

    @property
    def balance(self) -> bool:
        """Whether every block of the residual stream gets factors of its own, for a little speed."""
        return self.method == "qat" or self.target == "tensorrt"

    @property
    def name(self) -> str:
        """What the model says of its making."""
        repairs = ["equalization", *(["balance"] if self.balance else []), "compensation"]
        return "+".join([f"{self.method}-{self.ranges}", *repairs])


@dataclass(frozen=True)
class Outcome:
    """What came of quantizing a model."""

    spec: ModelSpec
    """What the file says of itself."""
    search: Search | None
    """For layers to keep in float, where one was needed."""


def quantize_model(
    model: Path,
    target: Path,
    calibration: Calibration,
    recipe: Recipe,
    *,
    training: Calibration | None = None,
    watch: Watch = ignore_stages,
) -> Outcome:
    """Writes an FP32 model as INT8 to `target`.

    Args:
        training: positions for `qat`; without them those of the calibration.

    Raises:
        ModelError: `model` is missing, broken, not ours, not FP32, or not of plain convolutions.
        ConfigError: a layer to keep in float does not exist.
        EvaluationError: the model, before or after, answers NaN or infinity.
        InputError: the folder cannot be written.
    """
    spec = read_fp32_spec(model)
    try_model(model, calibration.planes[:1])
    original = onnx.load(model)
    if recipe.keep_float != AUTO:
        check_layers(recipe.keep_float, prepare(original, spec.encoding).layers)
    with atomic_path(target) as temporary:
        rounded = round_static(original, spec, calibration, recipe, watch=watch)
        if recipe.keep_float != AUTO:
            rounded = rounded.without(recipe.keep_float)
        if recipe.method == "qat":
            training = training or calibration
            rounded = _train(original, spec, rounded, training, recipe, watch)
        search = None
        if recipe.keep_float == AUTO:
            rounded, search = _keep_budget(original, spec, rounded, calibration, recipe, watch)
        quantized = rounded.graph()
        floated = _float_layers(original, rounded.scheme)
        spec = _int8_spec(spec, calibration, recipe, floated, training)
        write_metadata(quantized, spec)
        onnx.checker.check_model(quantized, full_check=True)
        onnx.save(quantized, temporary)
        try_model(temporary, calibration.planes[:1])
    return Outcome(spec, search)


def quantize_static(
    model: Path,
    target: Path,
    calibration: Calibration,
    *,
    weight_bits: int = FULL_WEIGHT_BITS,
    watch: Watch = ignore_stages,
) -> ModelSpec:
    """Writes an FP32 model as INT8 for the processor, all layers rounded; see `quantize_model`."""
    recipe = Recipe(weight_bits=weight_bits)
    return quantize_model(model, target, calibration, recipe, watch=watch).spec


def round_static(
    original: onnx.ModelProto,
    spec: ModelSpec,
    calibration: Calibration,
    recipe: Recipe,
    *,
    watch: Watch = ignore_stages,
) -> Rounded:
    """Returns a model with channels equalized and weights compensated, all layers rounded.

    Raises:
        ModelError: there are no convolutions.
    """
    planes = calibration.planes
    prepared = prepare(original, spec.encoding)
    ranges = measure_ranges(
        prepared.model,
        rounded_tensors(prepared),
        planes,
        progress=watch("measuring ranges", len(planes)),
    )
    prepared = equalize(prepared, ranges, tensor_shapes(prepared.model, planes[:_SHAPE_BATCH]))
    if recipe.balance:
        tensors = rounded_tensors(prepared)
        prepared = balance_sources(prepared, measure_ranges(prepared.model, tensors, planes))
    if recipe.target == "cpu":
        ranges = measure_ranges(
            prepared.model,
            rounded_tensors(prepared),
            planes,
            progress=watch("equalizing", len(planes)),
        )
        _leave_out_vain_moves(prepared, ranges, calibration, spec)
        shapes = tensor_shapes(prepared.model, planes[:_SHAPE_BATCH])
        prepared = spread_results(prepared, ranges, shapes)
    ranges = measure_ranges(prepared.model, rounded_tensors(prepared), planes)
    spans = choose_spans(prepared.model, ranges, planes, recipe.ranges)
    scheme = make_scheme(prepared, spans, target=recipe.target, weight_bits=recipe.weight_bits)
    return Rounded(compensate(prepared, scheme, planes, watch=watch), scheme, exact=prepared)


def _train(
    original: onnx.ModelProto,
    spec: ModelSpec,
    rounded: Rounded,
    positions: Calibration,
    recipe: Recipe,
    watch: Watch,
) -> Rounded:
    from export.quantization.qat import make_lessons, train

    lessons = make_lessons(original, positions.planes, _legal(positions, spec))
    return train(rounded, lessons, recipe.training, watch=watch)


def _keep_budget(
    original: onnx.ModelProto,
    spec: ModelSpec,
    rounded: Rounded,
    calibration: Calibration,
    recipe: Recipe,
    watch: Watch,
) -> tuple[Rounded, Search | None]:
    """Puts layers back to float where the budget is not held as it is."""
    sample = calibration.sample(JUDGED_POSITIONS)
    judge = Judge(original, sample.planes, _legal(sample, spec))
    if judge.kl(rounded.graph()) <= recipe.budget_kl:
        return rounded, None
    return search_layers(original, rounded, judge, recipe.budget_kl, watch=watch)


def _legal(positions: Calibration, spec: ModelSpec) -> list[NDArray[np.intp]]:
    return [legal_indices(board, spec.action_space) for board in positions.boards]


def _leave_out_vain_moves(
    prepared: Prepared, ranges: dict[str, Range], calibration: Calibration, spec: ModelSpec
) -> None:
    """Narrows the range of the policy to moves that have a chance, if the positions are known."""
    layer = policy_layer(prepared)
    if layer is not None and layer.result == layer.output and calibration.boards:
        legal = _legal(calibration, spec)
        ranges[layer.result] = policy_range(prepared, layer, calibration.planes, legal)


def read_fp32_spec(model: Path) -> ModelSpec:
    """Returns what an FP32 model says of itself.

    Raises:
        ModelError: the file is missing, broken, not ours, or not FP32.
    """
    evaluator = OrtEvaluator(model, threads=1)
    evaluator.close()
    if evaluator.spec.precision != "fp32":
        raise ModelError(
            f"expected an FP32 model to quantize, got {evaluator.spec.precision}: {model}; "
            "name the fp32.onnx it was made from"
        )
    return evaluator.spec


def _float_layers(original: onnx.ModelProto, scheme: Scheme) -> tuple[str, ...]:
    """Returns the convolutions left in float, then the nodes of the value head."""
    rounded = {layer.name for layer in scheme.layers}
    head = value_head(original.graph)
    convolutions = [node.name for node in original.graph.node if node.op_type == "Conv"]
    kept = [name for name in convolutions if name not in rounded and name not in head]
    return (*kept, *head)


def _int8_spec(
    spec: ModelSpec,
    calibration: Calibration,
    recipe: Recipe,
    float_layers: tuple[str, ...],
    training: Calibration | None,
) -> ModelSpec:
    quantization = QuantizationSpec(
        method=recipe.name,
        target=recipe.target,
        weight_bits=recipe.weight_bits,
        float_layers=float_layers,
        calibration=calibration.spec,
        training=_training_spec(recipe, training),
    )
    torch = ["torch"] if recipe.method == "qat" else []
    tools = spec.tools | tool_versions("aztoolkit", "onnx", "onnxruntime", *torch)
    return spec.model_copy(
        update={"precision": "int8", "quantization": quantization, "tools": tools}
    )


def _training_spec(recipe: Recipe, positions: Calibration | None) -> TrainingSpec | None:
    if recipe.method != "qat" or positions is None:
        return None
    training = recipe.training
    return TrainingSpec(positions=positions.spec, updates=training.updates, batch=training.batch)
