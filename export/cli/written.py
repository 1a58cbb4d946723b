"""A model file that was just written: its line on the screen, its entry in the JSON document."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from aztoolkit.files import sha256

if TYPE_CHECKING:
    from aztoolkit.model import ModelSpec

_MEBIBYTE = 1 << 20


def show_written(
    path: Path, spec: "ModelSpec", console: Console
) -> dict[str, Any]:  # Any: a JSON document
    """Shows a model that was just written and returns its entry in the JSON document."""
    from export.metadata import read_opset

    size, opset = path.stat().st_size, read_opset(path)
    console.print(
        f"{spec.precision}  {size / _MEBIBYTE:6.1f} MiB  opset {opset}  {path}", soft_wrap=True
    )
    return {
        "path": str(path),
        "bytes": size,
        "sha256": sha256(path),
        "opset": opset,
        "spec": spec.model_dump(mode="json"),
    }
