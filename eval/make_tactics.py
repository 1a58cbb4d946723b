"""Writes the built-in suite of tactics: positions of engine games in which one move stands out.

    python -m eval.make_tactics

    games of `tactics_games` -> positions of `tactics_finds`, some of each kind of `tactics_kinds`

Each line of the suite holds

    bm  the move that stands out          ce  its score by Stockfish in hundredths of a pawn
    dm  of a mate in one or two, proven by trying everything: in how many moves
    id  kind and number                   c0  the moves of the game, from the start
                                          c1  the score of the second best move; #-3: mated in three

and `tactics.json` beside it how all of it was made. The same seed and the same Stockfish (15.1 wrote the
committed file) give the same suite, twenty minutes of one core later. Killed, it goes on from the games that
it had looked through.
"""

import json
import random
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import chess.engine

from aztoolkit.errors import AztoolkitError
from aztoolkit.files import sha256, write_json, write_text
from eval import tactics_finds, tactics_games, tactics_kinds
from eval.built_in import SUITE
from eval.make_openings import find_stockfish
from eval.openings import MOVES_MARK
from eval.tactics_finds import Find, find_tactics
from eval.tactics_games import play_game
from eval.tactics_kinds import KINDS, MATE_CP, MATES, Kind

Recipe = dict[str, Any]  # Any: what JSON holds
Pass = dict[str, Any]  # Any: likewise

PASSES: tuple[Pass, ...] = (
    {"games": 165, "quiet": False, "most_of_a_kind": dict.fromkeys(KINDS, 115)},
    {
        "games": 146,
        "quiet": True,
        "most_of_a_kind": {
            "mate-in-1": 80,
            "mate-in-2": 130,
            "hanging-piece": 140,
            "fork": 180,
            "combination": 180,
            "defence": 150,
            "only-move": 150,
        },
    },
)
"""The games are gone through twice: for whatever there is, and for moves that take nothing, which are harder
to find. After so many games a pass is done, even where a kind is rare; what both find counts once."""
SEED = 20261121
MANIFEST = SUITE.with_suffix(".json")
_JOURNAL = SUITE.with_suffix(".part")
"""What each game gave; removed when the suite is done."""
_PROGRESS_EVERY_GAMES = 10

_Entry = tuple[Kind, str]
"""Kind and EPD line."""


def main() -> int:
    """Writes the suite and its manifest, and returns the exit code."""
    try:
        with chess.engine.SimpleEngine.popen_uci(str(find_stockfish())) as engine:
            recipe = _recipe(engine.id["name"])
            lines = make_tactics(engine, recipe, _JOURNAL)
    except AztoolkitError as error:
        print(f"make_tactics: {error}", file=sys.stderr)
        return 2
    write_text(SUITE, "".join(f"{line}\n" for line in lines))
    write_json(MANIFEST, {**recipe, "positions": len(lines), "sha256": sha256(SUITE)})
    _JOURNAL.unlink()
    print(f"{len(lines)} positions: {SUITE}")
    return 0


def make_tactics(engine: chess.engine.SimpleEngine, recipe: Recipe, journal: Path) -> list[str]:
    """Returns EPD lines by a recipe.

    Args:
        engine: Stockfish.
        journal: what was found so far by the same recipe; is added to.
    """
    engine.configure({"Threads": 1, "Hash": 1})
    found, known = _Harvest(None), iter(_read_journal(journal, recipe))
    for one in recipe["passes"]:
        harvest = _Harvest(one["most_of_a_kind"])
        for number in range(one["games"]):
            if not harvest.wanted:
                break
            entries = next(known, None)
            if entries is None:
                rng = random.Random(f"{recipe['seed']}-{number}")
                entries = _search_game(engine, rng, harvest.wanted, quiet=one["quiet"])
                with journal.open("a") as stream:
                    stream.write(json.dumps(entries) + "\n")
            harvest.add(entries)
            if number % _PROGRESS_EVERY_GAMES == 0:
                print(f"game {number}: {harvest.counts()}", file=sys.stderr, flush=True)
        found.add([(kind, line) for kind, lines in harvest.lines.items() for line in lines])
    return found.numbered()


