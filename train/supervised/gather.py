"""Gathers what is to be learned: PGN becomes shards, an engine labels positions; both can be resumed."""

import itertools
import time
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

from aztoolkit.files import sha256
from aztoolkit.hardware import probe_cpu
from train.progress import Display
from train.replay import Game
from train.supervised.config import FOLDER
from train.supervised.dataset import PROGRESS, SOURCE, DataSet, read_json
from train.supervised.pgn import SkippedGameError, parse_game, read_texts
from train.supervised.settings import PgnSettings, SupervisedSettings
from train.supervised.teacher import make_game
from train.supervised.uci_client import UciClient, find_engine
from train.supervised.workers import map_ordered

_PGN, _TEACHER = "pgn", "teacher"
_PGN_SHARD_POSITIONS, _TEACHER_SHARD_POSITIONS = 50_000, 5_000
_SHARD_S = 30.0
"""Most work that is lost by a killed process, about."""
_CHUNK = 32
"""Games of PGN that a worker parses at a time."""
Stop = Callable[[], bool]


def check_sources(run: Path, settings: SupervisedSettings) -> None:
    """Complains of what is not there to gather from, before a run is told of it.

    Raises:
        DataError: a PGN file that was not read to its end cannot be read.
        MachineError: the engine is missing.
    """
    if settings.from_pgn and _known(run / FOLDER / _PGN, settings.from_pgn) is None:
        _check_readable(settings.from_pgn)
    if settings.teacher:
        find_engine(settings.teacher)


def gather(
    run: Path, settings: SupervisedSettings, *, seed: int, display: Display, stop: Stop
) -> bool:
    """Gathers all that the settings ask for and the run has not yet; returns whether it is all there.

    Args:
        run: folder of the run.
        settings: where from.
        seed: of the games that an engine labels.
        display: is shown progress.
        stop: asked often; once true, what was gathered so far is written, to be continued.

    Raises:
        DataError: a PGN file cannot be read.
        MachineError: the engine is missing or fails.
        ConfigError: the run was begun with other sources.
        InputError: the disk is full.
    """
    done = True
    if settings.from_pgn:
        done = _gather_pgn(run, settings, display, stop)
    if settings.teacher and done:
        done = _gather_labels(run, settings, seed, display, stop)
    return done


def _gather_pgn(run: Path, settings: SupervisedSettings, display: Display, stop: Stop) -> bool:
    paths, folder = settings.from_pgn, run / FOLDER / _PGN
    source = {"pgn": _known(folder, paths) or _identify(paths), **_filters(settings)}
    data = DataSet(folder, source, shard_positions=_PGN_SHARD_POSITIONS, shard_s=_SHARD_S)
    if not data.is_complete:
        parse = partial(_parse_chunk, PgnSettings(**_filters(settings)))
        numbered = itertools.islice(enumerate(read_texts(paths)), data.next_game_id, None)
        parsed = map_ordered(parse, _chunks(numbered), workers=probe_cpu().cores)
        with display.phase("reading PGN", None) as bar:
            rate = _Rate(data.positions)
            for found in itertools.chain.from_iterable(parsed):
                data.add(found) if isinstance(found, Game) else data.skip(found)
                bar.update(data.positions, f"positions  {rate.of(data.positions):,.0f} positions/s")
                if stop():
                    break
            else:
                data.flush(is_complete=True)
        parsed.close()
        if not data.is_complete:
            data.flush()
    display.say(_count_games(data))
    return data.is_complete


def _count_games(data: DataSet) -> str:
    skipped = sum(data.skipped.values())
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in data.skipped.most_common())
    line = f"PGN: {data.next_game_id - skipped:,} games, {data.positions:,} positions"
    line += f"; skipped {skipped:,} games ({reasons})" if skipped else "; skipped no game"
    return line if data.is_complete else f"{line}; stopped before the end, run again to go on"


def _identify(paths: list[Path]) -> list[dict[str, object]]:
    """Returns what tells files from others; complains of one that cannot be read."""
    _check_readable(paths)
    return [
        {"path": str(path), "bytes": path.stat().st_size, "sha256": sha256(path)} for path in paths
    ]


