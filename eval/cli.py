"""The commands `gate` and `match`."""

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from cyclopts.types import PositiveInt
from rich.console import Console

from aztoolkit.console import human_console, print_json, progress_console
from aztoolkit.errors import ConfigError
from eval.settings import GateRule, LadderSettings, MatchSettings

if TYPE_CHECKING:
    from eval.auto import MakeTrial
    from eval.openings import Book
    from eval.opponents import Opponent
    from eval.series import Series
    from eval.verdict import Verdict

_EXIT_CODES: "dict[Verdict, int]" = {"accepted": 0, "rejected": 1, "inconclusive": 3}
_JOURNAL_SUFFIX = ".games.jsonl"

Json = Annotated[bool, Parameter(negative="")]
Skip = Annotated[tuple[str, ...], Parameter(negative="")]
Settings = Annotated[MatchSettings, Parameter(name="*")]
Ladder = Annotated[LadderSettings, Parameter(name="*")]
Rule = Annotated[GateRule, Parameter(name="*")]


def gate(
    baseline: Path | None = None,
    candidate: Path | None = None,
    /,
    *,
    auto: Path | None = None,
    openings: Path | None = None,
    tactics: Path | None = None,
    skip: Skip = (),
    json: Json = False,
    rule: Rule = GateRule(),  # noqa: B008, as cyclopts flattens it: frozen
    ladder: Ladder = LadderSettings(),  # noqa: B008
    settings: Settings = MatchSettings(),  # noqa: B008
) -> int:
    """Accept or reject a model by matches against its original.

    Writes X.gate.json (the verdict), X.gate.html (the same as a page) and X.gate.pgn (all games) beside
    the candidate X.onnx. A gate that was killed goes on from the games it had played. Exit code 0
    accepted, 1 rejected, 2 bad input, 3 inconclusive. All of it is explained in docs/gate.md.

    For example:
        aztoolkit gate runs/a/export/fp32.onnx runs/a/export/int8.onnx
        aztoolkit gate fp32.onnx int8.onnx --simulations 200 --max-pairs 200 --json
        aztoolkit gate fp32.onnx int8.onnx --movetime 50 --stockfish-elo 1500 --stockfish-elo 1800
        aztoolkit gate --auto runs/a

    Parameters
    ----------
    baseline: Path
        The model to be replaced (.onnx).
    candidate: Path
        The model that would replace it (.onnx).
    auto: Path
        A run, instead of two models: tries its engines that are faster than export/fp32.onnx, from the
        fastest to the slowest, and names the fastest that passes. Verdicts that still hold are kept.
    openings: Path
        Positions to play from (.epd, .pgn, or .zip with one of these); the built-in book if not given.
    tactics: Path
        Positions with their best moves (.epd with `bm` or `am`); the built-in suite if not given.
    skip: tuple[str, ...]
        A stage to leave out: distance, tactics, simulations, time, ladder. Can be given several times.
    json: bool
        Print the verdict as one JSON document; text goes to stderr.
    """
    from eval.gate import prepare_trial, run_gate
    from eval.report import print_gate, write_gate

    make_trial = partial(
        prepare_trial,
        rule=rule,
        ladder=ladder,
        settings=settings,
        openings=openings,
        tactics=tactics,
        console=progress_console(),
    )
    if auto is not None:
        if baseline is not None:
            raise ConfigError(
                f"expected two models or --auto RUN, got {baseline} and --auto {auto}"
            )
        return _gate_run(auto, make_trial, settings, skip, json_output=json)
    if baseline is None or candidate is None:
        raise ConfigError(
            f"expected a baseline and a candidate, or --auto RUN, got {baseline or 'neither'}"
        )
    trial = make_trial(baseline, candidate)
    result = run_gate(trial, skip=skip)
    document = write_gate(trial, result, skip=skip)
    _say_backends([baseline, candidate], settings, human_console(json_output=json))
    print_gate(human_console(json_output=json), trial, result)
    if json:
        print_json(document)
    return _EXIT_CODES[result.verdict]


