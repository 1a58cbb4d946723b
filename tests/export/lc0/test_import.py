"""Imported networks answer as an independent forward pass does, layer by layer from the same file."""

from pathlib import Path

import numpy as np
import onnx
import pytest

from aztoolkit.backends import open_evaluator
from aztoolkit.cli import main
from export.lc0.file import read_net
from export.lc0.graph import NO_DRAW
from export.lc0.importer import import_network, read_source
from export.lc0.policy_map import policy_map
from tests.export.lc0.networks import CLASSICAL, WDL, write_network
from tests.export.lc0.twin import answer

EQUAL = 1e-5
KINDS = {
    "squeeze, planes, wdl": {},
    "no squeeze": {"squeeze": 0},
    "classical policy": {"policy": CLASSICAL},
    "classical value": {"value": CLASSICAL},
    "all classical": {"squeeze": 0, "policy": CLASSICAL, "value": CLASSICAL},
    "mish": {"activation": 1},
    "moves left": {"moves_left": True},
    "biases instead of norms": {"norms": False},
    "stem alone": {"blocks": 0},
}


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def check_equal(network: Path, model: Path, planes: np.ndarray) -> None:
    net = read_net(network)
    policy, value = answer(net, planes)
    got = open_evaluator(model, threads=1).evaluate(planes)
    assert np.abs(policy).max() > 0.5
    np.testing.assert_allclose(got.policy, policy, atol=EQUAL)
    np.testing.assert_allclose(softmax(got.policy), softmax(policy), atol=EQUAL)
    if net.format.network_format.value == WDL:
        np.testing.assert_allclose(softmax(got.wdl), softmax(value), atol=EQUAL)
        return
    win, draw, loss = softmax(got.wdl).T
    np.testing.assert_allclose(win - loss, np.tanh(value[:, 0]), atol=EQUAL)
    assert draw.max() < 1e-16


@pytest.mark.parametrize("kinds", KINDS.values(), ids=KINDS)
def test_every_kind_equals_the_twin(kinds: dict[str, int], positions: np.ndarray, tmp_path: Path):
    network = write_network(tmp_path / "x.pb.gz", **kinds)
    import_network(read_source(network), tmp_path / "x.onnx")
    check_equal(network, tmp_path / "x.onnx", positions)


@pytest.mark.parametrize("strength", [1100, 1500])
def test_real_networks_equal_the_twin(
    strength: int, positions: np.ndarray, maia: Path, shared_data: Path
):
    network = shared_data / "nets" / f"maia-{strength}.pb.gz"
    check_equal(network, maia / f"maia-{strength}.onnx", positions)


def test_files_older_than_formats_of_heads_are_classical(tmp_path: Path):
    def age(net) -> None:
        form = net.format.network_format
        form.network = 2
        form.ClearField("policy")
        form.ClearField("value")

    network = write_network(tmp_path / "x.pb.gz", policy=CLASSICAL, value=CLASSICAL, change=age)
    source = read_source(network)
    assert source.kinds["policy"] == source.kinds["value"] == "classical"


def test_files_older_than_formats_are_classical(tmp_path: Path):
    def age(net) -> None:
        net.format.ClearField("network_format")

    kinds = {"policy": CLASSICAL, "value": CLASSICAL, "squeeze": 0}
    source = read_source(write_network(tmp_path / "x.pb.gz", change=age, **kinds))
    assert source.kinds["kind"] == "lc0_resnet"


def test_planes_are_mapped_to_moves_as_lc0_maps_them():
    moves = np.full(80 * 64, -1)
    moves[policy_map()] = np.arange(1858)
    planes = moves.reshape(80, 64)
    seventh_rank = {
        64: [-1, 1799, 1808, 1817, 1826, 1835, 1844, 1853],
        65: [-1, 1800, 1809, 1818, 1827, 1836, 1845, 1854],
        66: [-1, 1798, 1807, 1816, 1825, 1834, 1843, 1852],
        67: [1793, 1802, 1811, 1820, 1829, 1838, 1847, 1856],
        72: [1795, 1804, 1813, 1822, 1831, 1840, 1849, -1],
    }
    for plane, expected in seventh_rank.items():
        assert planes[plane, 48:56].tolist() == expected
    assert planes[0, :8].tolist() == [7, 31, 56, 81, 106, 131, 156, 180]
    assert planes[56, :8].tolist() == [11, 36, 62, 87, 112, 137, 161, -1]
    assert (planes[73:] == -1).all()


def test_the_model_says_where_it_comes_from(tmp_path: Path):
    network = write_network(tmp_path / "some.pb.gz")
    assert main(["import", str(network)]) == 0
    spec = open_evaluator(tmp_path / "some.onnx", threads=1).spec
    assert (spec.encoding, spec.action_space, spec.precision) == ("lc0_112", "lc0_1858", "fp32")
    assert spec.source == "some.pb.gz"
    assert spec.training_step == 1234
    assert len(spec.checkpoint_sha256) == 64
    assert spec.network["se_channels"] == 4


def test_a_dropped_head_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["import", str(write_network(tmp_path / "x.pb.gz", moves_left=True))]) == 0
    assert "moves-left head" in capsys.readouterr().out


def test_logits_of_classical_values_fit_half_precision(tmp_path: Path):
    import_network(
        read_source(write_network(tmp_path / "x.pb.gz", value=CLASSICAL)), tmp_path / "x.onnx"
    )
    constants = onnx.load(tmp_path / "x.onnx").graph.initializer
    bias = next(t for t in constants if t.name == "/wdl/output/bias")
    values = onnx.numpy_helper.to_array(bias).astype(np.float16)
    assert values[1] == NO_DRAW
    assert values[0] == -values[2]
