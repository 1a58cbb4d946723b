"""The command `aztoolkit perft`; the counts themselves are tested in `tests/native/test_perft.py`."""

import json
import signal
import subprocess
import sys
import time

import pytest

from aztoolkit.cli import BAD_INPUT, INTERRUPTED, main


def test_nodes_and_moves_as_json(capsys: pytest.CaptureFixture[str]):
    assert main(["perft", "startpos", "2", "--divide", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["nodes"] == sum(report["divide"].values()) == 400


@pytest.mark.parametrize(
    ("depth", "options"),
    [("-1", []), ("101", []), ("1000000", []), (str(10**20), []), ("0", ["--divide"])],
)
def test_depths_that_cannot_be_counted_are_one_line(
    depth: str, options: list[str], capsys: pytest.CaptureFixture[str]
):
    assert main(["perft", "startpos", depth, *options]) == BAD_INPUT
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("aztoolkit: expected a perft depth of ")
    assert captured.err.endswith(f" to 100, got {depth}\n")


def test_castling_of_chess960_is_not_left_out_unsaid(capsys: pytest.CaptureFixture[str]):
    fen = "bqnb1rkr/pp3ppp/3ppn2/2p5/5P2/P2P4/NPP1P1PP/BQ1BNRKR w HFhf - 2 9"
    assert main(["perft", fen, "3"]) == BAD_INPUT
    assert capsys.readouterr().err.count("; add --chess960, or") == 1
    assert main(["perft", fen, "3", "--chess960"]) == 0
    assert capsys.readouterr().out.startswith("12189 nodes")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot send Ctrl-C to one process")
def test_ctrl_c_ends_a_long_count():
    script = "from aztoolkit.cli import main\nprint(1, flush=True)\nexit(main(['perft', 'startpos', '12']))"
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as count:
        try:
            assert count.stdout is not None
            count.stdout.readline()
            time.sleep(1.0)  # until it counts; sooner would be an easier case, not a false alarm
            count.send_signal(signal.SIGINT)
            _, error = count.communicate(timeout=20)
        finally:
            count.kill()
    assert count.returncode == INTERRUPTED
    assert error == "aztoolkit: interrupted\n"
