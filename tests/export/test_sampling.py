"""Strata, and what is drawn from them."""

from collections import Counter

import chess
import numpy as np

from export.sampling import material, stratified, stratum

ENDING = "8/5k2/8/8/8/8/4P3/4K3 w - - 0 1"


def test_phases_evaluations_and_balances_are_told_apart():
    start, ending = chess.Board(), chess.Board(ENDING)
    assert len({stratum(start), stratum(ending)}) == 2
    assert len({stratum(start, score) for score in (0.0, 0.2, 0.5, 0.8, 1.0)}) == 5
    assert stratum(start, 0.5) == stratum(start, 0.6) != stratum(start)


def test_material_is_counted_for_the_side_to_move():
    board = chess.Board(ENDING)
    assert material(chess.Board()) == 0
    assert material(board) == 1
    board.turn = chess.BLACK
    assert material(board) == -1
    assert stratum(board) != stratum(chess.Board(ENDING))


def test_every_stratum_gives_alike_while_it_can():
    strata = ["many"] * 1000 + ["some"] * 30 + ["few"] * 3
    chosen = stratified(strata, 93, np.random.default_rng(0))
    assert Counter(strata[place] for place in chosen) == {"many": 60, "some": 30, "few": 3}
    assert len(set(chosen.tolist())) == 93
    assert chosen.tolist() == sorted(chosen)


def test_a_draw_follows_from_its_seed():
    strata = list(range(5)) * 40
    draws = [stratified(strata, 20, np.random.default_rng(seed)).tolist() for seed in (1, 1, 2)]
    assert draws[0] == draws[1] != draws[2]


def test_more_than_there_are_gives_all():
    assert len(stratified(["a", "b"], 10, np.random.default_rng(0))) == 2
