"""The command in a process of its own: whole conversations, and everything a GUI may do wrong."""

import random
import signal
import time
from pathlib import Path

import chess
import pytest

from tests.uci.conftest import Gui

MATED = "position fen R5k1/5ppp/8/8/8/8/5PPP/6K1 b - - 0 1"
MATE_IN_ONE = "position fen 6k1/5ppp/8/8/8/8/5PPP/R5K1 w - - 0 1"
OPTIONS = {
    "Move Overhead",
    "Threads",
    "Hash",
    "Ponder",
    "MultiPV",
    "SyzygyPath",
    "UCI_ShowWDL",
    "UCI_Chess960",
    "UCI_AnalyseMode",
    "WeightsFile",
    "Backend",
    "BackendOptions",
    "Precision",
    "Level",
}


def field(line: str, name: str) -> int:
    words = line.split()
    return int(words[words.index(name) + 1])


def last_info(gui: Gui) -> str:
    return [line for line in gui.heard if line.startswith("info depth")][-1]


def test_the_handshake_declares_the_options_that_guis_know(gui: Gui):
    gui.say("uci")
    gui.until("uciok")
    assert gui.heard[0].startswith("id name aztoolkit ")
    assert gui.heard[1].startswith("id author ")
    declared = {
        line.removeprefix("option name ").partition(" type ")[0]
        for line in gui.heard
        if line.startswith("option")
    }
    assert declared >= OPTIONS
    assert gui.quit() == 0
    assert gui.errors == ""


def test_nodes_are_searched_and_a_line_is_shown(gui: Gui):
    gui.say("position startpos moves e2e4 e7e5", "go nodes 100")
    best = gui.until("bestmove")
    board = chess.Board()
    for move in ("e2e4", "e7e5", *best.split()[1::2]):
        board.push_uci(move)
    info = last_info(gui)
    assert field(info, "nodes") == 100
    assert info.partition(" pv ")[2].split()[0] == best.split()[1]


def test_stop_ends_an_infinite_search_with_its_move(gui: Gui):
    gui.say("go infinite")
    assert gui.silent_for(1.0, "bestmove")
    gui.say("stop")
    gui.until("bestmove")
    gui.say("stop")
    gui.ready()


def test_an_infinite_search_waits_for_stop_even_if_all_is_known(gui: Gui):
    gui.say(MATE_IN_ONE, "go infinite")
    gui.until("info depth")
    assert gui.silent_for(0.5, "bestmove")
    gui.say("stop")
    assert gui.until("bestmove") == "bestmove a1a8"
    assert " score mate 1 " in last_info(gui)


def test_ponderhit_lets_the_time_run(gui: Gui):
    gui.say("position startpos moves e2e4", "go ponder wtime 4000 btime 4000")
    assert gui.silent_for(1.0, "bestmove")
    gui.say("ponderhit")
    gui.until("bestmove")


def test_pondering_can_be_stopped(gui: Gui):
    gui.say("position startpos moves e2e4", "go ponder wtime 4000 btime 4000", "isready")
    gui.until("readyok")
    gui.say("stop")
    gui.until("bestmove")


@pytest.mark.parametrize(
    "go", ["go infinite", "go ponder wtime 9000 btime 9000", "go nodes 9999999"]
)
def test_quit_ends_a_search_and_the_process(gui: Gui, go: str):
    gui.say(go)
    gui.until("info depth")
    assert gui.quit() == 0
    assert gui.errors == ""


def test_the_end_of_stdin_ends_a_search_and_the_process(gui: Gui):
    gui.say("go infinite")
    gui.until("info depth")
    gui.process.stdin.close()
    assert gui.ended() == 0


def test_a_killed_engine_leaves_nothing_behind_that_hinders_the_next(network: Path, gui: Gui):
    gui.say("go infinite")
    gui.until("info depth")
    gui.process.send_signal(signal.SIGKILL)
    assert gui.ended() == -signal.SIGKILL
    following = Gui(str(network))
    following.say("go nodes 10")
    following.until("bestmove")
    assert following.quit() == 0
    following.close()


