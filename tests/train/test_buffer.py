"""The replay buffers: the native one equals the reference bit for bit, and both refuse the same."""

import dataclasses
import threading
from collections.abc import Callable

import chess
import numpy as np
import pytest
from numpy.typing import NDArray

from aztoolkit._native import ReplayBuffer as NativeBuffer
from aztoolkit.encoding import get_action_space, get_encoding
from aztoolkit.errors import ModelError, PositionError
from tests.train.random_games import random_games
from train.augment import mirror_actions
from train.reference_buffer import ReferenceBuffer
from train.replay import Game
from train.window import Batch, ReplayBuffer

PLENTY = 2**30
ENCODE = get_encoding("az119").encode
TO_INDEX = get_action_space("az4672").move_to_index
BUFFERS = pytest.mark.parametrize("create", [NativeBuffer, ReferenceBuffer])
Create = Callable[[int], ReplayBuffer]


def add(buffer: ReplayBuffer, game: Game) -> None:
    buffer.add(
        game.start_fen,
        game.moves,
        searched=game.searched,
        policy_index=game.policy_index,
        policy_weight=game.policy_weight,
        wdl=game.wdl,
        result=game.result,
    )


def filled(create: Create, games: list[Game]) -> ReplayBuffer:
    buffer = create(PLENTY)
    for game in games:
        add(buffer, game)
    return buffer


def draw(buffer: ReplayBuffer, places: list[float], *, mirrored: bool = False) -> Batch:
    batch = Batch.empty(len(places))
    batch.planes.fill(np.nan)
    batch.policy.fill(np.nan)
    buffer.write(
        np.array(places),
        np.full(len(places), mirrored, dtype=np.uint8),
        planes=batch.planes,
        policy=batch.policy,
        legal=batch.legal.view(np.uint8),
        wdl=batch.wdl,
    )
    return batch


def every(buffer: ReplayBuffer, *, mirrored: bool = False) -> Batch:
    """Returns all positions, the oldest first."""
    count = buffer.memory().positions
    return draw(buffer, [(i + 0.5) / count for i in range(count)], mirrored=mirrored)


def assert_equal(left: Batch, right: Batch) -> None:
    assert np.array_equal(left.planes, right.planes)
    assert np.array_equal(left.policy, right.policy)
    assert np.array_equal(left.legal, right.legal)
    assert np.array_equal(left.wdl, right.wdl)


@pytest.mark.parametrize("mirrored", [False, True])
def test_native_batches_equal_the_reference_bit_for_bit(mirrored: bool) -> None:
    games = list(random_games(24))
    boards = [board.copy() for game in games for board in game.boards()]
    assert any(board.is_repetition(3) for board in boards)
    assert any(move.promotion for board in boards for move in board.legal_moves)
    native, reference = (
        every(filled(create, games), mirrored=mirrored)
        for create in (NativeBuffer, ReferenceBuffer)
    )
    assert len(native) == sum(sum(game.searched) for game in games) > 800
    assert_equal(native, reference)


def expected_wdl(game: Game) -> NDArray[np.float32]:
    """Returns what each ply's side to move should expect: `[plies, 3]` win, draw, loss; sums of 1."""
    if game.wdl:
        weights = np.array(game.wdl, dtype=np.float32)
        return np.asarray(weights / weights.sum(axis=1, keepdims=True))
    white_first = chess.Board(game.start_fen).turn == chess.WHITE
    sign = np.where(np.arange(len(game)) % 2 == 0, 1, -1) * (1 if white_first else -1)
    outcome = game.result * sign  # +1 won, 0 drawn, -1 lost
    return np.asarray(np.eye(3, dtype=np.float32)[1 - outcome])


@BUFFERS
@pytest.mark.parametrize("labelled", [False, True])
def test_a_batch_holds_positions_with_their_own_targets(create: Create, labelled: bool) -> None:
    game = next(random_games(1, seed=5, plies=40))
    labels = np.random.default_rng(1).integers(1, 1000, (len(game), 3)).tolist()
    game = dataclasses.replace(game, wdl=labels if labelled else [])
    batch = every(filled(create, [game]))
    searched = np.flatnonzero(game.searched).tolist()
    boards = [board.copy() for board in game.boards()]
    for row, ply in enumerate(searched):
        policy = np.zeros(4672, dtype=np.float32)
        policy[list(game.policy_index[ply])] = game.policy_weight[ply]
        legal = [TO_INDEX(boards[ply], move) for move in boards[ply].legal_moves]
        assert np.array_equal(batch.planes[row], ENCODE(boards[ply]))
        assert np.allclose(batch.policy[row], policy / policy.sum())
        assert np.flatnonzero(batch.legal[row]).tolist() == sorted(legal)
    assert np.array_equal(batch.wdl, expected_wdl(game)[searched])


