"""Options: how they are declared and what they accept."""

import pytest

from aztoolkit.errors import ConfigError
from aztoolkit.uci.settings import Settings, declarations


def test_each_kind_of_option_is_declared():
    lines = declarations(Settings(weights="some folder/net.onnx"))
    assert "option name Threads type spin default 0 min 0 max 1024" in lines
    assert "option name Ponder type check default false" in lines
    assert "option name SyzygyPath type string default <empty>" in lines
    assert "option name WeightsFile type string default some folder/net.onnx" in lines
    combo = "option name Precision type combo default auto var auto var fp32 var fp16 var int8"
    assert combo in lines
    assert "option name Clear Hash type button" in lines


def test_names_are_matched_without_case():
    assert Settings().changed("MULTIpv", "4").multipv == 4
    assert Settings().changed("move  overhead", "7").move_overhead_ms == 7
    assert Settings().changed("Precision", "INT8").precision == "int8"
    assert Settings().changed("UCI_Chess960", "True").chess960


def test_an_empty_string_has_a_name_of_its_own():
    assert Settings(weights="x").changed("WeightsFile", "<empty>").weights == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Hash", "8"),
        ("Hash", "many"),
        ("Hash", ""),
        ("MultiPV", "0"),
        ("Ponder", "perhaps"),
        ("Backend", "abacus"),
        ("BackendOptions", "threads=0"),
        ("BackendOptions", "speed=9"),
        ("Contempt", "3"),
        ("", ""),
    ],
)
def test_a_wrong_value_is_refused_by_name(name: str, value: str):
    with pytest.raises(ConfigError, match=name or "name of an option"):
        Settings().changed(name, value)


def test_backend_options_are_numbers():
    assert Settings(backend_options="threads=2, batch=32").backend_values() == {
        "threads": 2,
        "batch": 32,
    }


def test_hash_bounds_tree_and_cache_together():
    settings = Settings(hash_mb=100)
    assert settings.tree_mb + settings.cache_mb == 100