def test_only_searchmoves_are_considered(gui: Gui):
    gui.say("setoption name MultiPV value 5", "go nodes 200 searchmoves a2a3 h2h4 e7e5")
    best = gui.until("bestmove").split()[1]
    assert best in ("a2a3", "h2h4")
    firsts = {line.partition(" pv ")[2].split()[0] for line in gui.heard if " pv " in line}
    assert firsts == {"a2a3", "h2h4"}
    assert any("e7e5" in line for line in gui.heard if line.startswith("info string"))


def test_searchmoves_may_exclude_the_mate(gui: Gui):
    gui.say(MATE_IN_ONE, "go nodes 100 searchmoves h2h3 g2g3")
    assert gui.until("bestmove").split()[1] in ("h2h3", "g2g3")
    gui.say("go nodes 100")
    assert gui.until("bestmove").split()[1] == "a1a8"


def test_every_line_that_is_mated_says_so(gui: Gui):
    gui.say("setoption name MultiPV value 2", "position fen 7k/R7/8/8/8/p7/8/1R5K b - - 0 1")
    gui.say("go nodes 100")
    gui.until("bestmove")
    final = [line for line in gui.heard if line.startswith("info depth")][-2:]
    assert [" score mate -1 " in line for line in final] == [True, True], final


def test_multipv_shows_as_many_lines_as_there_are(gui: Gui):
    gui.say("setoption name multipv value 3", "setoption name UCI_ShowWDL value true")
    gui.say("go nodes 200")
    gui.until("bestmove")
    final = [line for line in gui.heard if line.startswith("info depth")][-3:]
    assert [field(line, "multipv") for line in final] == [1, 2, 3]
    assert len({line.partition(" pv ")[2].split()[0] for line in final}) == 3
    for line in final:
        words = line.split()
        start = words.index("wdl") + 1
        assert sum(int(word) for word in words[start : start + 3]) == 1000


def test_depth_and_mate_are_limits(gui: Gui):
    gui.say("go depth 2")
    gui.until("bestmove")
    assert field(last_info(gui), "depth") >= 2
    gui.say(MATE_IN_ONE, "go mate 1")
    assert gui.until("bestmove") == "bestmove a1a8"


def test_movetime_is_kept(gui: Gui):
    gui.say("go nodes 1")
    gui.until("bestmove")
    gui.say("go movetime 500")
    gui.until("bestmove")
    assert field(last_info(gui), "time") <= 500


def test_without_a_legal_move_there_is_no_best_move(gui: Gui):
    gui.say(MATED, "go nodes 10")
    assert gui.until("bestmove") == "bestmove (none)"
    assert "info depth 0 score mate 0" in gui.heard


def test_chess960_castles_as_king_takes_rook(gui: Gui):
    fen = "4k3/8/8/8/8/8/8/1R3KR1 w GB - 0 1"
    gui.say("setoption name UCI_Chess960 value true")
    gui.say(f"position fen {fen}", "go nodes 20 searchmoves f1g1")
    assert gui.until("bestmove").split()[1] == "f1g1"
    gui.say(f"position fen {fen} moves f1g1 e8e7", "go nodes 20")
    board = chess.Board(fen, chess960=True)
    board.push_uci("f1g1")
    board.push_uci("e8e7")
    assert board.parse_uci(gui.until("bestmove").split()[1]) in board.legal_moves


def test_bench_ends_with_nodes_and_speed(network: Path):
    gui = Gui(str(network))
    gui.say("bench 50")
    gui.process.stdin.close()
    assert gui.ended() == 0
    gui.until("info string position 6")
    nodes, nodes_word, speed, speed_word = gui.until("").split()
    assert (nodes_word, speed_word) == ("nodes", "nps")
    assert 200 < int(nodes) <= 300
    assert int(speed) > 0
    gui.close()


def test_without_any_model_the_engine_says_so_and_does_not_hang(tmp_path: Path):
    gui = Gui()
    gui.say(f"setoption name WeightsFile value {tmp_path}", "go nodes 1")
    assert gui.until("bestmove") == "bestmove 0000"
    assert any("expected .onnx files in" in line for line in gui.heard)
    assert gui.quit() == 0
    gui.close()