@BUFFERS
@pytest.mark.parametrize("turn", ["w", "b"])
def test_mirrored_planes_and_moves_are_those_of_the_mirrored_board(
    create: Create, turn: str
) -> None:
    board = chess.Board(f"r1b1k3/1P4P1/8/3q1N2/2B5/5p2/p7/3QK2R {turn} - - 3 40")
    mirrored = board.transform(chess.flip_horizontal)
    actions = mirror_actions()
    assert np.array_equal(actions[actions], np.arange(4672))
    assert len(list(board.legal_moves)) > 10
    for move in board.legal_moves:
        turned = chess.Move(move.from_square ^ 7, move.to_square ^ 7, move.promotion)
        assert actions[TO_INDEX(board, move)] == TO_INDEX(mirrored, turned)
    batch = every(filled(create, [one_ply(board)]), mirrored=True)
    assert np.array_equal(batch.planes[0], ENCODE(mirrored))
    legal = sorted(TO_INDEX(mirrored, move) for move in mirrored.legal_moves)
    assert np.flatnonzero(batch.legal[0]).tolist() == legal
    assert np.array_equal(batch.policy[0] > 0, batch.legal[0])


@BUFFERS
def test_a_position_with_castling_rights_is_never_mirrored(create: Create) -> None:
    buffer = filled(create, [one_ply(chess.Board())])
    assert_equal(every(buffer, mirrored=True), every(buffer))


def one_ply(board: chess.Board) -> Game:
    """Returns a game of one move, with all legal moves in the policy."""
    indices = [TO_INDEX(board, move) for move in board.legal_moves]
    return Game(
        game_id=1,
        seed=1,
        checkpoint_step=0,
        start_fen=board.fen(),
        moves=[next(iter(board.legal_moves)).uci()],
        searched=[True],
        policy_index=[indices],
        policy_weight=[[1] * len(indices)],
        root_value=[0.0],
        result=1,
        termination="max_plies",
    )


@BUFFERS
def test_only_the_newest_positions_are_drawn(create: Create) -> None:
    games = list(random_games(7, plies=20))
    buffer = filled(create, games)
    everything = every(buffer)
    held = sum(sum(game.searched) for game in games[4:])
    buffer.limit(held - 3)
    memory = buffer.memory()
    assert (memory.positions, memory.games) == (held - 3, 3)
    newest = every(buffer)
    assert np.array_equal(newest.planes, everything.planes[3 - held :])
    buffer.limit(1)
    assert (buffer.memory().positions, buffer.memory().games) == (1, 1)


