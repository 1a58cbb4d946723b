"""Games full of tactics: Stockfish with next to no time against itself, with blunders mixed in."""

import random

import chess
import chess.engine

RANDOM_PLIES = 6
"""Half-moves of random play that every game begins with."""
BLUNDERS = 0.12
"""Probability of a random move, wherever the engine would move."""
NODES = (30, 120, 500)
"""One is drawn for each side of a game: what its engine may search a move."""
MAX_PLIES = 110


def play_game(engine: chess.engine.SimpleEngine, rng: random.Random) -> chess.Board:
    """Returns the final position of a game, its moves on the stack."""
    nodes = {color: rng.choice(NODES) for color in chess.COLORS}
    board, game = chess.Board(), object()
    while board.ply() < MAX_PLIES and not board.is_game_over(claim_draw=True):
        if board.ply() < RANDOM_PLIES or rng.random() < BLUNDERS:
            move = rng.choice(sorted(board.legal_moves, key=chess.Move.uci))
        else:
            limit = chess.engine.Limit(nodes=nodes[board.turn])
            found = engine.play(board, limit, game=game).move
            assert found, "the game is not over"
            move = found
        board.push(move)
    return board