def test_a_weights_file_that_cannot_be_opened_leaves_the_engine_playing(gui: Gui, tmp_path: Path):
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no model at all")
    gui.say("go nodes 1")
    gui.until("bestmove")
    gui.say(f"setoption name WeightsFile value {broken}", "go nodes 1")
    assert gui.until("bestmove") != "bestmove 0000"
    assert any("does not load" in line for line in gui.heard)


GARBAGE = [
    b"",
    b"\n",
    b"\0\0\0",
    b"\xff\xfe\x80 go",
    b"position",
    b"position fen",
    b"position fen 8/8/8/8/8/8/8/8 w - - 0 1",
    b"position fen not a fen moves e2e4",
    b"position startpos moves e2e5",
    b"position startpos moves 0000",
    b"position startpos moves \xff",
    b"position startposs",
    b"position fen " + b"k" * 5000,
    b"setoption",
    b"setoption name",
    b"setoption name Hash",
    b"setoption name Hash value",
    b"setoption name Hash value 1e9",
    b"setoption name Hash value -5",
    b"setoption name Nothing value 3",
    b"setoption name Backend value abacus",
    b"setoption name BackendOptions value threads=,batch",
    b"setoption name SyzygyPath value /nowhere/at/all",
    b"setoption value true name Ponder",
    b"ponderhit",
    b"stop",
    b"bench many",
    b"quit_not",
    b"GO INFINITE",
    b"register later",
    b"debug on",
    b"joho debug on",
    b"xboard",
    b"\x1b[A",
    b"info string hello",
    b"bestmove e2e4",
]
ODD_GO = [
    b"go nodes",
    b"go nodes x movetime 50",
    b"go nodes 0 movetime 50",
    b"go wtime -100 btime -100",
    b"go wtime 0 btime 0 winc 0 binc 0 movestogo 0",
    b"go wtime 99999999999999999999999 nodes 5",
    b"go nodes 1 nodes 2 nodes 3",
    b"go movetime 1",
    b"go searchmoves nodes 5",
    b"go searchmoves a9a9 nodes 5",
    b"go what is this nodes 5",
]


def test_garbage_never_kills_the_engine(gui: Gui):
    for line in GARBAGE:
        gui.send(line + b"\n")
    gui.ready()
    for line in ODD_GO:
        gui.send(line + b"\n")
        if line == b"go nodes" or line.startswith(b"go searchmoves a9"):
            gui.say("stop")
        gui.until("bestmove")
    gui.say("position startpos", "go nodes 5")
    gui.until("bestmove")
    assert gui.quit() == 0
    assert gui.errors == ""


def test_random_bytes_and_orders_never_kill_the_engine(gui: Gui):
    rng = random.Random(20261121)
    words = [b"position", b"startpos", b"moves", b"e2e4", b"go", b"nodes", b"3", b"fen", b"stop"]
    words += [b"setoption", b"name", b"Threads", b"value", b"ponderhit", b"ucinewgame", b"\xf0"]
    for _ in range(300):
        if rng.random() < 0.3:
            line = rng.randbytes(rng.randrange(60)).replace(b"quit", b"")
        else:
            line = b" ".join(rng.choices(words, k=rng.randrange(1, 9)))
        gui.send(line.replace(b"\n", b"") + b"\n")
    gui.say("setoption name Threads value 1", "position startpos")
    gui.ready()
    gui.say("stop", "ucinewgame", "position startpos", "go nodes 5")
    gui.until("bestmove")
    assert gui.quit() == 0
    assert gui.errors == ""


def test_a_second_go_ends_the_first(gui: Gui):
    gui.say("go infinite", "go infinite", "go nodes 3")
    for _ in range(3):
        gui.until("bestmove")
    gui.say("stop")
    gui.ready()
    assert sum(line.startswith("bestmove") for line in gui.heard) == 3


def test_isready_is_answered_while_a_search_is_on(gui: Gui):
    gui.say("go infinite")
    gui.until("info depth")
    began_s = time.monotonic()
    gui.ready()
    assert time.monotonic() - began_s < 10
    assert not any(line.startswith("bestmove") for line in gui.heard)
