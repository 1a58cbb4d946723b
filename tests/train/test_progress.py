import io
import time
from pathlib import Path

import pytest
from rich.console import Console

from train.progress import Display


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def narrow(stream: io.StringIO) -> Display:
    return Display(Console(file=stream, width=80, force_terminal=False))


METRICS = {
    "training_step": 1200.0,
    "games": 345.0,
    "positions": 67890.0,
    "window": 50000.0,
    "loss": 3.2109,
    "policy_loss": 2.5,
    "wdl_loss": 0.7109,
    "games_per_hour": 4321.0,
    "positions_per_s": 98.0,
    "fill_rate": 0.934,
    "latency_ms": 12.34,
    "utilisation": 0.87,
    "train_steps_per_s": 5.25,
    "replay_age": 800.0,
    "replay_mib": 12.5,
    "replay_bytes_per_position": 135.4,
    "something_new": 1.0,
}


def test_off_a_terminal_no_line_is_wrapped(narrow: Display, stream: io.StringIO) -> None:
    narrow.iteration(3, METRICS)
    first, second = stream.getvalue().splitlines()
    assert len(first) > 80
    assert first.startswith("iteration 3  step 1,200  games 345  positions 67,890  window 50,000")
    assert first.endswith("loss 3.211  policy 2.500  wdl 0.711")
    assert second.strip() == (
        "4,321 games/h  98 pos/s  batch fill 93%  latency 12.3 ms  busy 87%  "
        "5.2 steps/s  replay age 800 positions  replay 12 MiB  135 bytes/position"
    )


def test_what_was_not_measured_is_not_said(narrow: Display, stream: io.StringIO) -> None:
    kept = ("training_step", "games", "positions", "window", "games_per_hour")
    narrow.iteration(1, {name: METRICS[name] for name in kept})
    assert "gathering" in stream.getvalue()
    assert "fill" not in stream.getvalue()


def test_a_supervised_report_tells_what_held_out_games_say(
    narrow: Display, stream: io.StringIO
) -> None:
    values = {
        **METRICS,
        "supervised_epoch": 1.5,
        "held_out_policy_loss": 2.75,
        "held_out_wdl_loss": 0.8,
        "held_out_accuracy": 0.4321,
    }
    narrow.supervised(values, total=2400)
    (line,) = stream.getvalue().splitlines()
    assert "step 1,200/2,400  epoch 1.50" in line
    assert "held out: policy 2.750  wdl 0.800  accuracy 43.2%" in line


def test_resuming_is_said(narrow: Display, stream: io.StringIO) -> None:
    narrow.resumed(Path("runs/mine"), step=1234, games=56)
    narrow.resumed(Path("runs/mine"), step=7)
    assert stream.getvalue().splitlines() == [
        "resuming runs/mine: step 1,234, 56 games",
        "resuming runs/mine: step 7",
    ]


def test_off_a_terminal_a_long_phase_says_now_and_then_how_far_it_is(
    narrow: Display, stream: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    with narrow.phase("labelling", 1000) as bar:
        for completed in range(0, 1000, 10):
            now += 2.0
            bar.update(completed, "positions")
    lines = stream.getvalue().splitlines()
    assert len(lines) == 3  # in 200 s
    assert lines[0] == "labelling  300/1,000 positions"


def test_on_a_terminal_there_is_a_bar(stream: io.StringIO) -> None:
    display = Display(Console(file=stream, width=80, force_terminal=True))
    with display.phase("self-play", 10) as bar:
        bar.update(5, "moves", METRICS)
    assert "self-play" in stream.getvalue()
    assert "5/10" in stream.getvalue()
    for words in ("4,321 games/h", "98 pos/s", "batch fill 93%", "latency 12.3 ms", "busy 87%"):
        assert words in stream.getvalue()  # on the lines beneath, however narrow the terminal
    for words in ("5.2 steps/s", "replay age", "loss 3.211", "policy 2.500", "wdl 0.711"):
        assert words in stream.getvalue()


def test_off_a_terminal_the_rates_are_said_with_the_phase(
    narrow: Display, stream: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    with narrow.phase("self-play", 10) as bar:
        now = 100.0
        bar.update(5, "games", {"games_per_hour": 4321.0, "loss": 3.2109, "something_new": 1.0})
    assert stream.getvalue() == "self-play  5/10 games  4,321 games/h  loss 3.211\n"
