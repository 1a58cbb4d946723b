"""Against lc0 itself: its own raw policy and value of maia-1100, and its own numbers of the moves.

lc0 computes the softmax of the policy with an approximation of exp, up to 0.2 % off, and stores what
comes out in 16 bits. The test does the former likewise, or it would measure that.
Source: lc0's `src/utils/fastmath.h`.
"""

import json
from pathlib import Path

import chess
import numpy as np
import pytest

from aztoolkit._native import Game, encode_batch, move_indices
from aztoolkit.backends import open_evaluator
from tests.export.lc0.test_import import softmax

POLICY_TOLERANCE_PP = 0.02
VALUE_TOLERANCE = 0.002


def fast_exp(x: np.ndarray) -> np.ndarray:
    power = np.float32(1.442695040) * x.astype(np.float32)
    whole = np.floor(power)
    part = power - whole
    return np.ldexp(
        1 + part * (np.float32(0.6602339) + np.float32(0.33976606) * part), whole.astype(int)
    )


def game_of(position: str) -> Game:
    start, _, moves = position.partition(" moves ")
    fen = chess.STARTING_FEN if start == "startpos" else start.removeprefix("fen ")
    return Game(fen, moves.split(), chess960=True)


@pytest.fixture(scope="module")
def records(shared_data: Path) -> list[dict]:
    lines = (shared_data / "golden" / "lc0_maia-1100.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def test_policies_values_and_indices_are_those_of_lc0(records: list[dict], maia: Path):
    games = [game_of(record["position"]) for record in records]
    planes = np.empty((len(games), 112, 8, 8), np.float32)
    encode_batch(games, planes, encoding="lc0_112")
    got = open_evaluator(maia / "maia-1100.onnx", threads=1).evaluate(planes)
    values = softmax(got.wdl) @ [1, 0, -1]
    for record, game, logits, value in zip(records, games, got.policy, values, strict=True):
        printed = record["policy_pct_and_index"]
        indices = {move: index for move, (_, index) in printed.items()}
        assert move_indices(game, action_space="lc0_1858") == indices, record["position"]
        chosen = logits[list(indices.values())]
        powers = fast_exp(chosen - chosen.max())
        policy = dict(zip(indices, 100 * powers / powers.sum(), strict=True))
        for move, (percent, _) in printed.items():
            assert abs(policy[move] - percent) <= POLICY_TOLERANCE_PP, (record["position"], move)
        assert abs(value - record["V"]) <= VALUE_TOLERANCE, record["position"]
