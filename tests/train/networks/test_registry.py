import re
from collections.abc import Iterator

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor, nn

from train.networks import NetworkConfig, build_network, count_parameters, kinds, register, registry

SMALL = {
    "resnet": NetworkConfig(filters=8, blocks=2),
    "se_resnet": NetworkConfig(kind="se_resnet", filters=8, blocks=2, se_ratio=2),
    "transformer": NetworkConfig(kind="transformer", filters=8, blocks=2, heads=2),
}


@pytest.fixture
def _own_registry() -> Iterator[None]:
    before = dict(registry._KINDS)
    yield
    registry._KINDS.clear()
    registry._KINDS.update(before)


def test_every_kind_is_tried_here() -> None:
    assert kinds() == sorted(SMALL)


@pytest.mark.parametrize("kind", SMALL)
def test_answers_policy_and_wdl_logits(kind: str) -> None:
    policy, wdl = build_network(SMALL[kind])(torch.rand(3, 119, 8, 8))
    assert policy.shape == (3, 4672)
    assert wdl.shape == (3, 3)


@pytest.mark.parametrize("kind", SMALL)
def test_takes_other_encodings_and_action_spaces(kind: str) -> None:
    policy, _ = build_network(SMALL[kind], planes=5, actions=128)(torch.rand(2, 5, 8, 8))
    assert policy.shape == (2, 128)


@pytest.mark.parametrize("kind", SMALL)
def test_every_weight_is_learnt(kind: str) -> None:
    torch.manual_seed(1)
    network = build_network(SMALL[kind])
    policy, wdl = network(torch.rand(4, 119, 8, 8))
    (policy.square().sum() + wdl.square().sum()).backward()
    missing = [
        name
        for name, weight in network.named_parameters()
        if weight.grad is None or not weight.grad.any()
    ]
    assert missing == []


def test_the_same_seed_builds_the_same_network() -> None:
    def build(seed: int) -> nn.Module:
        torch.manual_seed(seed)
        return build_network(SMALL["transformer"])

    one, twin, other = (
        torch.nn.utils.parameters_to_vector(build(s).parameters()) for s in (1, 1, 2)
    )
    assert torch.equal(one, twin)
    assert not torch.equal(one, other)


class Linear(nn.Module):
    def __init__(self, _config: NetworkConfig, planes: int, policy_planes: int) -> None:
        super().__init__()
        self.policy = nn.Linear(planes * 64, policy_planes * 64)
        self.wdl = nn.Linear(planes * 64, 3)

    def forward(self, planes: Tensor) -> tuple[Tensor, Tensor]:
        flat = planes.flatten(1)
        return self.policy(flat), self.wdl(flat)


def _refuse_blocks(config: NetworkConfig) -> None:
    if config.blocks != 1:
        raise ValueError(f"expected 1 block, got {config.blocks}")


@pytest.mark.usefixtures("_own_registry")
def test_a_kind_of_ones_own_is_built_and_checked() -> None:
    register("linear", check=_refuse_blocks)(Linear)
    network = build_network(NetworkConfig(kind="linear", blocks=1), planes=2, actions=64)
    assert count_parameters(network) == 128 * 64 + 64 + 128 * 3 + 3
    with pytest.raises(ValidationError, match="expected 1 block, got 2"):
        NetworkConfig(kind="linear", blocks=2)


@pytest.mark.usefixtures("_own_registry")
def test_a_kind_of_another_package_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    class EntryPoint:
        name = "linear"

        def load(self) -> None:
            register("linear")(Linear)

    asked = []

    def entry_points(*, group: str) -> list[EntryPoint]:
        asked.append(group)
        return [EntryPoint()]

    monkeypatch.setattr(registry, "entry_points", entry_points)
    assert isinstance(build_network(NetworkConfig(kind="linear")), Linear)
    assert asked == ["aztoolkit.networks"]


REFUSED: list[tuple[dict[str, object], str]] = [
    ({"kind": "resnet", "se_ratio": 4}, "expected se_ratio 0 for kind 'resnet', got 4"),
    ({"kind": "resnet", "heads": 4}, "expected heads 0 for kind 'resnet', got 4"),
    ({"kind": "se_resnet"}, "expected se_ratio from 1 to filters (64)"),
    ({"kind": "se_resnet", "filters": 8, "se_ratio": 16}, "se_ratio from 1 to filters (8)"),
    ({"kind": "transformer"}, "expected heads to divide filters (64)"),
    ({"kind": "transformer", "filters": 8, "heads": 3}, "divide filters (8)"),
    ({"kind": "transformer", "heads": 4, "se_ratio": 4}, "expected se_ratio 0"),
    ({"kind": "perceptron"}, "among resnet, se_resnet, transformer, got 'perceptron'"),
    ({"filters": 0}, "filters"),
    ({"width": 64}, "width"),
]


@pytest.mark.parametrize(("fields", "complaint"), REFUSED)
def test_senseless_sizes_are_refused(fields: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(complaint)):
        NetworkConfig.model_validate(fields)
