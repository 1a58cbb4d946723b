"""The random player: legal moves, the same for the same game, and no match for a queen."""

import chess

from eval.random_seat import RandomSeat
from eval.seats import Choice


def play(seat: RandomSeat, game: int, plies: int) -> list[chess.Move]:
    board = chess.Board()
    for _ in range(plies):
        (answer,) = seat.choose([game], [board])
        assert isinstance(answer, Choice)
        assert answer.move in board.legal_moves
        board.push(answer.move)
    return board.move_stack


def test_a_game_follows_from_its_number_and_the_seed():
    assert play(RandomSeat(1), 3, 30) == play(RandomSeat(1), 3, 30)
    assert play(RandomSeat(1), 3, 30) != play(RandomSeat(1), 4, 30)
    assert play(RandomSeat(1), 3, 30) != play(RandomSeat(2), 3, 30)


def test_every_move_is_played_sooner_or_later():
    seat, board = RandomSeat(0), chess.Board()
    answers = seat.choose(range(400), [board] * 400)
    moves = {answer.move for answer in answers if isinstance(answer, Choice)}
    assert moves == set(board.legal_moves)


def test_a_game_that_ended_begins_anew():
    seat = RandomSeat(7)
    first = play(seat, 0, 10)
    seat.end(0)
    assert play(seat, 0, 10) == first
