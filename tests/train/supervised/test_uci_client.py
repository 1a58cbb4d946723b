from pathlib import Path

import chess
import chess.engine
import pytest

from aztoolkit.errors import MachineError
from tests.train.supervised.engine import DIES, NO_SCORE, write_engine
from train.supervised.uci_client import UciClient, find_engine, parse_info

START = chess.STARTING_FEN


def test_an_info_line_is_a_move_with_its_score() -> None:
    text = "info depth 9 seldepth 12 multipv 2 score cp -31 wdl 20 900 80 nodes 999 pv g8f6 b1c3"
    line = parse_info(text)
    assert line.move == "g8f6"
    assert line.score == chess.engine.Cp(-31)


def test_a_mate_is_a_mate() -> None:
    assert parse_info("info depth 5 score mate -3 pv e8e7").score == chess.engine.Mate(-3)


@pytest.mark.parametrize(
    "text",
    [
        "info string NNUE evaluation using nn.nnue",
        "info depth 3 currmove e2e4 currmovenumber 1",
        "info depth 5 multipv 1 score cp 23 upperbound nodes 1000 pv g1f3",
        "info depth 5 multipv 1 score cp 23 lowerbound nodes 1000 pv g1f3",
    ],
)
def test_what_is_no_exact_score_of_a_move_is_passed_over(tmp_path: Path, text: str) -> None:
    exact = "info depth 4 multipv 1 score cp 7 nodes 9 pv e2e4"
    says = f'print("{exact}\\n{text}\\nbestmove e2e4")'
    with UciClient(str(write_engine(tmp_path / "vague", says)), lines=1, nodes=1) as engine:
        assert [(line.move, line.score) for line in engine.analyse(START, [])] == [
            ("e2e4", chess.engine.Cp(7))
        ]


def test_the_last_word_on_each_move_counts(tmp_path: Path) -> None:
    first = "info depth 1 multipv 1 score cp 9 pv e2e4\\ninfo depth 1 multipv 2 score cp 5 pv d2d4"
    then = "info depth 2 multipv 1 score cp 8 pv d2d4\\ninfo depth 2 multipv 2 score cp 1 pv c2c4"
    says = f'print("{first}\\n{then}\\nbestmove d2d4")'
    with UciClient(str(write_engine(tmp_path / "second", says)), lines=2, nodes=1) as engine:
        assert [line.move for line in engine.analyse(START, [])] == ["d2d4", "c2c4"]


@pytest.mark.parametrize(
    "text", ["info score cp pv e2e4", "info score cp x pv e2e4", "info depth 3 pv e2e4"]
)
def test_a_malformed_line_is_said(text: str) -> None:
    with pytest.raises(MachineError, match="info line of UCI"):
        parse_info(text)


@pytest.mark.stockfish
def test_stockfish_finds_the_mate_and_counts_its_nodes(stockfish: Path) -> None:
    with UciClient(str(stockfish), lines=3, nodes=2000) as engine:
        assert engine.name.startswith("Stockfish")
        engine.new_game()
        lines = engine.analyse(START, ["f2f3", "e7e5", "g2g4"])
    assert lines[0].move == "d8h4"
    assert lines[0].score == chess.engine.Mate(1)
    assert len({line.move for line in lines}) == len(lines) == 3


@pytest.mark.stockfish
def test_a_position_with_one_legal_move_has_one_line(stockfish: Path) -> None:
    with UciClient(str(stockfish), lines=4, nodes=100) as engine:
        assert len(engine.analyse("7k/8/8/8/8/8/5q2/7K b - - 0 1", ["f2f1"])) == 1


def test_a_plain_engine_is_understood(tmp_path: Path) -> None:
    with UciClient(str(write_engine(tmp_path / "tiny")), lines=2, nodes=1) as engine:
        assert engine.name == "Tiny 1"
        lines = engine.analyse(START, ["e2e4"])
    assert [line.move for line in lines] == ["a7a5", "a7a6"]


def test_a_missing_engine_says_how_to_install_one() -> None:
    with pytest.raises(MachineError, match="apt-get install stockfish"):
        find_engine("no-such-engine")


def test_an_engine_that_dies_is_said(tmp_path: Path) -> None:
    with (
        UciClient(str(write_engine(tmp_path / "mortal", DIES)), lines=2, nodes=1) as engine,
        pytest.raises(MachineError, match=r"live on, got its end \(exit code .*run again"),
    ):
        engine.analyse(START, [])


def test_an_engine_that_names_no_move_is_said(tmp_path: Path) -> None:
    with (
        UciClient(str(write_engine(tmp_path / "mute", NO_SCORE)), lines=2, nodes=1) as engine,
        pytest.raises(MachineError, match="got none for"),
    ):
        engine.analyse(START, [])


def test_a_silent_engine_is_not_waited_for_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("train.supervised.uci_client._LEAST_TIMEOUT_S", 0.2)
    with (
        UciClient(str(write_engine(tmp_path / "silent", "pass")), lines=2, nodes=1) as engine,
        pytest.raises(MachineError, match="within 0 s, got none"),
    ):
        engine.analyse(START, [])


def test_a_program_that_is_no_engine_is_said() -> None:
    with pytest.raises(MachineError, match="live on, got its end"):
        UciClient("/bin/true", lines=1, nodes=1)
