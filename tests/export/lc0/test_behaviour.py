"""What a chess player expects of maia-1500, a network trained on games of club players."""

import json
from pathlib import Path

import chess
import numpy as np
import pytest

from aztoolkit.backends import open_evaluator
from aztoolkit.cli import main
from aztoolkit.encoding import lc0_112, lc0_1858
from aztoolkit.evaluator import Evaluator
from aztoolkit.mcts import SearchConfig
from aztoolkit.player import Limit, Player
from benchmarks.puzzles import puzzles
from tests.export.lc0.test_import import softmax

MIRROR_POLICY, MIRROR_VALUE = 0.15, 0.03
"""Most probability that moves, and most that the value changes, by which side is Black: one plane."""
BOOK = {
    "": {"e4", "d4", "c4", "Nf3"},
    "e4": {"e5", "c5", "e6", "c6"},
    "e4 e5": {"Nf3"},
    "e4 e5 Nf3": {"Nc6", "Nf6"},
    "e4 e5 Nf3 Nc6": {"Bb5", "Bc4", "d4"},
    "e4 e5 Nf3 Nc6 d4": {"exd4"},
    "e4 e5 Nf3 Nc6 Bc4": {"Bc5", "Nf6"},
    "e4 e5 f4": {"exf4", "d5"},
    "e4 c5": {"Nf3", "Nc3", "c3"},
    "e4 c5 Nf3": {"d6", "Nc6", "e6"},
    "e4 c5 Nf3 d6 d4": {"cxd4"},
    "e4 c5 Nf3 d6 d4 cxd4": {"Nxd4"},
    "e4 e6": {"d4"},
    "e4 e6 d4": {"d5"},
    "e4 c6": {"d4", "Nc3"},
    "e4 c6 d4": {"d5"},
    "e4 d5": {"exd5"},
    "e4 d5 exd5": {"Qxd5", "Nf6"},
    "d4": {"d5", "Nf6"},
    "d4 d5": {"c4", "Nf3"},
    "d4 d5 c4": {"e6", "c6", "dxc4"},
    "d4 d5 c4 e6": {"Nc3", "Nf3"},
    "d4 Nf6": {"c4", "Nf3"},
    "d4 Nf6 c4 g6": {"Nc3", "Nf3"},
    "c4": {"e5", "Nf6", "c5", "e6"},
}


@pytest.fixture(scope="module")
def network(maia: Path) -> Evaluator:
    return open_evaluator(maia / "maia-1500.onnx", threads=1)


def ask(network: Evaluator, board: chess.Board) -> tuple[dict[chess.Move, float], float]:
    """Returns the probabilities of the legal moves, and the value for the side to move."""
    found = network.evaluate(lc0_112.encode(board)[None])
    moves = list(board.legal_moves)
    indices = [lc0_1858.move_to_index(board, move) for move in moves]
    policy = softmax(found.policy[:, indices])[0]
    return dict(zip(moves, policy, strict=True)), float(softmax(found.wdl)[0] @ [1, 0, -1])


def board_after(line: str) -> chess.Board:
    board = chess.Board()
    for san in line.split():
        board.push_san(san)
    return board


def mirrored(move: chess.Move) -> chess.Move:
    squares = chess.square_mirror(move.from_square), chess.square_mirror(move.to_square)
    return chess.Move(*squares, move.promotion)


def test_at_the_start_it_plays_a_centre_pawn_and_finds_the_game_level(network: Evaluator):
    policy, value = ask(network, chess.Board())
    first, second = sorted(policy, key=lambda move: -policy[move])[:2]
    assert {first.uci(), second.uci()} == {"e2e4", "d2d4"}
    assert abs(value) < 0.1


@pytest.mark.parametrize(
    "line", list(BOOK)[1:]
)  # mirrored, the start is no start: it has a history
def test_mirrored_positions_have_mirrored_answers(line: str, network: Evaluator):
    board = chess.Board(board_after(line).fen())
    difference = lc0_112.encode(board) != lc0_112.encode(board.mirror())
    assert set(np.nonzero(difference)[0]) <= {lc0_112.SIDE_TO_MOVE}
    policy, value = ask(network, board)
    mirror_policy, mirror_value = ask(network, board.mirror())
    moved = sum(abs(share - mirror_policy[mirrored(move)]) for move, share in policy.items()) / 2
    assert moved < MIRROR_POLICY
    assert abs(value - mirror_value) < MIRROR_VALUE


@pytest.mark.parametrize("line", BOOK)
def test_at_one_node_it_plays_book_moves(line: str, network: Evaluator):
    board = board_after(line)
    player = Player(network, SearchConfig(batch_size=1))
    (result,) = player.think([player.new_game()], [board], Limit(simulations=1))
    assert board.san(result.best_move) in BOOK[line]


def test_it_beats_a_player_without_a_network_in_every_game(
    maia: Path, capsys: pytest.CaptureFixture[str]
):
    settings = ["--pairs", "3", "--simulations", "16", "--json"]
    assert main(["match", str(maia / "maia-1500.onnx"), "uniform", *settings]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["score"] == 1.0


@pytest.mark.slow
def test_it_solves_more_tactics_with_search(maia: Path, shared_data: Path):
    suite = shared_data / "epd" / "wac.epd"
    found = puzzles(str(maia / "maia-1500.onnx"), [suite], simulations=(1, 60), first=60)
    alone, searched = (row["solved"] for row in found["rows"])
    assert 0 < alone < searched
