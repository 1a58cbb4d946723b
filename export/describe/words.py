"""A description in words: a line for each thing, which no pipe wraps."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console

from export.describe import Document

_MEBIBYTE = 1 << 20
Row = tuple[str, str]


def print_description(document: Document, console: Console) -> None:
    """Shows what `describe_path` found."""
    rows = list(_ROWS[document["kind"]](document))
    width = max(len(name) for name, _ in rows)
    for name, text in rows:
        console.print(f"{name:<{width}}  {text}", soft_wrap=True)


def _model_rows(document: Document) -> Iterator[Row]:
    spec = document["spec"]
    yield "model", document["path"]
    yield from _file_rows(document)
    yield "network", _pairs(spec["network"])
    yield "encoding", f"{spec['encoding']}, {spec['action_space']}"
    yield "precision", spec["precision"]
    if quantization := spec["quantization"]:
        yield "quantized", _quantization(quantization)
    yield "weights", _provenance(spec)
    yield "made with", _pairs(spec["tools"], sign=" ")
    yield "verdict", _verdict(document["gate"])
    yield "distance", _distance(document["compare"])


def _network_rows(document: Document) -> Iterator[Row]:
    yield "lc0 network", document["path"]
    yield from _file_rows(document)
    yield "trained for", f"{document['training_steps']:,} steps"
    yield "license", document["license"] or "not stated"
    yield "lc0 version", f"{document['min_lc0_version'] or 'any'} or newer"
    if not document["importable"]:
        yield "import", document["reason"]
        return
    yield "network", _pairs(document["network"])
    yield "moves left", "has a head, which imports drop" if document["moves_left"] else "no head"
    yield "import", f"aztoolkit import {document['path']}"


def _checkpoint_rows(document: Document) -> Iterator[Row]:
    info = document["info"]
    yield "checkpoint", document["path"]
    yield from _file_rows(document)
    yield "network", _pairs(info["network"])
    yield "encoding", f"{info['encoding']}, {info['action_space']}"
    yield "trained for", f"{info['training_step']:,} steps on {info['games']:,} games"
    yield "made with", _pairs(info["tools"], sign=" ")


def _run_rows(document: Document) -> Iterator[Row]:
    yield "run", document["path"]
    yield "checkpoints", str(document["checkpoints"])
    yield from _checkpoint_rows(document["latest"])
    replay = document["replay"]
    yield "replay", f"{replay['shards']:,} shards, {_size(replay['bytes'])}"
    for model in document["models"]:
        yield "model", f"{Path(model['path']).name}: {_model_in_short(model)}"


_ROWS = {
    "model": _model_rows,
    "network": _network_rows,
    "checkpoint": _checkpoint_rows,
    "run": _run_rows,
}


def _file_rows(document: Document) -> Iterator[Row]:
    parameters = document.get("parameters")
    counted = f", {parameters:,} parameters" if parameters else ""
    yield "size", f"{_size(document['bytes'])}{counted}"
    yield "sha256", document["sha256"]


def _model_in_short(model: Document) -> str:
    if "error" in model:
        return str(model["error"])
    return f"{model['spec']['precision']}, {_size(model['bytes'])}, {_verdict(model['gate'])}"


def _provenance(spec: Document) -> str:
    source = spec["source"] or "a checkpoint"
    steps = f"{spec['training_step']:,} training steps"
    return f"{source} with SHA-256 {spec['checkpoint_sha256'][:12]}, {steps}"


def _quantization(quantization: Document) -> str:
    calibration = quantization["calibration"]
    calibrated = (
        f"calibrated on {calibration['positions']:,} positions of {calibration['source']}"
        if calibration
        else "not calibrated"
    )
    return (
        f"{quantization['method']}, {quantization['weight_bits']}-bit weights, "
        f"{len(quantization['float_layers'])} nodes kept in float, {calibrated}"
        f"{_training(quantization.get('training'))}"
    )


def _training(training: Document | None) -> str:
    if not training:
        return ""
    positions = training["positions"]
    return (
        f"; trained on {positions['positions']:,} positions of {positions['source']} "
        f"in {training['updates']:,} updates"
    )


def _verdict(gate: Document | None) -> str:
    return f"{gate['verdict']}: {gate['reason']}" if gate else "not gated"


def _distance(compare: Document | None) -> str:
    if not compare:
        return "not compared"
    other = "" if compare.get("same_checkpoint", True) else "from a model of another checkpoint: "
    return (
        f"{other}policy KL {compare['kl_mean']:.4f} mean, {compare['kl_p99']:.4f} p99; same top move "
        f"{compare['top1']:.1%}; win-rate error {100 * compare['winrate_error_mean']:.2f} pp mean, "
        f"{100 * compare['winrate_error_p99']:.2f} pp p99; {compare['positions']:,} positions"
    )


def _pairs(values: dict[str, Any], *, sign: str = "=") -> str:  # Any: a value of JSON
    return ", ".join(f"{name}{sign}{value}" for name, value in values.items())


def _size(count: int) -> str:
    return f"{count / _MEBIBYTE:.1f} MiB"
