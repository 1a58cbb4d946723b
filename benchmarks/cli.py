"""`aztoolkit benchmark`: each benchmark as a sub-command, or all of them."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter
from cyclopts.types import NonNegativeInt, PositiveInt
from cyclopts.validators import Number
from rich.table import Column, Table

from aztoolkit.backends import BackendName, Runtime, choose_backend, read_spec
from aztoolkit.console import human_console, print_json, progress_console

Report = dict[str, Any]  # Any: a JSON document
Work = Callable[[], Report]
Json = Annotated[
    bool, Parameter(name="--json", negative="", help="Print one JSON document instead of a table.")
]
Output = Annotated[Path | None, Parameter(help="Also save the document in this folder.")]
Simulations = Annotated[int, Parameter(validator=Number(gte=1, lte=1_000_000))]

_NOT_FIGURES = {"benchmark", "aztoolkit", "commit", "python", "cpu", "memory_gib", "suites"}
_TABLES = ("rows", "search", "ratings")
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
    aztoolkit benchmark inference fp32.onnx
    aztoolkit benchmark levels int8.onnx
    aztoolkit benchmark puzzles int8.onnx --suite wac.epd --suite lichess.csv
    aztoolkit benchmark all --output results/""",
    result_action="return_value",
)


@app.command
def movegen(*, json_output: Json = False, output: Output = None) -> int:
    """Legal moves: perft nodes a second, beside python-chess and Stockfish."""
    from benchmarks.movegen import movegen as measure

    return _show([measure], json_output, output)


@app.command
def encode(*, json_output: Json = False, output: Output = None) -> int:
    """Encoding: positions a second from games to planes."""
    from benchmarks.encode import encode as measure

    return _show([measure], json_output, output)


@app.command
def search(model: Path | None = None, *, json_output: Json = False, output: Output = None) -> int:
    """Search: simulations a second, alone and with a network.

    Parameters
    ----------
    model: Path | None
        The network; without it one of 64x5 with random weights.
    """
    from benchmarks.search import search as measure

    return _show([lambda: measure(model)], json_output, output)


@app.command
def replay(*, json_output: Json = False, output: Output = None) -> int:
    """Replay: bytes a position, and positions a second into batches, beside a learner's need."""
    from benchmarks.replay import replay as measure

    return _show([measure], json_output, output)


@app.command
def learner(
    network: str = "resnet_5x64",
    *,
    batch_size: PositiveInt = 256,
    device: Literal["cpu", "cuda"] = "cpu",
    precision: Literal["fp32", "fp16", "bf16"] = "fp32",
    json_output: Json = False,
    output: Output = None,
) -> int:
    """Learner: steps a second, beside a bare loop of torch on ready tensors.

    Parameters
    ----------
    network: str
        A preset, such as se_resnet_9x256.
    batch_size: int
        Positions a step.
    device: Literal["cpu", "cuda"]
        Where.
    precision: Literal["fp32", "fp16", "bf16"]
        Of the arithmetic.
    """
    from benchmarks.learner import learner as measure

    def work() -> Report:
        return measure(network=network, batch_size=batch_size, device=device, precision=precision)

    return _show([work], json_output, output)


@app.command
def quantization(
    models: Annotated[list[Path], Parameter(negative="")],
    *,
    threads: NonNegativeInt = 1,
    backend: BackendName = "auto",
    skip_search: Annotated[bool, Parameter(negative="")] = False,
    json_output: Json = False,
    output: Output = None,
) -> int:
    """Models of one network side by side: size, memory, evaluations and nodes a second.

    With --output also a plot, quantization.svg.

    Parameters
    ----------
    models: list[Path]
        Such as fp32.onnx and int8.onnx, or a run; of one alone, the same network in other precisions
        beside it. Others are held against the first in FP32, or else the first.
    threads: int
        Processor threads of each; 0 leaves the choice to the runtime.
    backend: BackendName
        Runtime of all; auto takes the fastest that this machine has.
    skip_search: bool
        Leave out nodes a second of a search.
    """
    from aztoolkit.files import write_text
    from benchmarks.family import find_family
    from benchmarks.quantization import plot
    from benchmarks.quantization import quantization as measure

    def work() -> Report:
        report = measure(ordered, threads=threads, backend=backend, skip_search=skip_search)
        if output:
            write_text(output / "quantization.svg", plot(report))
        return report

    ordered = _reference_first(find_family(models))
    _say_backends(ordered, backend)
    _say_if_strangers(ordered)
    return _show([work], json_output, output)


