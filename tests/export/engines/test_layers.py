"""What a plan computes, as the libraries write it."""

from pathlib import Path

import pytest

from export.engines.layers import computed_in, parse_layers

LOGS = Path(__file__).with_name("logs")
RTX, TENSORRT = ((LOGS / f"{name}.txt").read_text() for name in ("rtx", "tensorrt"))


def test_layers_of_tensorrt_rtx_are_read_from_the_builders_log():
    shape, cast, stem, relu = parse_layers(RTX)
    assert (shape.kind, shape.precision, shape.nodes) == ("shape_call", "none", ())
    assert (cast.precision, cast.weights) == ("fp32", "fp16")
    assert (stem.name, stem.kind) == ("/stem/Conv_myl0_2", "correlation")
    assert (stem.precision, stem.weights) == ("int8", "int8")
    assert stem.nodes == ("/stem/Conv", "planes_DequantizeLinear")
    assert (relu.precision, relu.weights) == ("fp16", None)


def test_layers_of_tensorrt_are_read_from_its_inspector():
    stem, policy = parse_layers(TENSORRT)
    assert (stem.kind, stem.precision) == ("CaskConvolution", "int8")
    assert stem.nodes == ("/stem/Conv", "/stem/Relu")
    assert policy.precision == "fp16"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (RTX, {"/stem/Conv": "int8"}),
        (TENSORRT, {"/stem/Conv": "int8", "/policy/Gemm": "fp16"}),
        ("", {}),
    ],
)
def test_a_node_is_computed_by_its_own_layer_not_by_elementwise_work_around_it(
    text: str, expected: dict[str, str]
):
    assert computed_in(parse_layers(text), ["/stem/Conv", "/policy/Gemm", "/none"]) == expected