def _search_game(
    engine: chess.engine.SimpleEngine, rng: random.Random, wanted: set[Kind], *, quiet: bool
) -> list[_Entry]:
    game = play_game(engine, rng)
    return [
        (find.kind, _line(find)) for find in find_tactics(engine, game, wanted, rng, quiet=quiet)
    ]


@dataclass
class _Harvest:
    """What has been found so far."""

    most: dict[Kind, int] | None
    """Of each kind; None if all are wanted."""
    lines: dict[Kind, list[str]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    seen: set[str] = field(default_factory=set)
    """Positions."""

    @property
    def wanted(self) -> set[Kind]:
        if self.most is None:
            return set(KINDS)
        return {kind for kind, lines in self.lines.items() if len(lines) < self.most[kind]}

    def add(self, entries: list[_Entry]) -> None:
        for kind, line in entries:
            position = " ".join(line.split()[:4])
            if position not in self.seen and kind in self.wanted:
                self.seen.add(position)
                self.lines[kind].append(line)

    def counts(self) -> dict[Kind, int]:
        return {kind: len(lines) for kind, lines in self.lines.items()}

    def numbered(self) -> list[str]:
        return [
            f'{line} id "{kind}.{number:04}";'
            for kind, lines in self.lines.items()
            for number, line in enumerate(lines, 1)
        ]


def _read_journal(journal: Path, recipe: Recipe) -> list[list[_Entry]]:
    """Returns what each game gave so far; begins the journal anew if it is of another recipe."""
    lines = journal.read_text().splitlines(keepends=True) if journal.is_file() else []
    whole = [line for line in lines if line.endswith("\n")]  # the last one may have been cut off
    if not whole or json.loads(whole[0]) != recipe:
        whole = [json.dumps(recipe) + "\n"]
    journal.write_text("".join(whole))
    return [json.loads(line) for line in whole[1:]]


def _line(find: Find) -> str:
    """Returns a position as EPD, without its id."""
    operations: dict[str, Any] = {"bm": [find.look.best]}  # Any: operands of EPD
    operations |= {"dm": MATES[find.kind]} if find.kind in MATES else {"ce": find.look.best_cp}
    operations["c0"] = MOVES_MARK + " ".join(move.uci() for move in find.board.move_stack)
    operations["c1"] = f"second {_score_text(find.look.second_cp)}"
    return find.board.epd(**operations)


def _score_text(score_cp: int) -> str:
    """Returns a score as chess programs write it: `-31`, or `#-3` for mated in three."""
    if abs(score_cp) <= MATE_CP // 2:
        return str(score_cp)
    return f"#{'-' if score_cp < 0 else ''}{MATE_CP - abs(score_cp)}"


def _recipe(engine: str) -> Recipe:
    """Returns how the suite is made."""
    return {
        "command": "python -m eval.make_tactics",
        "engine": engine,
        "threads": 1,
        "seed": SEED,
        "passes": list(PASSES),
        "most_of_a_kind_from_a_game": tactics_finds.PER_GAME,
        "captures_of_a_kind_from_a_game_if_quiet": tactics_finds.CAPTURES_PER_GAME,
        "glance_depth": tactics_finds.GLANCE_DEPTH,
        "screen_nodes": tactics_finds.SCREEN_NODES,
        "check_nodes": tactics_finds.CHECK_NODES,
        "multipv": 2,
        "scores_cp": {
            "won": tactics_kinds.WON_CP,
            "level": tactics_kinds.LEVEL_CP,
            "second_to_a_mate": tactics_kinds.MATE_MARGIN_CP,
            "held": tactics_kinds.HELD_CP,
            "lost": tactics_kinds.LOST_CP,
        },
        "play": {
            "random_plies": tactics_games.RANDOM_PLIES,
            "blunders": tactics_games.BLUNDERS,
            "nodes": list(tactics_games.NODES),
            "max_plies": tactics_games.MAX_PLIES,
        },
    }


if __name__ == "__main__":
    raise SystemExit(main())
