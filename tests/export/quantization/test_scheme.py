"""Grids and who reads them."""

import numpy as np
import pytest

from export.quantization.layers import Prepared
from export.quantization.ranges import measure_ranges
from export.quantization.scheme import (
    Scheme,
    TargetName,
    make_scheme,
    rounded_tensors,
    weight_scales,
)


def scheme_of(prepared: Prepared, planes: np.ndarray, target: TargetName) -> Scheme:
    ranges = measure_ranges(prepared.model, rounded_tensors(prepared), planes)
    spans = {name: found.over_all() for name, found in ranges.items()}
    return make_scheme(prepared, spans, target=target)


@pytest.mark.parametrize("target", ["cpu", "tensorrt"])
def test_a_grid_reaches_over_its_span(prepared: Prepared, planes: np.ndarray, target: TargetName):
    scheme = scheme_of(prepared, planes, target)
    for name, found in measure_ranges(prepared.model, rounded_tensors(prepared), planes).items():
        grid = scheme.grids[name]
        low = grid.scale * (scheme.target.low - grid.zero_point)
        high = grid.scale * (scheme.target.high - grid.zero_point)
        span = found.over_all()
        assert low <= span[0] + grid.scale
        assert high >= span[1] - grid.scale
        assert target == "cpu" or grid.zero_point == 0


def test_only_rounded_layers_round(prepared: Prepared, planes: np.ndarray):
    scheme = scheme_of(prepared, planes, "cpu")
    first, *others = scheme.layers
    rest = scheme.without([layer.name for layer in others])
    assert rest.layers == (first,)
    assert rest.rounded == {first.source, first.result}
    assert scheme_of(prepared, planes, "tensorrt").rounded == {
        layer.source for layer in scheme.layers
    }


def test_weights_stay_within_half_a_step_of_their_codes(prepared: Prepared, planes: np.ndarray):
    scheme = scheme_of(prepared, planes, "cpu")
    rng = np.random.default_rng(0)
    layer = scheme.layers[0]
    scales = scheme.scales[layer.name].reshape(-1, 1, 1, 1)
    weights = rng.uniform(-100, 100, (len(scales), 119, 3, 3)) * scales
    assert np.abs(scheme.rendered(layer, weights) - weights).max() <= 0.5 * scales.max() + 1e-9
    assert scheme.codes(layer, weights * 100).min() == -127


def test_a_bias_fits_into_32_bits_even_where_weights_are_zero():
    scales = weight_scales(np.zeros((2, 3, 1, 1)), np.array([0.0, 5.0]), 0.01, 8)
    assert scales[1] * 0.01 * (2**31 - 1) > 5
    assert (scales > 0).all()


def test_a_single_large_weight_is_cut_off_for_the_others_sake():
    weights = np.random.default_rng(0).uniform(-1, 1, size=(1, 50_000, 1, 1))
    weights[0, 0] = 1.02
    (scale,) = weight_scales(weights, np.zeros(1), 0.01, 8)
    assert scale < 1.01 / 127
    even = np.ones((1, 500, 1, 1))
    assert weight_scales(even, np.zeros(1), 0.01, 8)[0] == pytest.approx(1 / 127)
