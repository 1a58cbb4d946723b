import dataclasses

import chess
import numpy as np
import pytest

from aztoolkit.encoding import get_action_space, get_encoding
from train.augment import mirror_actions, mirror_randomly
from train.packing import pack, unpack
from train.replay import Game, wdl_target
from train.window import Batch, ReplayWindow, recent_games

ENCODE = get_encoding("az119").encode
TO_INDEX = get_action_space("az4672").move_to_index


def test_packing_loses_nothing(games: list[Game]) -> None:
    boards = [board.copy() for game in games for board in game.boards()]
    boards.append(chess.Board("4k3/8/8/8/8/8/8/4K2R b K - 57 70"))
    planes = np.stack([ENCODE(board) for board in boards])
    packed = pack(planes)
    assert np.array_equal(unpack(packed), planes)
    assert packed.masks.nbytes + packed.levels.nbytes < 1100 * len(boards)


def test_a_batch_holds_positions_with_their_own_targets(games: list[Game]) -> None:
    window = ReplayWindow(1000)
    window.add(games)
    batch = window.sample(np.random.default_rng(1), 64)
    expected = {}
    for game in games:
        for ply, board in enumerate(game.boards()):
            policy = np.zeros(4672, dtype=np.float32)
            policy[list(game.policy_index[ply])] = game.policy_weight[ply]
            legal = [TO_INDEX(board, move) for move in board.legal_moves]
            target = (policy / policy.sum(), sorted(legal), wdl_target(game)[ply])
            expected.setdefault(ENCODE(board).tobytes(), []).append(target)
    for row in range(64):
        candidates = expected[batch.planes[row].tobytes()]
        assert any(
            np.allclose(batch.policy[row], policy)
            and np.flatnonzero(batch.legal[row]).tolist() == legal
            and np.array_equal(batch.wdl[row], wdl)
            for policy, legal, wdl in candidates
        )


def test_every_position_is_drawn(games: list[Game]) -> None:
    window = ReplayWindow(1000)
    window.add(games[:1])
    batch = window.sample(np.random.default_rng(1), 200)
    assert len({planes.tobytes() for planes in batch.planes}) == len(games[0])


def test_oldest_games_leave_a_full_window(games: list[Game]) -> None:
    window = ReplayWindow(10)
    window.add(games)
    lengths = [len(game) for game in games]
    held = next(sum(lengths[n:]) for n in range(len(games), -1, -1) if sum(lengths[n:]) >= 10)
    assert window.positions == held
    assert sum(len(game) for game in recent_games(games, 10)) == held
    assert recent_games(games, 10**6) == games


def test_plies_that_were_not_searched_are_no_targets(games: list[Game]) -> None:
    game = dataclasses.replace(games[0], searched=[True] + [False] * (len(games[0]) - 1))
    window = ReplayWindow(100)
    window.add([game])
    assert window.positions == 1
    window.add([dataclasses.replace(game, searched=[False] * len(game))])
    assert window.positions == 1


@pytest.mark.parametrize(
    "fen",
    [
        "r1b1k3/1P4P1/8/3q1N2/2B5/5p2/p7/3QK2R w - - 3 40",
        "r1b1k3/1P4P1/8/3q1N2/2B5/5p2/p7/3QK2R b - - 3 40",
    ],
)
def test_mirrored_planes_and_moves_are_those_of_the_mirrored_board(fen: str) -> None:
    board = chess.Board(fen)
    mirrored = board.transform(chess.flip_horizontal)
    actions = mirror_actions()
    assert np.array_equal(actions[actions], np.arange(4672))
    assert len(list(board.legal_moves)) > 10
    for move in board.legal_moves:
        turned = chess.Move(move.from_square ^ 7, move.to_square ^ 7, move.promotion)
        assert actions[TO_INDEX(board, move)] == TO_INDEX(mirrored, turned)
    batch = _batch(board)
    turned_batch = next(
        result
        for seed in range(20)
        if not np.array_equal(
            (result := mirror_randomly(batch, np.random.default_rng(seed))).planes, batch.planes
        )
    )
    assert np.array_equal(turned_batch.planes[0], ENCODE(mirrored))
    legal = sorted(TO_INDEX(mirrored, move) for move in mirrored.legal_moves)
    assert np.flatnonzero(turned_batch.legal[0]).tolist() == legal
    assert np.array_equal(turned_batch.policy[0] > 0, turned_batch.legal[0])


def test_a_position_with_castling_rights_is_never_mirrored() -> None:
    batch = _batch(chess.Board())
    for seed in range(20):
        result = mirror_randomly(batch, np.random.default_rng(seed))
        assert np.array_equal(result.planes, batch.planes)
        assert np.array_equal(result.policy, batch.policy)


def _batch(board: chess.Board) -> Batch:
    legal = np.zeros((1, 4672), dtype=np.bool_)
    legal[0, [TO_INDEX(board, move) for move in board.legal_moves]] = True
    policy = legal / legal.sum(dtype=np.float32)
    wdl = np.array([[1, 0, 0]], dtype=np.float32)
    return Batch(ENCODE(board)[None], policy.astype(np.float32), legal, wdl)
