"""Levels: what they limit, what they leave alone, and that a weak one learns nothing from a strong one."""

import time
from pathlib import Path

import chess
import numpy as np
import pytest

from aztoolkit.backends import Choice
from aztoolkit.evaluator import Evaluator
from aztoolkit.levels import LEVELS, find_level
from aztoolkit.uci.clock import Budget, Watch
from aztoolkit.uci.commands import Go
from aztoolkit.uci.job import Job, Thinker
from aztoolkit.uci.limits import level_for, within
from aztoolkit.uci.networks import Network, Networks, Wanted
from aztoolkit.uci.settings import Settings, declarations
from aztoolkit.uci.tree import KeptTree
from tests.conftest import HashEvaluator
from tests.uci.conftest import Gui
from tests.uci.test_conversation import field, last_info

CLUB = find_level("Club")
CLOCK = Go(clock_s=(60.0, 60.0))
SETTINGS = Settings(hash_mb=32, level_name="Club")


def test_it_is_a_combo_of_the_names():
    names = " ".join(f"var {level.name}" for level in LEVELS)
    assert f"option name Level type combo default Full {names}" in declarations(Settings())
    assert Settings().changed("level", "bEGINNER").level == find_level("Beginner")
    assert Settings().level is None


@pytest.mark.parametrize(
    "go", [CLOCK, Go(movetime_s=1.0), Go(nodes=500), Go(depth=9), Go(clock_s=(9, 9), ponder=True)]
)
def test_play_is_limited(go: Go):
    assert level_for(go, SETTINGS) == CLUB
    assert within(go, CLUB).nodes == CLUB.simulations
    assert level_for(go, Settings()) is None
    assert within(go, None) == go


def test_fewer_nodes_than_the_level_has_stay():
    assert within(Go(nodes=3), CLUB).nodes == 3


@pytest.mark.parametrize("go", [Go(infinite=True), Go(), Go(mate=3), Go(infinite=True, nodes=9)])
def test_analysis_is_not_limited(go: Go):
    assert level_for(go, SETTINGS) is None


def test_nothing_is_limited_in_analysis_mode():
    assert level_for(CLOCK, SETTINGS.changed("UCI_AnalyseMode", "true")) is None


def test_another_level_begins_with_an_empty_tree(hash_evaluator: HashEvaluator):
    tree, network = KeptTree(), Network(Path("m.onnx"), hash_evaluator, batch=16)
    full = tree.search_for(network, None, SETTINGS)
    club = tree.search_for(network, None, SETTINGS, level=CLUB)
    assert club is not full
    assert tree.search_for(network, None, SETTINGS, level=CLUB) is club
    assert tree.search_for(network, None, SETTINGS) is not club


def moves_played(network: Path, evaluator: Evaluator, settings: Settings) -> list[str]:
    """Returns first moves of twenty games, each with its own chance."""

    def open_model(_model: Path, _choice: Choice, _threads: int) -> Evaluator:
        return evaluator

    networks = Networks(lambda _text: None, open_model=open_model)
    networks.want(Wanted(str(network), "auto", "cpu", threads=0, batch=16))
    written: list[str] = []
    for seed in range(20):
        thinker = Thinker(networks, written.append, chance=np.random.default_rng(seed))
        level = level_for(CLOCK, settings)
        go = within(Go(nodes=1), level)
        watch = Watch(go, Budget(), began_s=time.monotonic())
        thinker.do(Job(chess.Board(), go, watch, settings, None, level))
    return [line.split()[1] for line in written if line.startswith("bestmove")]


def test_moves_of_a_level_are_drawn_by_chance(network: Path, hash_evaluator: HashEvaluator):
    beginner = moves_played(network, hash_evaluator, Settings(hash_mb=16, level_name="Beginner"))
    assert len(beginner) == 20
    assert len(set(beginner)) > 5
    assert beginner == moves_played(
        network, hash_evaluator, Settings(hash_mb=16, level_name="Beginner")
    )
    assert len(set(moves_played(network, hash_evaluator, Settings(hash_mb=16)))) == 1


def test_a_gui_chooses_a_level_and_clock_and_nodes_obey(gui: Gui):
    gui.say("setoption name Level value Club", "position startpos moves e2e4")
    for go in ("go wtime 60000 btime 60000", "go movetime 30000", "go nodes 400"):
        gui.say("ucinewgame", go)
        best = gui.until("bestmove").split()[1]
        assert (
            chess.Move.from_uci(best)
            in chess.Board("rnbqkbnr/pppppppp/8/8/4P3/8/PPPP1PPP/RNBQKBNR b KQkq - 0 1").legal_moves
        )
        assert field(last_info(gui), "nodes") == CLUB.simulations
    gui.say("go ponder wtime 60000 btime 60000")
    assert gui.silent_for(0.5, "bestmove")
    gui.say("ponderhit")
    gui.until("bestmove")
    gui.say("setoption name Level value Full", "go nodes 40")
    gui.until("bestmove")
    assert field(last_info(gui), "nodes") == 40
    assert gui.quit() == 0
    assert gui.errors == ""
