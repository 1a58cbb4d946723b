import random
from collections.abc import Sequence

import chess
import chess.engine
import numpy as np
import pytest

from aztoolkit._native import START_FEN
from aztoolkit._native import Game as Position
from aztoolkit.encoding.az4672 import move_to_index
from train.replay import Game
from train.supervised.labels import UNIT, Line
from train.supervised.teacher import make_game


def analyse(start: str, moves: Sequence[str]) -> list[Line]:
    """Likes three moves of each position, as if by chance."""
    position = Position(start, moves)
    taste = random.Random(position.key)
    liked = taste.sample(legal := position.legal_moves(), min(3, len(legal)))
    return [Line(move, chess.engine.Cp(-40 * rank)) for rank, move in enumerate(liked)]


def make(game_id: int, *, seed: int = 1, random_moves: float = 0.1) -> Game:
    return make_game(analyse, game_id=game_id, seed=seed, random_moves=random_moves)


@pytest.fixture(scope="module")
def games() -> list[Game]:
    return [make(game_id) for game_id in range(20)]


def test_every_label_is_the_engine_s_answer_at_that_position(games: list[Game]) -> None:
    for game in games:
        for ply, board in enumerate(game.boards()):
            if game.searched[ply]:
                lines = analyse(START_FEN, [move.uci() for move in board.move_stack])
                moves = [chess.Move.from_uci(line.move) for line in lines]
                assert game.policy_index[ply] == [move_to_index(board, move) for move in moves]
                assert sum(game.policy_weight[ply]) == pytest.approx(UNIT, abs=2)
                win, draw, loss = game.wdl[ply]
                assert win + draw + loss == UNIT
                assert game.root_value[ply] == pytest.approx((win - loss) / UNIT)


def test_the_opening_is_random_and_not_learned(games: list[Game]) -> None:
    openings = [int(np.argmax(game.searched)) for game in games]
    assert all(all(game.searched[plies:]) for game, plies in zip(games, openings, strict=True))
    assert min(openings) < 3 < max(openings) <= 10
    assert len({tuple(game.moves[:4]) for game in games}) > 15
    assert all(
        not game.policy_index[0] for game, plies in zip(games, openings, strict=True) if plies
    )


def test_the_same_seed_makes_the_same_game_and_another_another() -> None:
    assert repr(make(3)) == repr(make(3))
    assert make(3).moves != make(3, seed=2).moves
    assert make(3).moves != make(4).moves


def test_random_moves_are_those_that_the_engine_would_not_make() -> None:
    def share(random_moves: float) -> float:
        games = [make(game_id, random_moves=random_moves) for game_id in range(30)]
        strange = [
            move_to_index(board, chess.Move.from_uci(game.moves[ply])) not in game.policy_index[ply]
            for game in games
            for ply, board in enumerate(game.boards())
            if game.searched[ply]
        ]
        return float(np.mean(strange))

    assert share(0.0) == 0
    assert 0.15 < share(0.3) < 0.4


def test_games_end_by_the_rules_or_at_their_bounds(games: list[Game]) -> None:
    for game in games:
        board = list(game.boards())[-1]  # one board, pushed on to the end
        outcome = board.outcome(claim_draw=True)
        if game.termination in ("broken_off", "max_plies"):
            assert len(game) <= 240
        else:
            assert outcome is not None
            winner = {None: 0, chess.WHITE: 1, chess.BLACK: -1}[outcome.winner]
            assert game.result == winner


def test_a_decided_game_is_broken_off_for_the_side_that_wins() -> None:
    def white_wins(start: str, moves: Sequence[str]) -> list[Line]:
        sign = 1 if len(moves) % 2 == 0 else -1
        score = chess.engine.Cp(700 * sign)
        return [Line(line.move, score) for line in analyse(start, moves)]

    games = [make_game(white_wins, game_id=n, seed=1, random_moves=0.0) for n in range(8)]
    broken = [game for game in games if game.termination == "broken_off"]
    assert len(broken) > 4
    assert {game.result for game in broken} == {1}
    assert len({len(game) for game in broken}) > 2  # not at once
