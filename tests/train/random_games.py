"""Records of random games, with what is rare in real ones: repetitions, promotions, odd starts."""

import random
from collections.abc import Iterator

import chess

from aztoolkit.encoding import get_action_space
from train.replay import Game

STARTS = (
    chess.STARTING_FEN,
    "r3k2r/8/8/8/8/8/8/R3K2R b KQkq - 97 120",
    "8/PPPPk3/8/8/8/8/3Kpppp/8 b - - 0 1",
    "rnbqkbnr/ppp1p1pp/8/3pPp2/8/8/PPPP1PPP/RNBQKBNR w KQkq f6 0 3",
    "4k2r/8/8/8/8/8/8/R3K3 w Qk - 3 8",
    "6k1/5ppp/8/8/8/8/5PPP/3R2K1 w - - 0 30",
)
_TO_INDEX = get_action_space("az4672").move_to_index


def random_games(count: int, *, seed: int = 1, plies: int = 90) -> Iterator[Game]:
    """Yields games numbered from 0; some have labels, some plies that are no targets."""
    rng = random.Random(seed)
    for game_id in range(count):
        yield _game(rng, game_id, STARTS[game_id % len(STARTS)], plies)


def _game(rng: random.Random, game_id: int, start: str, plies: int) -> Game:
    board = chess.Board(start)
    searched: list[bool] = []
    policies: list[tuple[list[int], list[int]]] = []
    while any(board.legal_moves) and board.ply() - chess.Board(start).ply() < plies:
        searched.append(game_id % 3 > 0 or rng.random() < 0.5)
        policies.append(_policy(rng, board) if searched[-1] else ([], []))
        board.push(_move(rng, board))
    labelled = game_id % 2 == 1
    return Game(
        game_id=game_id,
        seed=1,
        checkpoint_step=0,
        start_fen=start,
        moves=[move.uci() for move in board.move_stack],
        searched=searched,
        policy_index=[indices for indices, _ in policies],
        policy_weight=[weights for _, weights in policies],
        root_value=[0.0] * len(searched),
        result=rng.choice((-1, 0, 1)),
        termination="max_plies",
        wdl=[[rng.randrange(65536) for _ in range(3)] for _ in searched] if labelled else [],
    )


def _move(rng: random.Random, board: chess.Board) -> chess.Move:
    """Returns a random move, often the one that undoes the mover's last."""
    moves = list(board.legal_moves)
    if len(board.move_stack) >= 2 and rng.random() < 0.6:
        last = board.move_stack[-2]
        back = chess.Move(last.to_square, last.from_square)
        if back in moves:
            return back
    return rng.choice(moves)


def _policy(rng: random.Random, board: chess.Board) -> tuple[list[int], list[int]]:
    moves = list(board.legal_moves)
    chosen = rng.sample(moves, rng.randint(1, len(moves)))
    return [_TO_INDEX(board, move) for move in chosen], [rng.randint(1, 65535) for _ in chosen]
