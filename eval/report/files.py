"""The files of a gate beside its candidate: `X.gate.json`, `X.gate.html` and `X.gate.pgn`."""

from collections.abc import Collection
from pathlib import Path

from aztoolkit.files import write_json, write_text
from aztoolkit.model import sidecar
from eval.gate import GateResult
from eval.pgn import match_pgn, names_of
from eval.report.document import Document, gate_document
from eval.report.page import draw_page
from eval.stages.journals import remove_journals
from eval.trial import Trial


def write_gate(trial: Trial, result: GateResult, *, skip: Collection[str] = ()) -> Document:
    """Writes everything about a gate that is over, and returns its document.

    The journals of its games are deleted last: until then a gate that is killed goes on from them.

    Raises:
        InputError: the folder cannot be written, or the disk is full.
    """
    document, path = gate_document(trial, result, skip=skip), sidecar(trial.model, "gate")
    if any(stage.series for stage in result.stages):
        write_text(path.with_suffix(".pgn"), _games(trial, result))
    write_text(page_path(trial.model), draw_page(document))
    write_json(path, document)
    remove_journals(trial.model)
    return document


def page_path(model: Path) -> Path:
    """Returns the path of the page that stands beside a model: `X.onnx` -> `X.gate.html`."""
    return sidecar(model, "gate").with_suffix(".html")


def _games(trial: Trial, result: GateResult) -> str:
    """Returns the games of all stages as PGN, each with its stage as the event."""
    names = names_of(trial.candidate.name, trial.baseline.name)
    return "".join(
        match_pgn(stage.series.tally.records(), names, event=f"gate: {stage.name}")
        for stage in result.stages
        if stage.series
    )
