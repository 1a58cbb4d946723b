import bz2
import gzip
import io
from pathlib import Path

import chess
import pyarrow as pa
import pytest

from aztoolkit.encoding.az4672 import move_to_index
from aztoolkit.errors import DataError
from train.supervised.pgn import SkippedGameError, parse_game, read_texts, split_games
from train.supervised.settings import PgnSettings

ALL = PgnSettings(pgn_min_plies=1)
GAME = """[Event "One"]
[Result "1-0"]
[WhiteElo "2000"]
[BlackElo "1500"]

1. e4 {[%clk 0:01]
[%eval 0.2] best by test} e5 (1... c5 2. Nf3 (2. c3 d5) d6) 2. Bc4 $1 Nc6 ; a comment
3. Qh5 Nf6?? 4. Qxf7# 1-0
"""
MOVES = ["e2e4", "e7e5", "f1c4", "b8c6", "d1h5", "g8f6", "h5f7"]


def reason(text: str, settings: PgnSettings = ALL) -> str:
    with pytest.raises(SkippedGameError) as caught:
        parse_game(text, game_id=0, settings=settings)
    return str(caught.value)


def test_only_the_main_line_is_learned() -> None:
    game = parse_game(GAME, game_id=7, settings=ALL)
    assert list(game.moves) == MOVES
    assert (game.game_id, game.result, game.start_fen) == (7, 1, chess.STARTING_FEN)
    for ply, board in enumerate(game.boards()):
        index = move_to_index(board, chess.Move.from_uci(game.moves[ply]))
        assert (game.policy_index[ply], game.policy_weight[ply]) == ([index], [1])
    assert all(game.searched)
    assert not game.wdl


def test_castling_promotion_and_en_passant_have_their_indices() -> None:
    text = """[Result "1/2-1/2"]
[FEN "r3k2r/1P6/8/8/4p3/8/3P4/R3K2R w KQkq - 0 1"]
[SetUp "1"]

1. d4 exd3 2. O-O-O O-O 3. bxa8=N d2+ 1/2-1/2
"""
    game = parse_game(text, game_id=0, settings=ALL)
    assert list(game.moves) == ["d2d4", "e4d3", "e1c1", "e8g8", "b7a8n", "d3d2"]
    boards = [board.copy() for board in game.boards()]
    assert len(boards) == 6
    assert boards[0].fen() == "r3k2r/1P6/8/8/4p3/8/3P4/R3K2R w KQkq - 0 1"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (GAME.replace("Nf6??", "Ke4"), "illegal move"),
        (GAME.replace("Nf6??", "--"), "illegal move"),
        (GAME.replace("Nf6??", "Ng4"), "illegal move"),
        (GAME.replace('"1-0"', '"*"'), "no result"),
        (GAME.replace('[Result "1-0"]\n', ""), "no result"),
        (GAME.replace('[Event "One"]', '[Variant "Atomic"]'), "another variant"),
        (GAME.replace('[Event "One"]', '[FEN "8/8/8/8/8/8/8/8 w - - 0 1"]'), "impossible position"),
        (GAME.replace('[Event "One"]', '[FEN "nonsense"]'), "illegal move"),
    ],
)
def test_a_bad_game_is_skipped_with_its_reason(text: str, expected: str) -> None:
    assert reason(text) == expected


def test_settings_leave_games_out() -> None:
    assert reason(GAME, PgnSettings(pgn_min_plies=8)) == "too short"
    assert reason(GAME, PgnSettings(pgn_min_plies=1, pgn_min_elo=1600)) == "low Elo"
    unrated = GAME.replace('[WhiteElo "2000"]', '[WhiteElo "?"]')
    assert reason(unrated, PgnSettings(pgn_min_plies=1, pgn_min_elo=1)) == "low Elo"
    kept = parse_game(GAME, game_id=0, settings=PgnSettings(pgn_min_plies=7, pgn_min_elo=1500))
    assert len(kept) == 7


def test_games_are_told_apart_whatever_stands_between_them() -> None:
    second = GAME.replace("One", "Two").replace("\n", "\r\n")
    stream = io.BytesIO((GAME + "\n\n\n" + second + GAME).encode())
    texts = list(split_games(stream))
    assert len(texts) == 3
    assert all(len(parse_game(text, game_id=0, settings=ALL)) == 7 for text in texts)


def test_an_endless_game_is_cut_and_the_next_one_kept() -> None:
    endless = '[Event "x"]\n\n' + "1. e4 e5 2. Ke2 Ke7 3. Ke1 Ke8 \n" * 100_000
    texts = list(split_games(io.BytesIO((endless + GAME).encode())))
    assert len(texts) == 2
    assert len(texts[0]) <= 1 << 20
    assert list(parse_game(texts[1], game_id=0, settings=ALL).moves) == MOVES


def test_files_follow_one_another_compressed_or_not(tmp_path: Path) -> None:
    files = [tmp_path / f"a.pgn{suffix}" for suffix in ("", ".gz", ".bz2", ".zst")]
    plain, zipped, bzipped, zstd = files
    plain.write_text(GAME)
    zipped.write_bytes(gzip.compress((GAME * 2).encode()))
    bzipped.write_bytes(bz2.compress(GAME.encode()))
    zstd.write_bytes(pa.compress(GAME.encode(), codec="zstd", asbytes=True))
    assert len(list(read_texts(files))) == 5


def test_bytes_that_are_no_text_spoil_no_game() -> None:
    data = GAME.encode().replace(b"One", b"Caf\xe9 \xff")
    (text,) = split_games(io.BytesIO(b"\xef\xbb\xbf" + data))
    assert list(parse_game(text, game_id=0, settings=ALL).moves) == MOVES


@pytest.mark.parametrize("name", ["missing.pgn", "broken.pgn.gz", "cut.pgn.gz", "broken.pgn.zst"])
def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path, name: str) -> None:
    (tmp_path / "broken.pgn.gz").write_bytes(b"no gzip at all")
    (tmp_path / "broken.pgn.zst").write_bytes(b"no zstd at all")
    (tmp_path / "cut.pgn.gz").write_bytes(gzip.compress(GAME.encode() * 50)[:60])
    with pytest.raises(
        DataError, match=f"expected games in PGN at .*{name}, got: .*; check --from"
    ):
        list(read_texts([tmp_path / name]))
