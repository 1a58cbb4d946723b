"""`aztoolkit benchmark`: each benchmark as a sub-command, or all of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from cyclopts import App
from rich.table import Table

from aztoolkit.console import human_console, print_json

Report = dict[str, Any]  # Any: a JSON document

_NOT_FIGURES = {"benchmark", "aztoolkit", "commit", "python", "cpu", "memory_gib"}

_WHOLE_FROM = 100
"""Figures from here on are shown without decimals."""

app = App(
    name="benchmark",
    help="""Measure speed on this machine.

Examples:
    aztoolkit benchmark search
    aztoolkit benchmark movegen --json
    aztoolkit benchmark all --output results/""",
    result_action="return_value",
)


@app.command
def movegen(*, json: bool = False, output: Path | None = None) -> int:
    """Legal moves: perft nodes a second, beside python-chess and Stockfish.

    Parameters
    ----------
    json: bool
        Print one JSON document instead of a table.
    output: Path | None
        Also save the document in this folder.
    """
    from benchmarks.movegen import movegen as measure

    return _report([measure], json=json, output=output)


@app.command
def encode(*, json: bool = False, output: Path | None = None) -> int:
    """Encoding: positions a second from games to planes.

    Parameters
    ----------
    json: bool
        Print one JSON document instead of a table.
    output: Path | None
        Also save the document in this folder.
    """
    from benchmarks.encode import encode as measure

    return _report([measure], json=json, output=output)


def _report(measures: list[Callable[[], Report]], *, json: bool, output: Path | None) -> int:
    from benchmarks.measure import save

    reports = []
    for measure in measures:
        reports.append(measure())
        if output:
            save(reports[-1], output)
        if not json:
            _print(reports[-1])
    if json:
        print_json(reports[0] if len(reports) == 1 else reports)
    return 0


def _print(report: Report) -> None:
    cpu = report["cpu"]
    table = Table(
        title=f"{report['benchmark']} on {cpu['name']}, {cpu['cores']} cores, commit {report['commit']}",
        show_header=False,
        title_justify="left",
    )
    for name, value in report.items():
        if name not in _NOT_FIGURES:
            table.add_row(name, _text(value))
    human_console().print(table)


def _text(value: Any) -> str:  # Any: a value of a JSON document
    if isinstance(value, list):
        return " to ".join(_text(item) for item in value)
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= _WHOLE_FROM else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