@app.command
def inference(
    model: Path,
    *,
    backend: Annotated[list[Runtime] | None, Parameter(negative="")] = None,
    threads: Annotated[list[PositiveInt] | None, Parameter(negative="")] = None,
    batch: Annotated[list[PositiveInt] | None, Parameter(negative="")] = None,
    save: bool = True,
    json_output: Json = False,
    output: Output = None,
) -> int:
    """A model on every backend: evaluations a second by batch and threads, and what to use here.

    What is recommended is kept for `--backend auto`, for this model on this machine with the runtimes
    that it has now; not so if --backend or --threads leave out what may be faster.

    Parameters
    ----------
    model: Path
        The model.
    backend: list[Runtime]
        Those to try; without any, all that this machine has.
    threads: list[PositiveInt]
        Of one evaluator; without any, 1 and as many as there are cores.
    batch: list[PositiveInt]
        Sizes to try; without any, 1 to 256.
    save: bool
        Keep what is recommended for `--backend auto`.
    """
    from benchmarks.inference import BATCHES
    from benchmarks.inference import inference as measure

    def work() -> Report:
        return measure(
            model,
            backends=backend or (),
            threads=threads or (),
            batches=batch or BATCHES,
            save=save,
        )

    return _show([work], json_output, output)


@app.command
def network(
    models: Annotated[list[Path], Parameter(negative="")],
    *,
    threads: NonNegativeInt = 0,
    backend: BackendName = "auto",
    json_output: Json = False,
    output: Output = None,
) -> int:
    """Models side by side: evaluations a second at batches 1 to 256, nodes a second of a search.

    Parameters
    ----------
    models: list[Path]
        Such as fp32.onnx and int8.onnx; others are held against the first in FP32, or else the first.
    threads: int
        Processor threads of each; 0 leaves the choice to the runtime.
    backend: BackendName
        Runtime of all; auto takes the fastest that this machine has.
    """
    from benchmarks.network import network as measure

    ordered = _reference_first(models)
    _say_backends(ordered, backend)
    return _show([lambda: measure(ordered, threads=threads, backend=backend)], json_output, output)


@app.command
def serve(
    model: Path | None = None,
    *,
    simulations: PositiveInt = 800,
    players: PositiveInt = 50,
    json_output: Json = False,
    output: Output = None,
) -> int:
    """The server: answers beside the bare search, alone and with many players; page, start and memory.

    Parameters
    ----------
    model: Path | None
        The network; without it one of 192x15 with random weights.
    simulations: int
        Of one player's moves.
    players: int
        Who play at once, with fewer simulations.
    """
    from benchmarks.serve import serve as measure

    def work() -> Report:
        return measure(model, simulations=simulations, players=players)

    return _show([work], json_output, output)


@app.command
def puzzles(
    model: str,
    *,
    suite: Annotated[list[Path], Parameter(negative="", consume_multiple=True)],
    simulations: Annotated[list[Simulations], Parameter(negative="")] = [1, 100, 800],  # noqa: B006
    first: PositiveInt | None = None,
    together: Annotated[int, Parameter(validator=Number(gte=1, lte=4096))] = 64,
    backend: BackendName = "auto",
    json_output: Json = False,
    output: Output = None,
) -> int:
    """Positions with known answers that a model solves, by simulations, with 95 % intervals.

    Of puzzles with ratings also the solver's performance: the rating of a player who would be expected to
    solve as many.

    Parameters
    ----------
    model: str
        A model file, a run, or what else `aztoolkit match` takes.
    suite: list[Path]
        .epd files with best moves or moves to avoid, such as Win at Chess; .csv files of puzzles as
        Lichess publishes them.
    simulations: list[int]
        Of one move: 1 for the network alone.
    first: int
        Ask only for so many positions of each suite.
    together: int
        Positions searched at the same time; a graphics card may want more.
    backend: BackendName
        Runtime of the model; auto takes the fastest that this machine has.
    """
    from benchmarks.puzzles import puzzles as measure

    def work() -> Report:
        return measure(
            model, suite, simulations=simulations, first=first, together=together, backend=backend
        )

    return _show([work], json_output, output)


