"""What makes a match the same match, so that its games may be continued."""

from dataclasses import replace

import pytest

from eval import series
from eval.openings import read_book
from eval.opponents import find_opponent, model_opponent
from eval.series import identify
from eval.settings import MatchSettings

BOOK = read_book(None, count=2, seed=0)


def identity(*opponents, **settings):
    return identify(opponents, BOOK, MatchSettings(**settings))


def test_another_program_under_the_same_name_is_another_engine(tmp_path):
    program = tmp_path / "engine"
    program.write_text("#!/bin/sh\n# version 1\n")
    program.chmod(0o755)
    before = identity(find_opponent(f"uci:{program}", scratch=tmp_path))
    program.write_text("#!/bin/sh\n# version 2\n")
    assert identity(find_opponent(f"uci:{program}", scratch=tmp_path)) != before


def test_options_of_a_uci_engine_count(tmp_path):
    command = f"uci:{tmp_path / 'engine'}"
    (tmp_path / "engine").write_text("#!/bin/sh\n")
    (tmp_path / "engine").chmod(0o755)
    plain, hashed = (
        identity(find_opponent(command + options, scratch=tmp_path)) for options in ("", "?Hash=16")
    )
    assert plain != hashed


def test_the_runtime_that_was_chosen_counts(good, monkeypatch):
    before = identity(model_opponent(good))
    choose = series.choose_backend
    monkeypatch.setattr(
        series, "choose_backend", lambda *given: replace(choose(*given), backend="openvino")
    )
    assert identity(model_opponent(good)) != before


def test_the_processor_counts_where_moves_take_time(good, monkeypatch):
    by_nodes, by_time = (
        identity(model_opponent(good)),
        identity(model_opponent(good), movetime_ms=9),
    )
    probe = series.probe_cpu
    monkeypatch.setattr(series, "probe_cpu", lambda: replace(probe(), name="another"))
    assert identity(model_opponent(good)) == by_nodes
    assert identity(model_opponent(good), movetime_ms=9) != by_time


@pytest.mark.parametrize("cheaper", [{"workers": 1}, {"concurrency": 2}])
def test_how_fast_it_is_played_does_not_count(good, cheaper):
    assert identity(model_opponent(good), **cheaper) == identity(model_opponent(good))