def _gate_run(
    run: Path,
    make_trial: "MakeTrial",
    settings: MatchSettings,
    skip: tuple[str, ...],
    *,
    json_output: bool,
) -> int:
    from eval.auto import gate_run
    from eval.report.run import print_run, run_document

    found = gate_run(run, make_trial, settings=settings, console=progress_console(), skip=skip)
    print_run(human_console(json_output=json_output), found)
    if json_output:
        print_json(run_document(found))
    return _EXIT_CODES[found.verdict]


def match(
    a: str,
    b: str,
    /,
    *,
    pairs: PositiveInt = 50,
    openings: Path | None = None,
    pgn: Path | None = None,
    json: Json = False,
    settings: Settings = MatchSettings(),  # noqa: B008
) -> int:
    """Play two engines against each other: pairs of games from one opening, colours swapped.

    With --pgn, a match that was killed goes on from the games it had played.

    For example:
        aztoolkit match runs/a runs/b
        aztoolkit match runs/a runs/a/checkpoints/step-00001234.safetensors
        aztoolkit match model.onnx uniform --pairs 20 --simulations 50 --pgn games.pgn
        aztoolkit match model.onnx "uci:stockfish?UCI_LimitStrength=true&UCI_Elo=1350"

    Parameters
    ----------
    a: str
        A model file, a run folder, a checkpoint (.safetensors), `shipped` (the network that comes with
        aztoolkit), `uniform` (search without a network), `random` (any move), or `uci:COMMAND`.
    b: str
        Likewise.
    pairs: int
        How many pairs of games.
    openings: Path
        Positions to play from (.epd, .pgn, or .zip with one of these); the built-in book if not given.
    pgn: Path
        The file to write all games to.
    json: bool
        Print the result as one JSON document; text goes to stderr.
    """
    from eval.openings import read_book
    from eval.opponents import find_opponent
    from eval.pgn import names_of
    from eval.report import match_document, print_match

    if pgn is not None and pgn.is_dir():
        raise ConfigError(f"expected a file to write to, got a folder: --pgn {pgn}")
    with TemporaryDirectory(prefix="aztoolkit-match-") as scratch:
        opponents = find_opponent(a, scratch=Path(scratch)), find_opponent(b, scratch=Path(scratch))
        book = read_book(openings, count=pairs, seed=settings.seed)
        series = _play_match(opponents, book, settings, pgn)
        networks = [opponent.model for opponent in opponents if opponent.model]
        _say_backends(networks, settings, human_console(json_output=json))
    names = names_of(opponents[0].name, opponents[1].name)
    print_match(human_console(json_output=json), names, book, series, pairs)
    if json:
        print_json(match_document(opponents, book, settings, series))
    return 0


def _play_match(
    opponents: "tuple[Opponent, Opponent]", book: "Book", settings: MatchSettings, pgn: Path | None
) -> "Series":
    """Returns the match when it is over, its games written into `pgn`."""
    from aztoolkit.files import write_text
    from eval.journal import Journal, discard
    from eval.pgn import match_pgn, names_of
    from eval.series import identify
    from eval.whole_match import play_whole_match

    identity = identify(opponents, book, settings)
    journal = Journal(pgn.with_name(pgn.name + _JOURNAL_SUFFIX), identity) if pgn else None
    series = play_whole_match(
        opponents, book, settings, journal=journal, console=progress_console()
    )
    if pgn and journal:
        names = names_of(opponents[0].name, opponents[1].name)
        write_text(pgn, match_pgn(series.tally.records(), names, event="match"))
        discard(journal.path)
    return series


def _say_backends(models: list[Path], settings: MatchSettings, console: Console) -> None:
    """Shows which runtime each network was played on, and why."""
    from aztoolkit.backends import choose_backend

    choices = {str(choose_backend(model, settings.backend)): model for model in models}
    for choice, model in choices.items():
        which = "" if len(choices) == 1 else f"{model.name}: "
        console.print(f"{which}{choice}", soft_wrap=True)
