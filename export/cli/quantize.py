"""The command `quantize`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from rich.console import Console

from aztoolkit.console import human_console, print_json
from aztoolkit.errors import ConfigError
from export.cli.options import Budget, Count, Flag, Output, Seed, check_target
from export.cli.progress import bars_in_turn
from export.cli.search import chart_path, show_search
from export.cli.written import show_written

if TYPE_CHECKING:
    from export.calibration import Calibration
    from export.quantize import Recipe

_AUTO, _NONE = "auto", "none"
_TRAINING_ONLY = ("--training-positions",)
_CALIBRATING_ONLY = (
    "--calibration",
    "--calibration-size",
    "--ranges",
    "--weight-bits",
    "--keep-float",
    "--budget-kl",
    "--target tensorrt",
)
_USELESS = {"dynamic": (*_CALIBRATING_ONLY, *_TRAINING_ONLY), "static": _TRAINING_ONLY, "qat": ()}
"""Options that a method has no use for."""


def quantize(
    source: Path,
    /,
    *,
    int8: Flag = True,
    method: Literal["dynamic", "static", "qat"] = "static",
    target: Literal["cpu", "tensorrt"] = "cpu",
    calibration: Path | None = None,
    calibration_size: Count = None,
    ranges: Literal["minmax", "percentile", "entropy"] | None = None,
    weight_bits: Literal["auto", "7", "8"] | None = None,
    keep_float: str | None = None,
    budget_kl: Budget = None,
    training_positions: Count = None,
    seed: Seed = 0,
    output: Output = None,
    json: Flag = False,
) -> int:
    """Shrink a model to INT8, calibrated on positions; some games are held out for `compare`.

    A checkpoint is exported first, into the folder `export` of its run. A run's
    last one becomes fp32.onnx and int8.onnx there; models of any other are named
    after it, as in step-00001234.int8.onnx, and replace nothing of the last one's.

    For example:
        aztoolkit quantize runs/a --int8
        aztoolkit quantize model.onnx --int8 --calibration games.pgn -o model.int8.onnx
        aztoolkit quantize model.onnx --int8 --method qat --calibration games.pgn

    Parameters
    ----------
    source: Path
        An FP32 model (.onnx), a checkpoint (.safetensors), or a run folder for its last one.
    int8: bool
        The precision; there is no other yet.
    method: Literal["dynamic", "static", "qat"]
        static rounds and repairs; qat then trains on the model's own answers, for minutes; dynamic
        needs no positions, but makes networks of convolutions no faster.
    target: Literal["cpu", "tensorrt"]
        Who runs it: cpu has u8 activations; tensorrt s8 around zero and biases in float.
    calibration: Path
        A run folder, replay shards (.parquet), .pgn or .epd; without it the model's own run.
    calibration_size: int
        How many positions; without it 2000, or all where there are fewer.
    ranges: Literal["minmax", "percentile", "entropy"]
        Where values are cut off: nowhere, which is minmax and without it the rule; at the outermost
        hundredth of a percent; or by entropy.
    weight_bits: Literal["auto", "7", "8"]
        auto, as without it, is 8. On processors without VNNI 7 is faster, and exact in any runtime,
        but rounds more.
    keep_float: str
        Layers not to round, separated by commas; none; or auto, as without it: those that the budget
        takes.
    budget_kl: float
        Mean KL divergence of the policy, in nats, that auto keeps within if it can; without it 0.002.
    training_positions: int
        Of qat: how many to train on, each as often as it takes; without it 40000.
    seed: int
        Of the choice of positions.
    output: Path
        The file to write; without it beside the FP32 model: int8.onnx of fp32.onnx, X.int8.onnx of
        X.onnx or X.fp32.onnx.
    json: bool
        Print one JSON document instead of text.
    """
    from export.quantization.scheme import FULL_WEIGHT_BITS
    from export.quantization.training import Training
    from export.quantize import Recipe
    from export.source import INT8, beside

    if not int8:
        raise ConfigError("expected --int8, got no precision; there is no other yet")
    given: dict[str, object] = {
        "--calibration": calibration,
        "--calibration-size": calibration_size,
        "--ranges": ranges,
        "--weight-bits": weight_bits,
        "--keep-float": keep_float,
        "--budget-kl": budget_kl,
        "--training-positions": training_positions,
        "--target tensorrt": target == "tensorrt" or None,
    }
    _refuse_useless(given, method)
    if budget_kl is not None and keep_float not in (None, _AUTO):
        raise ConfigError(
            f"expected --keep-float auto with --budget-kl, which it keeps, got {keep_float}; "
            "leave out one of the two"
        )
    console = human_console(json_output=json)
    model = _fp32_model(source, console)
    file = output or beside(model, INT8)
    check_target(file, model)
    if method == "dynamic":
        report = _quantize_dynamically(model, file, console)
    else:
        recipe = Recipe(
            method=method,
            target=target,
            ranges=ranges or Recipe.ranges,
            weight_bits=int(weight_bits) if weight_bits in ("7", "8") else FULL_WEIGHT_BITS,
            keep_float=_layers(keep_float or _AUTO),
            budget_kl=Recipe.budget_kl if budget_kl is None else budget_kl,
            training=Training(seed=seed, positions=training_positions or Training.positions),
        )
        positions, lessons = _load_positions(model, calibration, calibration_size, recipe)
        report = _quantize(model, file, recipe, positions, lessons, console)
    if "search" not in report:
        chart_path(file).unlink(missing_ok=True)  # of an earlier model of this name
    if json:
        print_json({"original": str(model), "model": report})
    return 0


def _refuse_useless(given: dict[str, object], method: str) -> None:
    """Raises ConfigError for the first option that was given and that the method has no use for."""
    for option in _USELESS[method]:
        if given[option] is not None:
            other = "qat" if option in _TRAINING_ONLY else "static"
            raise ConfigError(
                f"expected --method {method} without {option}, which it has no use for; "
                f"leave it out, or take --method {other}"
            )


def _fp32_model(source: Path, console: Console) -> Path:
    """Returns the FP32 model that `source` is, or that is exported from the checkpoint it is."""
    from export.source import MODEL_SUFFIX, fp32_path, is_fp32_of, open_checkpoint

    if source.suffix == MODEL_SUFFIX:
        return source
    checkpoint = open_checkpoint(source)
    model = fp32_path(source, checkpoint.path)
    if not is_fp32_of(checkpoint, model):
        from export.onnx import export_onnx

        show_written(model, export_onnx(checkpoint, model), console)
    return model


def _quantize_dynamically(
    model: Path, file: Path, console: Console
) -> dict[str, Any]:  # Any: a JSON document
    from export.quantization.dynamic import quantize_dynamically
    from export.quantize import read_fp32_spec

    report = show_written(file, quantize_dynamically(model, file, read_fp32_spec(model)), console)
    console.print(
        "smaller, but hardly faster than FP32 or slower: ONNX Runtime measures and converts around "
        "every convolution; --method static is faster and closer to the original",
        soft_wrap=True,
    )
    return report


def _quantize(
    model: Path,
    file: Path,
    recipe: "Recipe",
    positions: "Calibration",
    lessons: "Calibration | None",
    console: Console,
) -> dict[str, Any]:  # Any: a JSON document
    from export.quantize import quantize_model

    console.print(f"calibrating on {_describe(positions)}", soft_wrap=True)
    with bars_in_turn() as watch:
        outcome = quantize_model(model, file, positions, recipe, training=lessons, watch=watch)
    report = show_written(file, outcome.spec, console)
    if outcome.search:
        report["search"] = show_search(outcome.search, file, recipe.budget_kl, console)
    return report


def _layers(keep_float: str) -> 'Literal["auto"] | tuple[str, ...]':
    """Returns the layers that --keep-float names."""
    if keep_float == _AUTO:
        return "auto"
    names = (name.strip() for name in keep_float.split(","))
    return () if keep_float == _NONE else tuple(name for name in names if name)


def _load_positions(
    model: Path, source: Path | None, size: int | None, recipe: "Recipe"
) -> tuple["Calibration", "Calibration | None"]:
    """Returns positions of all strata for an FP32 model, and for `qat` those to train on."""
    from aztoolkit.backends.ort import OrtEvaluator
    from export.calibration import load_calibration, load_lessons
    from export.quantize import read_fp32_spec
    from export.source import find_positions

    encoding, seed = read_fp32_spec(model).encoding, recipe.training.seed
    places = find_positions(model, source, option="--calibration")
    evaluator = OrtEvaluator(model, threads=1)
    try:
        positions = load_calibration(
            places, encoding=encoding, size=size, seed=seed, evaluator=evaluator
        )
    finally:
        evaluator.close()
    if recipe.method != "qat":
        return positions, None
    count = recipe.training.positions
    return positions, load_lessons(places, encoding=encoding, size=count, seed=seed)


def _describe(calibration: "Calibration") -> str:
    spec = calibration.spec
    return f"{spec.positions} positions of {spec.source} (seed {spec.seed})"