def _check_readable(paths: list[Path]) -> None:
    for path in paths:
        next(read_texts([path]), None)


def _known(folder: Path, paths: list[Path]) -> list[dict[str, object]] | None:
    """Returns what `_identify` said of the files if they were read to their end: they may be gone."""
    if not read_json(folder / PROGRESS).get("is_complete"):
        return None
    files: list[dict[str, object]] = read_json(folder / SOURCE)["pgn"]
    same = [file["path"] for file in files] == [str(path) for path in paths]
    return files if same else None


def _filters(settings: PgnSettings) -> dict[str, Any]:
    return settings.model_dump(include={"pgn_min_elo", "pgn_min_plies"})


def _chunks(texts: Iterator[tuple[int, str]]) -> Iterator[list[tuple[int, str]]]:
    while chunk := list(itertools.islice(texts, _CHUNK)):
        yield chunk


def _parse_chunk(settings: PgnSettings, texts: list[tuple[int, str]]) -> list[Game | str]:
    """Returns for each text the game, or why it is skipped; called in a worker."""
    return [_parse(settings, number, text) for number, text in texts]


def _parse(settings: PgnSettings, number: int, text: str) -> Game | str:
    try:
        return parse_game(text, game_id=number, settings=settings)
    except SkippedGameError as error:
        return str(error)


def _gather_labels(
    run: Path, settings: SupervisedSettings, seed: int, display: Display, stop: Stop
) -> bool:
    assert settings.teacher is not None
    program = find_engine(settings.teacher)
    data = DataSet(
        run / FOLDER / _TEACHER,
        _teacher_source(settings, program, seed),
        shard_positions=_TEACHER_SHARD_POSITIONS,
        shard_s=_SHARD_S,
    )
    wanted = settings.teacher_positions
    if data.positions < wanted:
        label = partial(
            _label_game,
            program=program,
            lines=settings.teacher_lines,
            nodes=settings.teacher_nodes,
            seed=seed,
            random_moves=settings.teacher_random_moves,
        )
        games = map_ordered(label, itertools.count(data.next_game_id), workers=probe_cpu().cores)
        with display.phase("labelling", wanted) as bar:
            rate = _Rate(data.positions)
            for game in games:
                data.add(game)
                bar.update(data.positions, f"positions  {rate.of(data.positions):,.0f} positions/s")
                if data.positions >= wanted or stop():
                    break
        games.close()
        data.flush()
    line = f"teacher: {data.next_game_id:,} games, {data.positions:,} labelled positions"
    finished = data.positions >= wanted
    display.say(line if finished else f"{line} of {wanted:,}; run again to go on")
    return finished


def _teacher_source(settings: SupervisedSettings, program: str, seed: int) -> dict[str, object]:
    with UciClient(program, lines=1, nodes=1) as engine:
        name = engine.name
    return {
        "teacher": name,
        "teacher_nodes": settings.teacher_nodes,
        "teacher_lines": settings.teacher_lines,
        "teacher_random_moves": settings.teacher_random_moves,
        "seed": seed,
    }


def _label_game(
    game_id: int, *, program: str, lines: int, nodes: int, seed: int, random_moves: float
) -> Game:
    """Returns a labelled game; called in a worker."""
    engine = _open_engine(program, lines, nodes)
    engine.new_game()
    return make_game(engine.analyse, game_id=game_id, seed=seed, random_moves=random_moves)


@cache
def _open_engine(program: str, lines: int, nodes: int) -> UciClient:
    """Returns this process's engine; it ends when the process does, for its input ends then."""
    return UciClient(program, lines=lines, nodes=nodes)


class _Rate:
    """How fast something grows, since it was made."""

    def __init__(self, start: int) -> None:
        self._start, self._began_s = start, time.monotonic()

    def of(self, now: int) -> float:
        """Returns the mean growth a second."""
        return (now - self._start) / max(time.monotonic() - self._began_s, 1e-9)
