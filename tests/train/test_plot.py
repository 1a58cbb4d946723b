import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from pathlib import Path

import pytest
from PIL import Image

from aztoolkit.cli import BAD_INPUT, DONE, main

SVG = "{http://www.w3.org/2000/svg}"


def write_lines(path: Path, rows: list[Mapping[str, float]]) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture
def trained(run: Path) -> Path:
    """A run with a supervised start, two iterations of self-play and a match."""
    times = {"training_step": 10, "hours": 0.1}, {"training_step": 30, "hours": 0.4}
    supervised = {"policy_loss": 3.0, "held_out_policy_loss": 3.1, "wdl_loss": 1.0}
    self_play = {"policy_loss": 2.0, "wdl_loss": 0.9, "positions_per_s": 70.0}
    write_lines(
        run / "metrics.jsonl",
        [{**times[0], **supervised}, {**times[0], **self_play}, {**times[1], **self_play}],
    )
    match = {"training_step": 30, "opponent_step": 10, "score": 0.7, "pairs": 20}
    write_lines(run / "strength.jsonl", [match])
    return run


def texts(svg: str) -> set[str]:
    return {
        "".join(node.itertext()).strip() for node in ElementTree.fromstring(svg).iter(f"{SVG}text")
    }


def test_a_drawing_names_its_axes_units_and_lines(trained: Path) -> None:
    assert main(["plot", str(trained)]) == DONE
    words = texts((trained / "plot.svg").read_text())
    assert words >= {"training steps", "hours of training", "loss (nats)", "positions per second"}
    assert words >= {"Elo over the first checkpoint", "95 % interval"}
    assert words >= {"policy", "policy, held out", "win/draw/loss", "self-play"}
    assert "learning" not in words  # not measured in this run
    assert "none measured" not in words


def test_a_drawing_has_colours_for_dark_mode(trained: Path) -> None:
    assert main(["plot", str(trained)]) == DONE
    svg = (trained / "plot.svg").read_text()
    style = svg[svg.index("<style>") : svg.index("</style>")]
    assert "prefers-color-scheme: dark" in style
    assert svg.replace(style, "").count("#24292f") == 0
    assert "stroke: var(--c0072b2)" in svg


def test_the_same_run_gives_the_same_drawing(trained: Path, tmp_path: Path) -> None:
    for name in ("a.svg", "b.svg"):
        assert main(["plot", str(trained), "-o", str(tmp_path / name)]) == DONE
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_a_page_holds_the_drawing(trained: Path, tmp_path: Path) -> None:
    target = tmp_path / "run.html"
    assert main(["plot", str(trained), "-o", str(target)]) == DONE
    page = target.read_text()
    assert page.startswith("<!doctype html>")
    assert page.count("<svg") == 1
    assert "<?xml" not in page


def test_a_picture_is_a_png(trained: Path, tmp_path: Path) -> None:
    target = tmp_path / "run.png"
    assert main(["plot", str(trained), "-o", str(target)]) == DONE
    with Image.open(target) as picture:
        assert picture.format == "PNG"
        assert picture.width > 1000


def test_a_run_without_matches_says_how_to_have_them(trained: Path) -> None:
    (trained / "strength.jsonl").unlink()
    assert main(["plot", str(trained)]) == DONE
    assert "no matches played (--match-every)" in texts((trained / "plot.svg").read_text())


@pytest.mark.parametrize(
    ("target", "words"), [("run.gif", ".svg, .png, .html"), ("run", ".svg, .png, .html")]
)
def test_another_kind_of_file_is_refused(
    trained: Path, tmp_path: Path, target: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plot", str(trained), "-o", str(tmp_path / target)]) == BAD_INPUT
    assert words in capsys.readouterr().err


def test_what_is_no_run_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plot", str(tmp_path)]) == BAD_INPUT
    assert capsys.readouterr().err.count("\n") == 1
