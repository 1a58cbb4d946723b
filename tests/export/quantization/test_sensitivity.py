"""The search for layers that go back to float."""

import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass

import numpy as np
import onnx
import pytest

from aztoolkit.model import ModelSpec
from export.calibration import Calibration
from export.quantization.chart import draw_search
from export.quantization.prices import PricesByWork, find_prices, work_shares
from export.quantization.rounded import Rounded
from export.quantization.scheme import TargetName
from export.quantization.sensitivity import Cost, Judge, rank_layers, search_layers
from export.quantize import Recipe, round_static


def test_every_layer_is_ranked_by_gain_for_its_price(
    rounded: Rounded, original: onnx.ModelProto, planes: np.ndarray
):
    judge = Judge(original, planes, [])
    done: list[int] = []
    before = judge.distances(rounded.graph())
    prices = find_prices(original, rounded, planes)
    costs = rank_layers(rounded, judge, before, prices, watch=lambda *_: done.append)
    assert {cost.layer for cost in costs} == {layer.name for layer in rounded.scheme.layers}
    assert [cost.worth for cost in costs] == sorted((cost.worth for cost in costs), reverse=True)
    assert all(cost.price_ms > 0 and cost.kl_alone > 0 for cost in costs)
    assert sum(done) == len(costs) * len(planes)
    left = judge.distances(rounded.without([costs[0].layer]).graph())
    assert left.kl.mean() == pytest.approx((1 - costs[0].kl_gain) * before.kl.mean())
    assert left.winrate.mean() == pytest.approx((1 - costs[0].winrate_gain) * before.winrate.mean())


def test_policy_and_value_count_alike():
    def cost(layer: str, kl_gain: float, winrate_gain: float) -> Cost:
        return Cost(layer, 0.0, 0.0, kl_gain, winrate_gain, price_ms=0.5)

    assert cost("policy", 0.4, 0.0).worth == cost("value", 0.0, 0.4).worth == pytest.approx(0.4)


@dataclass(frozen=True)
class EqualPrices:
    """Every layer costs as much."""

    def price_ms(self, _: str) -> float:
        return 1.0


def test_layers_go_back_until_the_budget_holds(
    rounded: Rounded, original: onnx.ModelProto, planes: np.ndarray, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("export.quantization.sensitivity.find_prices", lambda *_: EqualPrices())
    judge = Judge(original, planes, [])
    before = judge.kl(rounded.graph())
    found, search = search_layers(original, rounded, judge, 0.8 * before)
    assert search.kl_before == before
    assert search.held
    assert search.floated
    assert judge.kl(found.graph()) == search.kl <= 0.8 * before
    assert judge.kl(rounded.without(search.floated[:-1]).graph()) > 0.8 * before
    kept = {layer.name for layer in found.scheme.layers}
    assert set(search.floated) == {layer.name for layer in rounded.scheme.layers} - kept


def test_a_budget_that_is_held_already_costs_nothing(
    rounded: Rounded, original: onnx.ModelProto, planes: np.ndarray
):
    _, search = search_layers(original, rounded, Judge(original, planes, []), 1.0)
    assert search.held
    assert not search.floated


def test_a_budget_out_of_reach_is_said_to_be(
    rounded: Rounded, original: onnx.ModelProto, planes: np.ndarray
):
    found, search = search_layers(original, rounded, Judge(original, planes, []), 0.0)
    assert not search.held
    assert found.scheme.layers  # never all in float: then FP32 is the better choice
    svg = draw_search(search)
    words = {
        node.text for node in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")
    }
    assert {cost.layer for cost in search.costs} <= words


@pytest.fixture(scope="module")
def symmetric(original: onnx.ModelProto, spec: ModelSpec, calibration: Calibration) -> Rounded:
    return round_static(original, spec, calibration, Recipe(target="tensorrt"))


def test_prices_for_tensorrt_are_by_work(
    original: onnx.ModelProto,
    symmetric: Rounded,
    planes: np.ndarray,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr("export.quantization.prices.times_ms", lambda *_: [8.0])
    prices = find_prices(original, symmetric, planes)
    assert isinstance(prices, PricesByWork)
    shares = work_shares(symmetric)
    assert sum(shares.values()) == pytest.approx(1)
    assert {name: prices.price_ms(name) for name in shares} == pytest.approx(
        {name: 8 * share for name, share in shares.items()}
    )


@pytest.mark.parametrize("target", ["cpu", "tensorrt"])
def test_layers_go_back_up_to_half_of_the_work_however_little_int8_saves(
    original: onnx.ModelProto,
    rounded: Rounded,
    symmetric: Rounded,
    planes: np.ndarray,
    target: TargetName,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(
        "export.quantization.prices.times_ms",
        lambda models, _: [1.0 + len(m.graph.node) for m in models],
    )
    whole = {"cpu": rounded, "tensorrt": symmetric}[target]
    found, search = search_layers(original, whole, Judge(original, planes[:20], []), 0.0)
    shares = work_shares(whole)
    floated = sum(shares[name] for name in search.floated)
    assert search.floated
    assert floated <= 0.5
    kept = {layer.name for layer in found.scheme.layers}
    assert kept == shares.keys() - set(search.floated)
    assert kept
