"""The command `export`."""

from pathlib import Path
from typing import Any

from rich.console import Console

from aztoolkit.console import human_console, print_json
from aztoolkit.errors import ConfigError
from export.cli.options import Flag, Output, check_target
from export.cli.written import show_written


def export(source: Path, /, *, fp16: bool = True, output: Output = None, json: Flag = False) -> int:
    """Write a checkpoint as FP32 and FP16 ONNX models, or an FP32 model as FP16; each is tried first.

    A run's last checkpoint becomes fp32.onnx and fp16.onnx in the run's folder
    `export`; models of any other are named after it, as in
    step-00001234.fp32.onnx, and replace nothing of the last one's.

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
        The folder to write fp32.onnx and fp16.onnx to, whichever checkpoint it is; of a model, the file.
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


def _export_checkpoint(
    source: Path, output: Path | None, console: Console, *, fp16: bool
) -> dict[str, Any]:  # Any: a JSON document
    from export.half import export_half
    from export.onnx import export_onnx
    from export.source import FP16, FP32, beside, fp32_path, open_checkpoint

    checkpoint = open_checkpoint(source)
    model = output / FP32 if output else fp32_path(source, checkpoint.path)
    models = [show_written(model, export_onnx(checkpoint, model), console)]
    if fp16:
        half = beside(model, FP16)
        models.append(show_written(half, export_half(model, half), console))
    return {"checkpoint": str(checkpoint.path), "models": models}


def _export_half(
    model: Path, output: Path | None, console: Console
) -> dict[str, Any]:  # Any: a JSON document
    from export.half import export_half
    from export.source import FP16, beside

    target = output or beside(model, FP16)
    check_target(target, model)
    return show_written(target, export_half(model, target), console)
