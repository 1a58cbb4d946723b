"""Where the stages keep their games until the gate is over: `X.gate.STAGE.games.jsonl` beside X.onnx."""

from glob import escape
from pathlib import Path

from eval.journal import discard


def journal_path(model: Path, stage: str) -> Path:
    """Returns the path of the journal of one stage (or of one of its matches)."""
    return model.with_suffix(f".gate.{stage}.games.jsonl")


def remove_journals(model: Path) -> None:
    """Deletes all of them: the gate is over and reported."""
    for path in model.parent.glob(f"{escape(model.stem)}.gate.*.games.jsonl"):
        discard(path)