@app.command
def levels(
    model: Path,
    *,
    games: PositiveInt = 100,
    level: Annotated[list[str] | None, Parameter(negative="")] = None,
    stockfish_ms: PositiveInt = 100,
    stockfish: Path | None = None,
    openings: Path | None = None,
    seed: NonNegativeInt = 0,
    workers: PositiveInt | None = None,
    output: Path | None = None,
    json_output: Json = False,
) -> int:
    """The levels for people: the Elo of each, by games against Stockfish of limited strength.

    What was found is shown by `aztoolkit serve`, if it stands beside the model. A measurement that was
    killed goes on from the games it had played.

    Parameters
    ----------
    model: Path
        The network.
    games: int
        Of each level, an even number; as many again against the next stronger level for one that loses
        nearly all.
    level: list[str]
        One to measure, such as Club; all unless given. Can be given several times.
    stockfish_ms: int
        Milliseconds that Stockfish has for a move.
    stockfish: Path
        Its path; looked for on PATH and in /usr/games unless given.
    openings: Path
        Positions to play from (.epd, .pgn, or .zip with one of these); the built-in book if not given.
    seed: int
        Of the order of the openings and of moves by chance.
    workers: int
        Games at once; one a processor core unless given.
    output: Path
        File to write; levels.json beside the model unless given.
    """
    from aztoolkit.levels import LEVELS, find_level, levels_path
    from benchmarks.level_ladder import prepare_ladder
    from benchmarks.levels import measure_levels, tell_all

    chosen = [find_level(name) for name in dict.fromkeys(level)] if level else LEVELS
    ladder = prepare_ladder(
        games=games,
        stockfish=stockfish,
        stockfish_ms=stockfish_ms,
        openings=openings,
        seed=seed,
        workers=workers,
    )
    target = output or levels_path(model)
    report = measure_levels(model, ladder, output=target, console=progress_console(), levels=chosen)
    if json_output:
        print_json(report)
    else:
        human_console().print(tell_all(report), soft_wrap=True, markup=False, highlight=False)
    return 0


@app.command(name="all")
def everything(*, json_output: Json = False, output: Output = None) -> int:
    """All that need no model, one after the other."""
    from benchmarks.encode import encode as measure_encode
    from benchmarks.movegen import movegen as measure_movegen
    from benchmarks.replay import replay as measure_replay
    from benchmarks.search import search as measure_search

    works = [measure_movegen, measure_encode, measure_search, measure_replay]
    return _show(works, json_output, output)


def _show(works: Sequence[Work], json_output: bool, output: Path | None) -> int:
    """Measures, once it is clear that what is found can be kept."""
    from benchmarks.measure import check_folder, save

    if output:
        check_folder(output)
    reports = []
    for work in works:
        report = work()
        reports.append(report)
        if output:
            save(report, output)
        if not json_output:
            _print(report)
    if json_output:
        print_json(reports[0] if len(reports) == 1 else reports)
    return 0


def _reference_first(models: list[Path]) -> list[Path]:
    """Returns models with that in FP32 in front, if there is one: others are held against the first."""
    if len(models) < 2:
        return models
    reference = next((model for model in models if read_spec(model).precision == "fp32"), models[0])
    return [reference, *(model for model in models if model is not reference)]


def _say_backends(models: list[Path], backend: BackendName) -> None:
    """Shows which runtime each model is measured on, and why."""
    choices = {str(choose_backend(model, backend)): model for model in models}
    for choice, model in choices.items():
        which = "" if len(choices) == 1 else f"{model}: "
        progress_console().print(f"{which}{choice}", soft_wrap=True)


def _say_if_strangers(models: list[Path]) -> None:
    """Says so where models are not of one network: their ratios are not what a precision buys."""
    if len({read_spec(model).checkpoint_sha256 for model in models}) > 1:
        progress_console().print("the models are of different checkpoints", soft_wrap=True)


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
    table = Table(*(Column(name, overflow="fold") for name in rows[0]))
    for row in rows:
        table.add_row(*(_text(value) for value in row.values()))
    return table


def _text(value: Any) -> str:  # Any: a value of a JSON document
    if value is None:
        return "-"
    if isinstance(value, list):
        return " to ".join(_text(item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_text(item)}" for name, item in value.items())
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= _WHOLE_FROM else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
