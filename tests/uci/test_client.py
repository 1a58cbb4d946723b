"""python-chess's engine client and `aztoolkit match` on the other end."""

import json
from collections.abc import Iterator
from pathlib import Path

import chess
import chess.engine
import pytest

from aztoolkit.cli import main
from tests.conftest import SHARED_DATA
from tests.uci.clock_match import play_match
from tests.uci.conftest import PATIENCE_S, command

SHREDDED = "rk1bbnnr/pppppppp/8/8/8/8/PPPPPPPP/RK1BBNNR w HAha - 0 1"


@pytest.fixture
def engine(network: Path) -> Iterator[chess.engine.SimpleEngine]:
    with chess.engine.SimpleEngine.popen_uci(command(str(network)), timeout=PATIENCE_S) as engine:
        yield engine


def test_options_are_understood_and_taken(engine: chess.engine.SimpleEngine, network: Path):
    assert engine.id["name"].startswith("aztoolkit")
    assert engine.options["WeightsFile"].default == str(network)
    assert engine.options["Backend"].var == ["auto", "cpu", "cuda", "tensorrt", "rtx", "openvino"]
    engine.configure({"Threads": 1, "Hash": 64, "Move Overhead": 20, "Precision": "fp32"})
    engine.configure({"BackendOptions": "batch=4", "Clear Hash": None})
    assert engine.play(chess.Board(), chess.engine.Limit(nodes=20)).move


def test_a_whole_game_against_itself(engine: chess.engine.SimpleEngine):
    board = chess.Board()
    while not board.is_game_over(claim_draw=True) and board.ply() < 120:
        played = engine.play(
            board, chess.engine.Limit(nodes=30), game="one", info=chess.engine.INFO_ALL
        )
        assert played.move in board.legal_moves
        assert played.info["score"].turn == board.turn
        board.push(played.move)
    assert board.ply() > 10


def test_a_game_of_chess960_that_castles(engine: chess.engine.SimpleEngine):
    board = chess.Board(SHREDDED, chess960=True)
    for _ in range(40):
        if board.is_game_over(claim_draw=True):
            break
        board.push(engine.play(board, chess.engine.Limit(nodes=30), game="960").move)
    castling = chess.Board("4k3/8/8/8/8/8/8/R3K1R1 w GA - 0 1", chess960=True)
    castle = chess.Move.from_uci("e1g1")
    assert castling.is_castling(castle)
    only = engine.play(castling, chess.engine.Limit(nodes=10), root_moves=[castle])
    assert only.move == castle


def test_analysis_of_several_lines(engine: chess.engine.SimpleEngine):
    board = chess.Board("r1bqkbnr/pppp1ppp/2n5/4p3/4P3/5N2/PPPP1PPP/RNBQKB1R w KQkq - 2 3")
    infos = engine.analyse(board, chess.engine.Limit(nodes=200), multipv=3)
    assert [info["multipv"] for info in infos] == [1, 2, 3]
    assert len({info["pv"][0] for info in infos}) == 3
    assert all(info["nodes"] == 200 for info in infos)


def test_an_endless_analysis_ends_when_it_is_told(engine: chess.engine.SimpleEngine):
    with engine.analysis(chess.Board()) as analysis:
        next(iter(analysis))
        analysis.stop()
        assert analysis.wait().move in chess.Board().legal_moves


def test_pondering_hit_and_missed(engine: chess.engine.SimpleEngine):
    board = chess.Board()
    limit = chess.engine.Limit(white_clock=20, black_clock=20)
    for _ in range(3):
        played = engine.play(board, limit, game="pondered", ponder=True)
        board.push(played.move)
        expected = played.ponder or next(iter(board.legal_moves))
        board.push(expected)
    other = chess.Board()
    other.push_uci("a2a3")
    assert engine.play(other, limit, game="other").move in other.legal_moves


def test_match_plays_it_as_a_uci_engine(
    network: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    opponent = f"uci:{' '.join(command(str(network)))}?Threads=1"
    options = ["--pairs", "1", "--simulations", "10", "--workers", "1", "--json"]
    pgn = tmp_path / "games.pgn"
    assert main(["match", str(network), opponent, *options, "--pgn", str(pgn)]) == 0
    report = json.loads(capsys.readouterr().out)
    games = pgn.read_text()
    assert games.count("[Event ") == 2
    assert report["failures"] == []


def test_an_imported_network_of_lc0_plays(tmp_path: Path, shared_data: Path):
    pytest.importorskip("onnx")
    model = tmp_path / "maia.onnx"
    assert main(["import", str(shared_data / "nets" / "maia-1100.pb.gz"), "-o", str(model)]) == 0
    with chess.engine.SimpleEngine.popen_uci(command(str(model)), timeout=PATIENCE_S) as engine:
        engine.configure({"Threads": 1, "SyzygyPath": str(SHARED_DATA / "syzygy")})
        assert engine.play(chess.Board(), chess.engine.Limit(nodes=50)).move
        mate = chess.Board("6k1/5ppp/8/8/8/8/5PPP/R5K1 w - - 0 1")
        assert engine.play(mate, chess.engine.Limit(nodes=50)).move == chess.Move.from_uci("a1a8")


@pytest.mark.slow
@pytest.mark.stockfish
def test_no_game_against_stockfish_is_lost_on_time(network: Path, stockfish: Path):
    endings, least_s = play_match(
        network, stockfish, games=2, base_s=2.0, increment_s=0.05, ours={"Threads": 1}
    )
    assert sum(endings.values()) == 2
    assert not endings["we lost on time"]
    assert least_s > 0
