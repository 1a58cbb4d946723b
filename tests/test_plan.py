"""Names of plans and of the cards that they are for."""

from pathlib import Path

import pytest

from aztoolkit.errors import ConfigError
from aztoolkit.plan import parse_sm, plan_path, sm_name, spec_path


@pytest.mark.parametrize(
    ("text", "capability"),
    [("sm89", "8.9"), ("SM75", "7.5"), ("8.9", "8.9"), ("sm120", "12.0"), ("12.1", "12.1")],
)
def test_a_card_is_named_in_several_ways(text: str, capability: str):
    assert parse_sm(text) == capability
    assert parse_sm(sm_name(capability)) == capability


@pytest.mark.parametrize("text", ["", "sm", "sm8", "ada", "sm-89", "1.2.3.4"])
def test_what_names_no_card_is_refused(text: str):
    with pytest.raises(ConfigError, match="such as sm89"):
        parse_sm(text)


def test_a_plan_stands_beside_its_model_and_its_sidecar_beside_it():
    plan = plan_path(Path("runs/a/export/fp16.onnx"), "rtx", "8.9")
    assert plan == Path("runs/a/export/fp16.rtx.sm89.plan")
    assert spec_path(plan) == Path("runs/a/export/fp16.rtx.sm89.json")
