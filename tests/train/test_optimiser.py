import pytest
import torch
from torch import nn
from torch.optim import SGD, AdamW

from train.networks import NetworkConfig, build_network
from train.optimiser import build_optimiser, parameter_groups
from train.settings import TrainConfig

NETWORKS = [
    NetworkConfig(filters=8, blocks=1),
    NetworkConfig(kind="se_resnet", filters=8, blocks=1, se_ratio=2),
    NetworkConfig(kind="transformer", filters=8, blocks=1, heads=2),
]


@pytest.mark.parametrize("kind", NETWORKS, ids=lambda config: config.kind)
def test_decay_spares_all_but_convolutions_and_matrices(kind: NetworkConfig) -> None:
    network = build_network(kind)
    decayed, spared = parameter_groups(network, 0.1)
    layers = [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    assert decayed["weight_decay"] == 0.1
    assert spared["weight_decay"] == 0
    assert {id(weight) for weight in decayed["params"]} == {id(layer.weight) for layer in layers}
    everything = {id(weight) for weight in network.parameters()}
    both = [id(weight) for group in (decayed, spared) for weight in group["params"]]
    assert set(both) == everything
    assert len(both) == len(everything)


def test_adamw_decays_decoupled_from_the_gradient(config: TrainConfig) -> None:
    layer = nn.Linear(1, 1)
    nn.init.ones_(layer.weight)
    settings = {"weight_decay": 0.5, "learning_rate": 0.1}
    optimiser = build_optimiser(layer, config.model_copy(update=settings))
    assert isinstance(optimiser, AdamW)
    layer.weight.grad = torch.zeros_like(layer.weight)
    optimiser.step()
    assert layer.weight.item() == pytest.approx(1 - 0.1 * 0.5)


def test_sgd_follows_nesterov(config: TrainConfig) -> None:
    layer = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(layer.weight)
    settings = {"optimiser": "sgd", "momentum": 0.5, "weight_decay": 0.0, "learning_rate": 1.0}
    optimiser = build_optimiser(layer, config.model_copy(update=settings))
    assert isinstance(optimiser, SGD)
    weight = velocity = 0.0
    for gradient in (1.0, 0.0, 2.0):
        layer.weight.grad = torch.full_like(layer.weight, gradient)
        optimiser.step()
        velocity = 0.5 * velocity + gradient
        weight -= gradient + 0.5 * velocity
        assert layer.weight.item() == pytest.approx(weight)


def test_sgd_without_momentum(config: TrainConfig) -> None:
    plain = config.model_copy(update={"optimiser": "sgd", "momentum": 0.0})
    assert build_optimiser(nn.Linear(1, 1), plain).param_groups[0]["nesterov"] is False
