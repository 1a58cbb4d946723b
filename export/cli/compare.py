"""The command `compare`."""

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from aztoolkit.console import human_console, print_json
from export.cli.options import Count, Flag, Seed
from export.cli.progress import one_bar


def compare(
    first: Path,
    second: Path,
    /,
    *,
    positions: Path | None = None,
    count: Count = None,
    seed: Seed = 0,
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
    source = find_positions(second, positions, option="--positions")
    with one_bar("comparing") as advance:
        report = compare_files(first, second, source, count=count, seed=seed, progress=advance)
    _print(report, console)
    if json:
        print_json(report)
    return 0


def _print(report: dict[str, Any], console: Console) -> None:  # Any: a JSON document
    from export.compare import page_path
    from export.comparison_page import OTHERS

    first, second = report["first"], report["second"]
    console.print(f"{second['path']} against {first['path']}:", soft_wrap=True)
    if not report["same_checkpoint"]:
        console.print(f"they are {OTHERS}", soft_wrap=True)
    console.print(_table(report))
    console.print(
        f"histograms and the worst positions: {page_path(Path(second['path']))}", soft_wrap=True
    )


def _table(report: dict[str, Any]) -> Table:  # Any: a JSON document
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
    return table
