"""The held-out split, and the kinds of file positions are read from."""

from pathlib import Path

import chess
import chess.pgn
import numpy as np
import pytest

from aztoolkit.encoding import get_encoding
from aztoolkit.errors import DataError
from export.calibration import load_calibration
from export.positions import (
    HELD_OUT_SHARE,
    OPENING_PLIES,
    Line,
    part_of,
    read_lines,
    sample_boards,
)
from train.replay import find_shards

EVERYTHING = 1_000_000


def moves_of(board: chess.Board) -> tuple[str, ...]:
    return tuple(move.uci() for move in board.move_stack)


def test_no_game_is_in_both_parts(run: Path):
    games = {tuple(line.moves) for line in read_lines(run)}
    parts = {}
    for part in ("calibration", "held-out"):
        late = [
            moves_of(board)
            for board in sample_boards(run, EVERYTHING, part=part, seed=0)
            if len(board.move_stack) >= OPENING_PLIES
        ]
        parts[part] = {game for game in games for moves in late if game[: len(moves)] == moves}
    assert parts["calibration"]
    assert parts["held-out"]
    assert not parts["calibration"] & parts["held-out"]


def test_no_input_is_in_both_parts(run: Path):
    encode = get_encoding("az119").encode
    inputs = [
        {encode(board).tobytes() for board in sample_boards(run, EVERYTHING, part=part, seed=0)}
        for part in ("calibration", "held-out")
    ]
    assert all(inputs)
    assert not inputs[0] & inputs[1]


def test_positions_of_a_shared_opening_are_in_one_part_at_most():
    opening = ["e2e4", "e7e5", "g1f3", "b8c6", "f1b5"]
    tail = [["a7a6", "b5a4"], ["g8f6", "e1g1"], ["d7d6", "d2d4"], ["f8c5", "c2c3"]]
    lines = [Line(chess.STARTING_FEN, opening + rest) for rest in tail]
    for ply in range(len(opening) + 1):
        found = {part_of(line, ply) for line in lines} - {None}
        assert len(found) <= 1, f"after {ply} plies"


def test_a_position_reached_in_two_orders_is_in_one_part_at_most():
    replies = ["g8f6", "b8c6", "d7d5", "e7e5", "g7g6"]
    tails = [["h2h3", "a7a6"], ["h2h4", "a7a5"], ["a2a3", "h7h6"], ["a2a4", "h7h5"]]
    for first in ("g1f3", "b1c3", "c2c4"):
        for reply in replies:
            orders = [["d2d4", reply, first], [first, reply, "d2d4"]]
            lines = [Line(chess.STARTING_FEN, order + tail) for order in orders for tail in tails]
            found = {part_of(line, 3) for line in lines} - {None}
            assert len(found) <= 1, orders


def test_a_quarter_of_the_games_is_held_out():
    rng = np.random.default_rng(0)
    lines = [Line(f"{number} {rng.integers(10**9)}") for number in range(4000)]
    share = np.mean([part_of(line, 0) == "held-out" for line in lines])
    assert share == pytest.approx(HELD_OUT_SHARE, abs=0.03)


def test_a_sample_follows_from_its_seed_and_has_its_history(run: Path):
    samples = [
        [moves_of(board) for board in sample_boards(run, 50, part="calibration", seed=seed)]
        for seed in (1, 1, 2)
    ]
    assert samples[0] == samples[1] != samples[2]
    assert len(set(samples[0])) == 50
    assert max(len(moves) for moves in samples[0]) > OPENING_PLIES


def test_a_run_its_replay_folder_and_its_shard_hold_the_same(run: Path):
    assert read_lines(run) == read_lines(run / "replay") == read_lines(find_shards(run)[0])


def test_a_game_is_the_same_game_in_pgn(run: Path, tmp_path: Path):
    lines = read_lines(run)[:5]
    games = []
    for line in lines:
        board = chess.Board()
        for move in line.moves:
            board.push_uci(move)
        games.append(str(chess.pgn.Game.from_board(board)))
    (tmp_path / "games.pgn").write_text("\n\n".join(games) + "\n")
    read = read_lines(tmp_path / "games.pgn")
    assert [tuple(line.moves) for line in read] == [tuple(line.moves) for line in lines]
    assert [part_of(line, 30) for line in read] == [part_of(line, 30) for line in lines]


def test_variants_in_pgn_are_passed_over(tmp_path: Path):
    pgn = '[Variant "Atomic"]\n\n1. e4 e5 *\n\n[Event "x"]\n\n1. d4 *\n'
    (tmp_path / "mixed.pgn").write_text(pgn)
    assert [list(line.moves) for line in read_lines(tmp_path / "mixed.pgn")] == [["d2d4"]]


def test_epd_positions_without_a_legal_move_are_passed_over(tmp_path: Path):
    mated = "rnb1kbnr/pppp1ppp/8/4p3/6Pq/5P2/PPPPP2P/RNBQKBNR w KQkq -"
    (tmp_path / "some.epd").write_text(f'{mated} id "x";\n\n{chess.Board().epd()} bm e4;\n')
    assert [line.start_fen for line in read_lines(tmp_path / "some.epd")] == [chess.STARTING_FEN]


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("missing.pgn", None, "got nothing at"),
        ("notes.txt", "e4", r"\.pgn or \.epd, got"),
        ("bad.epd", "hello world\n", "EPD in line 1"),
        ("bad.pgn", "1. e4 e5 2. Ke3 *\n", "legal moves in PGN"),
        ("bad.parquet", "PAR1", "expected a replay shard"),
        ("empty.pgn", "", "got none among the 0 games"),
    ],
)
def test_bad_sources_are_refused(name: str, text: str | None, complaint: str, tmp_path: Path):
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(DataError, match=complaint):
        sample_boards(tmp_path / name, 10, part="calibration", seed=0)


def test_a_folder_without_shards_is_refused(tmp_path: Path):
    with pytest.raises(DataError, match="expected replay shards"):
        read_lines(tmp_path)


def test_calibration_records_where_it_came_from(run: Path):
    first, again = (load_calibration(run, encoding="az119", size=40, seed=5) for _ in range(2))
    assert first.spec == again.spec
    assert first.spec.source == str(run)
    assert (first.spec.positions, first.spec.seed) == (40, 5) == (len(first.planes), 5)
    assert first.spec.sha256 != load_calibration(run, encoding="az119", size=40).spec.sha256


def test_more_calibration_positions_than_there_are_must_not_be_asked_for(run: Path):
    assert 500 < load_calibration(run, encoding="az119").spec.positions < 2000
    with pytest.raises(DataError, match="expected 2000 calibration positions, got"):
        load_calibration(run, encoding="az119", size=2000)