@BUFFERS
def test_games_leave_when_memory_is_full_but_for_the_newest(create: Create) -> None:
    games = list(random_games(9))
    whole = filled(create, games).memory().bytes
    buffer = create(whole // 2)
    for game in games:
        add(buffer, game)
        assert buffer.memory().bytes <= whole // 2
    assert 1 < buffer.memory().games < 9
    tiny = create(1)
    for game in games[:2]:
        add(tiny, game)
    assert tiny.memory().games == 1
    assert tiny.memory().positions == sum(games[1].searched)


def test_memory_is_little_and_counted_as_it_comes_and_goes() -> None:
    games = list(random_games(12))
    buffer = filled(NativeBuffer, games)
    memory = buffer.memory()
    weights = sum(len(p) for game in games for p in game.policy_index)
    assert memory.positions == sum(sum(game.searched) for game in games)
    assert 4 * weights < memory.bytes < 4 * weights + 40 * memory.positions
    buffer.limit(1)
    assert buffer.memory().bytes == filled(NativeBuffer, games[-1:]).memory().bytes


GAME = next(random_games(1, seed=2, plies=6))
FIRST = [next(i for i, is_target in enumerate(GAME.searched) if is_target)]
ILLEGAL: dict[str, tuple[dict[str, object], str]] = {
    "move": ({"moves": ["e2e5", *GAME.moves[1:]]}, "e2e5"),
    "not a move": ({"moves": ["castle", *GAME.moves[1:]]}, "castle"),
    "fen": ({"start_fen": "8/8 w"}, "'8/8"),
    "empty policy": ({"searched": [True] * 6, "policy_index": [[]] * 6}, "weight"),
    "one weight too few": ({"policy_weight": [w[1:] for w in GAME.policy_weight]}, "weight"),
    "weight 0": ({"policy_weight": [[0] * len(w) for w in GAME.policy_weight]}, "above 0"),
    "illegal index": (
        {"policy_index": [[4671, *p[1:]] for p in GAME.policy_index]},
        "each once, got 4671",
    ),
    "index twice": ({"policy_index": [p[:1] * len(p) for p in GAME.policy_index]}, "each once"),
    "too few plies": ({"searched": [True]}, "6 entries a ply, got 1"),
    "label of two": ({"wdl": [[1, 2]] * 6}, "label|win, draw and loss"),
    "label of nothing": ({"wdl": [[0, 0, 0]] * 6}, "label"),
}


@BUFFERS
@pytest.mark.parametrize("name", ILLEGAL)
def test_what_is_no_game_is_refused(create: Create, name: str) -> None:
    fields, complaint = ILLEGAL[name]
    buffer = create(PLENTY)
    with pytest.raises(PositionError, match=complaint) as caught:
        add(buffer, dataclasses.replace(GAME, **fields))  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    assert buffer.memory().games == 0


def test_numbers_that_do_not_fit_are_refused() -> None:
    weights = [[70_000] * len(w) for w in GAME.policy_weight]
    with pytest.raises(PositionError, match="convert"):
        add(NativeBuffer(PLENTY), dataclasses.replace(GAME, policy_weight=weights))


@BUFFERS
def test_an_empty_buffer_has_nothing_to_draw(create: Create) -> None:
    buffer = create(PLENTY)
    add(buffer, dataclasses.replace(GAME, searched=[False] * 6))
    assert buffer.memory().positions == buffer.memory().games == 0
    with pytest.raises(PositionError, match="got none"):
        draw(buffer, [0.5])


def test_arrays_of_another_shape_are_refused() -> None:
    batch = Batch.empty(3)
    rows = {
        "planes": batch.planes,
        "policy": batch.policy,
        "legal": batch.legal.view(np.uint8),
        "wdl": batch.wdl,
    }
    buffer = filled(NativeBuffer, [GAME])
    places, mirrored = np.zeros(3), np.zeros(3, dtype=np.uint8)
    for name, array in rows.items():
        with pytest.raises(ModelError, match="shapes"):
            buffer.write(places, mirrored, **(rows | {name: array[:2]}))
    with pytest.raises(ModelError, match="shapes"):
        buffer.write(places[:2], mirrored, **rows)
    with pytest.raises(ModelError, match="shapes"):
        buffer.write(places, mirrored[:2], **rows)


def test_threads_add_and_draw_at_once() -> None:
    games = list(random_games(12, plies=30))
    buffer = filled(NativeBuffer, games[:1])
    known = {planes.tobytes() for planes in every(filled(NativeBuffer, games)).planes}
    adding = threading.Event()
    errors: list[BaseException] = []

    def add_again_and_again() -> None:
        for turn in range(200):
            add(buffer, games[turn % 12])
            buffer.limit(60)

    def draw_again_and_again() -> None:
        try:
            rng = np.random.default_rng(1)
            while not adding.is_set():
                batch = draw(buffer, rng.random(32).tolist())
                assert all(planes.tobytes() in known for planes in batch.planes)
                assert np.allclose(batch.policy.sum(axis=1), 1)
                assert 0 < buffer.memory().positions <= 60 + 30
        except BaseException as error:
            errors.append(error)

    drawing = [threading.Thread(target=draw_again_and_again) for _ in range(2)]
    writing = [threading.Thread(target=add_again_and_again) for _ in range(2)]
    for thread in drawing + writing:
        thread.start()
    for thread in writing:
        thread.join()
    adding.set()
    for thread in drawing:
        thread.join()
    assert not errors
