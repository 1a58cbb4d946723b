"""The commands `train` and `plot`."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.types import PositiveFloat, PositiveInt

from aztoolkit.console import human_console, print_json, progress_console
from aztoolkit.errors import ConfigError
from train.benchmark_settings import BenchmarkSettings
from train.config import DEFAULT_PROFILE, FILE, resolve
from train.presets import preset
from train.settings import TrainConfig
from train.supervised.config import resolve_supervised
from train.supervised.settings import SupervisedSettings

RUNS = Path("runs")
PLOT = "plot.svg"


def train(
    *,
    profile: str | None = None,
    run: Path | None = None,
    network: str | None = None,
    minutes: PositiveFloat | None = None,
    games: PositiveInt | None = None,
    iterations: PositiveInt | None = None,
    selfplay: bool = True,
    supervised: Annotated[SupervisedSettings, Parameter(name="*")] = SupervisedSettings(),  # noqa: B008, as cyclopts flattens it: frozen
    measuring: Annotated[
        BenchmarkSettings | None, Parameter(name="*", show_default=False, negative="")
    ] = None,
    json_output: Annotated[bool, Parameter(name="--json", negative="")] = False,
    options: Annotated[TrainConfig | None, Parameter(name="*", show_default=False)] = None,
) -> int:
    """Train a network by self-play: from nothing, after games of others, or from weights of another run.

    A run folder that exists is resumed. Stops at the first limit, or at Ctrl-C, with a checkpoint;
    without a limit it goes on for ever.

    For example:
        aztoolkit train --profile cpu --run runs/mine --minutes 60
        aztoolkit train --run runs/mine
        aztoolkit train --profile high --network se_resnet_9x256
        aztoolkit train --profile low --simulations 400 --games 1000
        aztoolkit train --from-pgn games.pgn --supervised-epochs 3 --no-selfplay
        aztoolkit train --start-from shipped --profile low --learning-rate 0.0005
        aztoolkit train --benchmark --profile low --baseline --seconds 120
        aztoolkit train --teacher stockfish --teacher-nodes 2000 --teacher-positions 500000

    Args:
        profile: Settings to start from: cpu, low, mid, high, auto for what fits this machine's
            graphics memory, or a .toml file of your own; cpu if not given. Every setting can be
            overridden by its own option.
        run: Folder of the run; runs/PROFILE if not given.
        network: Kind and size of the network by name: resnet_5x64, se_resnet_9x256,
            transformer_8x256, ... (train/networks/presets.toml).
        minutes: Stop after so many minutes.
        games: Stop after so many new games.
        iterations: Stop after so many rounds of self-play and learning.
        selfplay: Play and learn on after the supervised start; --no-selfplay stops there.
        supervised: What to learn first.
        measuring: Measure instead of training.
        json_output: Print the outcome as one JSON document.
        options: Settings that override the profile's.
    """
    given = {**(preset(network) if network else {}), **_given(options)}
    if measuring is not None:
        _check_measuring(measuring)
        if measuring.benchmark:
            ends = {"minutes": minutes, "games": games, "iterations": iterations}
            _check_untrained({**ends, "no-selfplay": not selfplay, **_given(supervised)})
            return _benchmark(run, profile, given, measuring, json_output=json_output)
    folder = run or RUNS / Path(profile or DEFAULT_PROFILE).stem
    config = resolve(folder, profile, given)
    first = resolve_supervised(folder, _given(supervised))

    from train.loop import Limits, train_run  # torch: not before the command line is right
    from train.progress import Display

    limits = Limits(minutes=minutes, games=games, iterations=iterations if selfplay else 0)
    display = Display(progress_console())
    summary = train_run(folder, config, limits, display, supervised=first)
    if json_output:
        print_json(summary.to_json())
    else:
        human_console().print(f"checkpoint: {summary.checkpoint}", markup=False, soft_wrap=True)
    return 0


def plot(
    run: Path,
    /,
    *,
    output: Annotated[Path | None, Parameter(alias="-o")] = None,
) -> int:
    """Draw losses, throughput and strength of a run, over training steps and over hours.

    For example:
        aztoolkit plot runs/mine
        aztoolkit plot runs/mine -o mine.png

    Args:
        run: Folder of the run.
        output: The file to write (.svg, .png or .html); RUN/plot.svg if not given.
    """
    from train.plot import draw_run

    target = output or run / PLOT
    draw_run(run, target)
    human_console().print(f"plot: {target}", markup=False, soft_wrap=True)
    return 0


def _check_measuring(settings: BenchmarkSettings) -> None:
    """Raises ConfigError for options of the benchmark without it: they would be trained past, unheard."""
    if settings.model_fields_set and not settings.benchmark:
        names = sorted(settings.model_fields_set - {"benchmark"})
        raise ConfigError(
            f"expected --benchmark with {_options_of(names)}, got none; add it, or leave the "
            "others out to train"
        )


def _check_untrained(options: dict[str, object]) -> None:
    """Raises ConfigError for options of training beside the benchmark, which would not heed them."""
    if names := [name for name, value in options.items() if value]:
        raise ConfigError(
            f"expected --benchmark without {_options_of(names)}, for it trains nothing; leave them out, "
            "and say how long to measure with --seconds and --steps"
        )


def _options_of(names: Iterable[str]) -> str:
    """Returns settings as they are typed, such as `--max-plies, --seed`."""
    return ", ".join("--" + name.replace("_", "-") for name in names)


def _benchmark(
    run: Path | None,
    profile: str | None,
    options: dict[str, object],
    settings: BenchmarkSettings,
    *,
    json_output: bool,
) -> int:
    if run is not None:
        raise ConfigError(
            f"expected --benchmark without --run, for it trains nothing, got --run {run}; to measure "
            f"with the settings of a run, give --profile {run / FILE}"
        )
    from train.benchmark_report import run_benchmark

    return run_benchmark(profile, options, settings, json_output=json_output)


def _given(options: TrainConfig | SupervisedSettings | None) -> dict[str, object]:
    """Returns the settings that stood on the command line."""
    return options.model_dump(include=options.model_fields_set) if options else {}
