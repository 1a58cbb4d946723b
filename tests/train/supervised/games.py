"""Games for tests to learn from: as PGN, and as games with labels."""

from pathlib import Path

import chess
import chess.pgn

from train.replay import Game
from train.supervised.pgn import parse_game
from train.supervised.settings import PgnSettings

_MATES = (
    "1. f3 e5 2. g4 Qh4# 0-1",
    "1. e4 e5 2. Bc4 Nc6 3. Qh5 Nf6 4. Qxf7# 1-0",
    "1. e4 e5 2. Qh5 Nc6 3. Bc4 d6 4. Qxf7# 1-0",
    "1. d4 f5 2. Bg5 h6 3. Bh4 g5 4. e4 gxh4 5. Qh5# 1-0",
    "1. g4 e5 2. f3 Qh4# 0-1",
    "1. f4 e5 2. g4 Qh4# 0-1",
    "1. e4 g5 2. d4 f6 3. Qh5# 1-0",
    "1. e4 f6 2. d4 g5 3. Qh5# 1-0",
)


def write_pgn(path: Path, games: int) -> Path:
    """Writes so many games that end in mate, eight different ones over and over."""
    text = ""
    for number in range(games):
        moves = _MATES[number % len(_MATES)]
        text += f'[Event "{number}"]\n[Result "{moves.split()[-1]}"]\n\n{moves}\n\n'
    path.write_text(text)
    return path


def mating_game(game_id: int) -> Game:
    """Returns one of the games of `write_pgn`."""
    moves = _MATES[game_id % len(_MATES)]
    text = f'[Result "{moves.split()[-1]}"]\n\n{moves}\n'
    return parse_game(text, game_id=game_id, settings=PgnSettings(pgn_min_plies=1))


def mates() -> list[tuple[chess.Board, chess.Move]]:
    """Returns the positions before those mates, with the mating move."""
    found = []
    for game_id in range(len(_MATES)):
        board = chess.Board()
        *before, last = mating_game(game_id).moves
        for uci in before:
            board.push_uci(uci)
        found.append((board, chess.Move.from_uci(last)))
    return found
