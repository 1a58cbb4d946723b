"""A small run: a checkpoint of a random network, and replay shards of games of random moves."""

from pathlib import Path

import chess
import numpy as np
import onnx
import pytest
import torch

from aztoolkit.cli import main
from aztoolkit.model import ModelSpec
from export.metadata import write_metadata
from train.checkpoint import Checkpoint, CheckpointInfo, latest_checkpoint, load_checkpoint
from train.checkpoint import save_checkpoint as save
from train.networks import NetworkConfig, build_network
from train.replay import Game, write_shard

GAMES, PLIES = 40, 50
STEP = 12


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def make_checkpoint(run: Path, *, kind: str = "resnet", filters: int = 16) -> Checkpoint:
    """Saves a random network whose batch norms have seen data and whose answers differ."""
    torch.manual_seed(7)
    squeeze, heads = 4 if kind == "se_resnet" else 0, 2 if kind == "transformer" else 0
    config = NetworkConfig(kind=kind, filters=filters, blocks=2, se_ratio=squeeze, heads=heads)
    network = build_network(config).train()
    with torch.no_grad():
        for _ in range(4):
            network(torch.rand(32, 119, 8, 8))
    save(run, network, CheckpointInfo(network=config, training_step=STEP))
    return load_checkpoint(latest_checkpoint(run))


def random_moves(rng: np.random.Generator) -> list[str]:
    board = chess.Board()
    for _ in range(PLIES):
        moves = list(board.legal_moves)
        if not moves:
            break
        board.push(moves[rng.integers(len(moves))])
    return [move.uci() for move in board.move_stack]


def make_game(number: int, moves: list[str]) -> Game:
    plies = len(moves)
    return Game(
        game_id=number,
        seed=number,
        checkpoint_step=STEP,
        start_fen=chess.STARTING_FEN,
        moves=moves,
        searched=[False] * plies,
        policy_index=[[]] * plies,
        policy_weight=[[]] * plies,
        root_value=[0.0] * plies,
        result=0,
        termination="max_plies",
    )


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder with one checkpoint and one shard of replay; read only."""
    folder = tmp_path_factory.mktemp("runs") / "a"
    make_checkpoint(folder)
    rng = np.random.default_rng(3)
    write_shard(folder, [make_game(number, random_moves(rng)) for number in range(GAMES)])
    return folder


@pytest.fixture(scope="session")
def models(run: Path) -> Path:
    """The export folder of `run` with fp32, fp16 and int8 models, made by the commands; read only."""
    assert main(["export", str(run)]) == 0
    assert main(["quantize", str(run), "--int8"]) == 0
    return run / "export"


def make_constant_model(path: Path, spec: ModelSpec | None, *, planes: int = 119) -> Path:
    """Writes an ONNX model that answers zeros; without a spec it has no metadata of ours."""
    helper, floats = onnx.helper, onnx.TensorProto.FLOAT
    zeros = [
        onnx.numpy_helper.from_array(np.zeros((planes, size), dtype=np.float32), name)
        for name, size in (("to_policy", 4672), ("to_wdl", 3))
    ]
    graph = helper.make_graph(
        [
            helper.make_node("GlobalAveragePool", ["planes"], ["means"]),
            helper.make_node("Flatten", ["means"], ["flat"], axis=1),
            helper.make_node("MatMul", ["flat", "to_policy"], ["policy"]),
            helper.make_node("MatMul", ["flat", "to_wdl"], ["wdl"]),
        ],
        "zeros",
        [helper.make_tensor_value_info("planes", floats, ["batch", planes, 8, 8])],
        [
            helper.make_tensor_value_info("policy", floats, ["batch", 4672]),
            helper.make_tensor_value_info("wdl", floats, ["batch", 3]),
        ],
        zeros,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    if spec:
        write_metadata(model, spec)
    onnx.save(model, path)
    return path
