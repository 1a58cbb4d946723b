"""What a benchmark leaves behind: its figures with the machine and the commit; how they are measured is
`aztoolkit.measure`."""

import platform
import subprocess
from dataclasses import asdict
from pathlib import Path
from typing import Any

from aztoolkit import __version__
from aztoolkit.files import atomic_path, write_json
from aztoolkit.hardware import memory_gib, probe_cpu

ROOT = Path(__file__).resolve().parent.parent


def document(name: str, figures: dict[str, Any]) -> dict[str, Any]:  # Any: a JSON document
    """Returns `figures` with the machine, the version and the commit they were measured on."""
    return {
        "benchmark": name,
        **figures,
        "aztoolkit": __version__,
        "commit": _commit(),
        "python": platform.python_version(),
        "cpu": asdict(probe_cpu()),
        "memory_gib": round(memory_gib(), 1),
    }


def check_folder(folder: Path) -> None:
    """Raises InputError if a report could not be written to a folder: said before, not after measuring."""
    with atomic_path(folder / ".check") as temporary:
        temporary.write_bytes(b"")
    (folder / ".check").unlink()


def save(report: dict[str, Any], folder: Path) -> Path:  # Any: a JSON document
    """Writes a report as `folder/<benchmark>.json` and returns the path."""
    target = folder / f"{report['benchmark']}.json"
    write_json(target, report)
    return target


def _commit() -> str | None:
    """Returns the commit of the checkout, or None for an installed package."""
    command = ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return answer.stdout.strip()
