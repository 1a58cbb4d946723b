"""The commands `import`, `export`, `quantize`, `compare` and `describe`."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from aztoolkit.console import human_console, print_json, progress_console
from aztoolkit.errors import ConfigError
from aztoolkit.files import sha256, write_text

if TYPE_CHECKING:
    from aztoolkit.model import ModelSpec
    from export.calibration import Calibration
    from export.progress import Progress, Watch
    from export.quantization.sensitivity import Search
    from export.quantize import Recipe

_MEBIBYTE = 1 << 20
DEFAULT_BUDGET_KL = 0.002
Output = Annotated[Path | None, Parameter(alias="-o")]
Flag = Annotated[bool, Parameter(negative=())]
Count = Annotated[int | None, Parameter(validator=lambda _, count: _check_count(count))]
Budget = Annotated[float, Parameter(validator=lambda _, budget: _check_budget(budget))]


def import_(network: Path, /, *, output: Output = None, json: Flag = False) -> int:
    """Make a model of a network of Leela Chess Zero: residual towers, with or without squeeze-excitation.

    For example:
        aztoolkit import maia-1500.pb.gz
        aztoolkit import maia-1500.pb.gz -o models/maia.onnx --json

    Parameters
    ----------
    network: Path
        The network (.pb.gz).
    output: Path
        The file to write; without it beside the network, under the same name.
    json: bool
        Print one JSON document instead of text.
    """
    from export.lc0.importer import default_target, import_network, read_source

    console = human_console(json_output=json)
    target = output or default_target(network)
    _check_target(target, network)
    source = read_source(network)
    spec = import_network(source, target)
    console.print(_describe_network(spec), soft_wrap=True)
    if source.has_moves_left:
        console.print("left out the moves-left head: models have no place for it", soft_wrap=True)
    report = _report(target, spec, console)
    if json:
        dropped = ["moves_left"] if source.has_moves_left else []
        print_json({"network": str(network), "dropped": dropped, "model": report})
    return 0


def describe(path: Path, /, *, json: Flag = False) -> int:
    """Show what a model, an lc0 network, a checkpoint or a run is, and what was found out about it.

    For example:
        aztoolkit describe runs/a/export/int8.onnx
        aztoolkit describe maia-1500.pb.gz --json

    Parameters
    ----------
    path: Path
        A model (.onnx), a network (.pb.gz), a checkpoint (.safetensors) or a run folder.
    json: bool
        Print one JSON document instead of text.
    """
    from export.describe import describe_path
    from export.describe.words import print_description

    document = describe_path(path)
    if json:
        print_json(document)
    else:
        print_description(document, human_console())
    return 0


def export(source: Path, /, *, fp16: bool = True, output: Output = None, json: Flag = False) -> int:
    """Write a checkpoint as FP32 and FP16 ONNX models, or an FP32 model as FP16; each is tried first.

    For example:
        aztoolkit export runs/a
        aztoolkit export runs/a/checkpoints/step-00001234.safetensors -o models --no-fp16
        aztoolkit export maia-1500.onnx --fp16 -o maia-1500.fp16.onnx

    Parameters
    ----------
    source: Path
        A checkpoint (.safetensors), a run folder for its last one, or an FP32 model (.onnx).
    fp16: bool
        Also write FP16: weights and arithmetic in half precision, float32 at input and outputs.
    output: Path
        The folder to write to, without it the folder `export` of the run; of a model, the file.
    json: bool
        Print one JSON document instead of text.
    """
    from export.source import MODEL_SUFFIX

    console = human_console(json_output=json)
    if source.suffix != MODEL_SUFFIX:
        document = _export_checkpoint(source, output, console, fp16=fp16)
    elif fp16:
        document = {"original": str(source), "models": [_export_half(source, output, console)]}
    else:
        raise ConfigError(f"expected --fp16 for a model, got --no-fp16: {source} is FP32 already")
    if json:
        print_json(document)
    return 0


def quantize(
    source: Path,
    /,
    *,
    int8: Flag = True,
    method: Literal["dynamic", "static", "qat"] = "static",
    target: Literal["cpu", "tensorrt"] = "cpu",
    calibration: Path | None = None,
    calibration_size: Count = None,
    ranges: Literal["minmax", "percentile", "entropy"] = "minmax",
    weight_bits: Literal["auto", "7", "8"] = "auto",
    keep_float: str = "auto",
    budget_kl: Budget = DEFAULT_BUDGET_KL,
    training_positions: Count = None,
    seed: int = 0,
    output: Output = None,
    json: Flag = False,
) -> int:
    """Shrink a model to INT8, calibrated on positions; some games are held out for `compare`.

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
        Where values are cut off: nowhere, at the outermost hundredth of a percent, or by entropy.
    weight_bits: Literal["auto", "7", "8"]
        auto is 8. On processors without VNNI 7 is faster, and exact in any runtime, but rounds more.
    keep_float: str
        Layers not to round, separated by commas; none; or auto: those that the budget takes.
    budget_kl: float
        Mean KL divergence of the policy, in nats, that auto keeps within if it can.
    training_positions: int
        Of qat: how many to train on, each as often as it takes; without it 40000.
    seed: int
        Of the choice of positions.
    output: Path
        The file to write; without it `int8.onnx` beside the FP32 model.
    json: bool
        Print one JSON document instead of text.
    """
    from export.quantization.scheme import FULL_WEIGHT_BITS
    from export.quantization.training import Training
    from export.quantize import Recipe, quantize_model
    from export.source import INT8

    if not int8:
        raise ConfigError("expected --int8, got no precision; there is no other yet")
    console = human_console(json_output=json)
    model = _fp32_model(source, console)
    file = output or model.parent / INT8
    _check_target(file, model)
    if method == "dynamic":
        if calibration or target != "cpu":
            raise ConfigError(
                "expected --method dynamic for the processor and without --calibration, which it has "
                "no use for; got one of them: take --method static"
            )
        return _quantize_dynamically(model, file, console, json=json)
    recipe = Recipe(
        method=method,
        target=target,
        ranges=ranges,
        weight_bits=FULL_WEIGHT_BITS if weight_bits == "auto" else int(weight_bits),
        keep_float=_layers(keep_float),
        budget_kl=budget_kl,
        training=Training(seed=seed, positions=training_positions or Training().positions),
    )
    positions, lessons = _load_positions(model, calibration, calibration_size, recipe)
    console.print(f"calibrating on {_describe(positions)}", soft_wrap=True)
    with _stages() as watch:
        outcome = quantize_model(model, file, positions, recipe, training=lessons, watch=watch)
    report = _report(file, outcome.spec, console)
    if outcome.search:
        report["search"] = _report_search(outcome.search, file, budget_kl, console)
    if json:
        print_json({"original": str(model), "model": report})
    return 0


def compare(
    first: Path,
    second: Path,
    /,
    *,
    positions: Path | None = None,
    count: Count = None,
    seed: int = 0,
    json: Flag = False,
) -> int:
    """Measure how far a model is from its original, on games that calibrated neither.

    For example:
        aztoolkit compare runs/a/export/fp32.onnx runs/a/export/int8.onnx
        aztoolkit compare fp32.onnx int8.onnx --positions games.pgn --count 500 --json

    Parameters
    ----------
    first: Path
        The original.
    second: Path
        The model to judge; beside it `<name>.compare.json` is written, and a page to look at.
    positions: Path
        A run folder, replay shards (.parquet), .pgn or .epd; without it the second's own run.
    count: int
        How many positions; without it 2000, or all where there are fewer.
    seed: int
        Of the choice of positions.
    json: bool
        Print one JSON document instead of a table.
    """
    from export.compare import compare_files
    from export.source import find_positions

    console = human_console(json_output=json)
    source = find_positions(second, positions)
    with _progress("comparing") as advance:
        report = compare_files(first, second, source, count=count, seed=seed, progress=advance)
    _print_comparison(report, console)
    if json:
        print_json(report)
    return 0


def _export_checkpoint(
    source: Path, output: Path | None, console: Console, *, fp16: bool
) -> dict[str, Any]:
    from export.half import export_half
    from export.onnx import export_onnx
    from export.source import FP16, FP32, export_folder, open_checkpoint

    checkpoint = open_checkpoint(source)
    folder = output or export_folder(checkpoint.path)
    models = [_report(folder / FP32, export_onnx(checkpoint, folder / FP32), console)]
    if fp16:
        models.append(_report(folder / FP16, export_half(folder / FP32, folder / FP16), console))
    return {"checkpoint": str(checkpoint.path), "models": models}


def _export_half(model: Path, output: Path | None, console: Console) -> dict[str, Any]:
    from export.half import export_half
    from export.source import FP16, FP32

    beside = model.with_name(FP16 if model.name == FP32 else f"{model.stem}.{FP16}")
    target = output or beside
    _check_target(target, model)
    return _report(target, export_half(model, target), console)


def _fp32_model(source: Path, console: Console) -> Path:
    """Returns the FP32 model that `source` is, or that is exported from the checkpoint it is."""
    from export.source import FP32, MODEL_SUFFIX, export_folder, find_fp32, open_checkpoint

    if source.suffix == MODEL_SUFFIX:
        return source
    checkpoint = open_checkpoint(source)
    folder = export_folder(checkpoint.path)
    model = find_fp32(checkpoint, folder)
    if model is None:
        from export.onnx import export_onnx

        # Only a run's last checkpoint becomes the run's model; another must not take its place.
        model = folder / (FP32 if source.is_dir() else f"{checkpoint.path.stem}.{FP32}")
        _report(model, export_onnx(checkpoint, model), console)
    return model


def _quantize_dynamically(model: Path, file: Path, console: Console, *, json: bool) -> int:
    from export.quantization.dynamic import quantize_dynamically
    from export.quantize import read_fp32_spec

    report = _report(file, quantize_dynamically(model, file, read_fp32_spec(model)), console)
    console.print(
        "smaller, but hardly faster than FP32 or slower: ONNX Runtime measures and converts around "
        "every convolution; --method static is faster and closer to the original",
        soft_wrap=True,
    )
    if json:
        print_json({"original": str(model), "model": report})
    return 0


def _layers(keep_float: str) -> 'Literal["auto"] | tuple[str, ...]':
    """Returns the layers that --keep-float names."""
    if keep_float == "auto":
        return "auto"
    return () if keep_float == "none" else tuple(keep_float.split(","))


def _load_positions(
    model: Path, source: Path | None, size: int | None, recipe: "Recipe"
) -> tuple["Calibration", "Calibration | None"]:
    """Returns positions of all strata for an FP32 model, and for `qat` those to train on."""
    from aztoolkit.backends.ort import OrtEvaluator
    from export.calibration import load_calibration, load_lessons
    from export.quantize import read_fp32_spec
    from export.source import find_positions

    encoding, seed = read_fp32_spec(model).encoding, recipe.training.seed
    places = find_positions(model, source)
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


def _report_search(
    search: "Search", model: Path, budget_kl: float, console: Console
) -> dict[str, Any]:  # Any: a JSON document
    """Shows what each layer costs, draws it beside the model and returns the entry for JSON."""
    from export.quantization.chart import draw_search

    table = Table("layer", title="what rounding a layer alone costs, and what undoing it buys")
    for column in ("KL alone", "win rate p99, pp", "KL gained", "ms lost", "now"):
        table.add_column(column, justify="right")
    for cost in search.costs:
        table.add_row(
            cost.layer,
            f"{cost.kl_alone:.5f}",
            f"{100 * cost.winrate_alone:.2f}",
            f"{cost.kl_gain:.5f}",
            f"{cost.price_ms:.2f}",
            "float" if cost.layer in search.floated else "int8",
        )
    console.print(table)
    chart = model.with_suffix(".sensitivity.svg")
    write_text(chart, draw_search(search))
    ending = "" if search.held else f"; the budget of {budget_kl:g} is not held: try --method qat"
    console.print(
        f"KL {search.kl_before:.4f} with all layers in INT8, {search.kl:.4f} with "
        f"{len(search.floated)} in float{ending}; drawn in {chart}",
        soft_wrap=True,
    )
    return asdict(search)


def _check_count(count: int | None) -> None:
    if count is not None and count < 1:
        raise ValueError(f"expected at least 1 position, got {count}")


def _check_budget(budget: float) -> None:
    if not budget >= 0:
        raise ValueError(f"expected a budget of at least 0 nats, got {budget}")


def _check_target(target: Path, model: Path) -> None:
    if target.suffix != ".onnx" or target.is_dir():
        raise ConfigError(f"expected a file name that ends in .onnx, got -o {target}")
    if target.absolute() == model.absolute():
        raise ConfigError(f"expected another file than the original to write to, got -o {target}")


def _report(path: Path, spec: "ModelSpec", console: Console) -> dict[str, Any]:
    """Shows a model that was just written and returns its entry in the JSON document."""
    size = path.stat().st_size
    console.print(f"{spec.precision}  {size / _MEBIBYTE:6.1f} MiB  {path}", soft_wrap=True)
    return {
        "path": str(path),
        "bytes": size,
        "sha256": sha256(path),
        "spec": spec.model_dump(mode="json"),
    }


def _describe_network(spec: "ModelSpec") -> str:
    network = spec.network
    squeeze = "with" if network["se_channels"] else "without"
    return (
        f"{network['blocks']} blocks of {network['filters']} filters {squeeze} squeeze-excitation, "
        f"{network['policy']} policy, {network['value']} value, {spec.training_step:,} training steps"
    )


def _describe(calibration: "Calibration") -> str:
    spec = calibration.spec
    return f"{spec.positions} positions of {spec.source} (seed {spec.seed})"


def _print_comparison(report: dict[str, Any], console: Console) -> None:
    from export.compare import page_path

    first, second = report["first"], report["second"]
    console.print(f"{second['path']} against {first['path']}:", soft_wrap=True)
    table = Table(show_header=False)
    table.add_row("held-out positions", str(report["positions"]))
    for label, key in (("policy KL", "kl"), ("win-rate error", "winrate_error")):
        scale, unit = (100, " pp") if key == "winrate_error" else (1, " nats")
        mean, tail = report[f"{key}_mean"] * scale, report[f"{key}_p99"] * scale
        table.add_row(f"{label}, mean / p99", f"{mean:.4f} / {tail:.4f}{unit}")
    table.add_row("win-rate error, largest", f"{100 * report['winrate_error_max']:.2f} pp")
    table.add_row("same top move", f"{report['top1']:.1%}")
    table.add_row(
        "policy / value RMSE", f"{report['policy_rmse']:.4f} / {report['value_rmse']:.4f}"
    )
    console.print(table)
    console.print(
        f"histograms and the worst positions: {page_path(Path(second['path']))}", soft_wrap=True
    )


@contextmanager
def _progress(label: str, total: int | None = None) -> Iterator["Progress"]:
    """Yields what moves a progress bar on stderr."""
    from rich.progress import Progress as Bar

    console = progress_console()
    with Bar(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(label, total=total)
        yield lambda done: bar.advance(task, done)


@contextmanager
def _stages() -> Iterator["Watch"]:
    """Yields what shows one progress bar after the other on stderr."""
    from rich.progress import Progress as Bar

    console = progress_console()
    with Bar(console=console, transient=True, disable=not console.is_terminal) as bar:

        def watch(stage: str, positions: int) -> "Progress":
            task = bar.add_task(stage, total=positions)
            return lambda done: bar.advance(task, done)

        yield watch
