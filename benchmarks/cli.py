"""`aztoolkit benchmark`: each benchmark as a sub-command, or all of them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter
from rich.table import Table

from aztoolkit.console import human_console, print_json

Report = dict[str, Any]  # Any: a JSON document
Json = Annotated[
    bool, Parameter(name="--json", negative="", help="Print one JSON document instead of a table.")
]
Output = Annotated[Path | None, Parameter(help="Also save the document in this folder.")]

_NOT_FIGURES = {"benchmark", "aztoolkit", "commit", "python", "cpu", "memory_gib"}
_TABLES = ("rows", "search")
"""What a report may hold as lists of rows."""
_WHOLE_FROM = 100
"""Figures from here on are shown without decimals."""

app = App(
    name="benchmark",
    help="""Measure speed on this machine.

For example:
    aztoolkit benchmark search
    aztoolkit benchmark movegen --json
    aztoolkit benchmark quantization runs/mine/export/*.onnx
    aztoolkit benchmark network fp32.onnx int8.onnx
    aztoolkit benchmark all --output results/""",
    result_action="return_value",
)


@app.command
def movegen(*, json_output: Json = False, output: Output = None) -> int:
    """Legal moves: perft nodes a second, beside python-chess and Stockfish."""
    from benchmarks.movegen import movegen as measure

    return _show([measure()], json_output, output)


@app.command
def encode(*, json_output: Json = False, output: Output = None) -> int:
    """Encoding: positions a second from games to planes."""
    from benchmarks.encode import encode as measure

    return _show([measure()], json_output, output)


@app.command
def search(model: Path | None = None, *, json_output: Json = False, output: Output = None) -> int:
    """Search: simulations a second, alone and with a network.

    Parameters
    ----------
    model: Path | None
        The network; without it one of 64x5 with random weights.
    """
    from benchmarks.search import search as measure

    return _show([measure(model)], json_output, output)


@app.command
def replay(*, json_output: Json = False, output: Output = None) -> int:
    """Replay: bytes a position, and positions a second into batches, beside a learner's need."""
    from benchmarks.replay import replay as measure

    return _show([measure()], json_output, output)


@app.command
def quantization(
    models: Annotated[list[Path], Parameter(negative="")],
    *,
    threads: int = 1,
    json_output: Json = False,
    output: Output = None,
) -> int:
    """Models of one network side by side: size and evaluations a second by batch.

    Parameters
    ----------
    models: list[Path]
        Such as fp32.onnx and int8.onnx; the first is what others are held against.
    threads: int
        Processor threads of each.
    """
    from benchmarks.quantization import quantization as measure

    return _show([measure(models, threads=threads)], json_output, output)


@app.command
def network(
    models: Annotated[list[Path], Parameter(negative="")],
    *,
    threads: int = 0,
    json_output: Json = False,
    output: Output = None,
) -> int:
    """Models side by side: evaluations a second at batches 1 to 256, nodes a second of a search.

    Parameters
    ----------
    models: list[Path]
        Such as fp32.onnx and int8.onnx; the first is what others are held against.
    threads: int
        Processor threads of each; 0 for all.
    """
    from benchmarks.network import network as measure

    return _show([measure(models, threads=threads)], json_output, output)


@app.command
def tactics(
    model: Path,
    suite: Path,
    *,
    simulations: Annotated[list[int], Parameter(negative="")] = [1, 800],  # noqa: B006, never changed
    json_output: Json = False,
    output: Output = None,
) -> int:
    """Positions of an .epd suite that a model solves, by simulations.

    Parameters
    ----------
    model: Path
        The network.
    suite: Path
        Positions with best moves, such as Win at Chess.
    simulations: list[int]
        Such as 1 for the network alone, and 800.
    """
    from benchmarks.tactics import tactics as measure

    return _show([measure(model, suite, simulations=simulations)], json_output, output)


@app.command(name="all")
def everything(*, json_output: Json = False, output: Output = None) -> int:
    """All that need no model, one after the other."""
    from benchmarks.encode import encode as measure_encode
    from benchmarks.movegen import movegen as measure_movegen
    from benchmarks.replay import replay as measure_replay
    from benchmarks.search import search as measure_search

    reports = [measure_movegen(), measure_encode(), measure_search(), measure_replay()]
    return _show(reports, json_output, output)


def _show(reports: Sequence[Report], json_output: bool, output: Path | None) -> int:
    from benchmarks.measure import save

    for report in reports:
        if output:
            save(report, output)
        if not json_output:
            _print(report)
    if json_output:
        print_json(reports[0] if len(reports) == 1 else list(reports))
    return 0


def _print(report: Report) -> None:
    cpu = report["cpu"]
    title = (
        f"{report['benchmark']} on {cpu['name']}, {cpu['cores']} cores, commit {report['commit']}"
    )
    table = Table(title=title, show_header=False, title_justify="left")
    for name, value in report.items():
        if name not in _NOT_FIGURES and name not in _TABLES:
            table.add_row(name, _text(value))
    human_console().print(table)
    for name in _TABLES:
        if rows := report.get(name):
            human_console().print(_table(rows))


def _table(rows: Sequence[Report]) -> Table:
    table = Table(*rows[0])
    for row in rows:
        table.add_row(*(_text(value) for value in row.values()))
    return table


def _text(value: Any) -> str:  # Any: a value of a JSON document
    if isinstance(value, list):
        return " to ".join(_text(item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_text(item)}" for name, item in value.items())
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= _WHOLE_FROM else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
