import pytest
import torch
from torch import nn

from train.mean import MeanNetwork


def test_the_mean_follows_the_weights() -> None:
    network = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(network.weight)
    mean = MeanNetwork(network, 0.9)
    nn.init.ones_(network.weight)
    mean.update(1)
    assert mean.network.weight.item() == pytest.approx(1 - 2 / 11)  # young: 2/11 is kept
    mean.update(1000)
    assert mean.network.weight.item() == pytest.approx(1 - 2 / 11 * 0.9)


def test_it_is_a_network_of_its_own(network: nn.Module) -> None:
    mean = MeanNetwork(network, 0.5)
    before = [weight.clone() for weight in network.parameters()]
    for weight in mean.network.parameters():
        assert not weight.requires_grad
        weight.zero_()
    assert not mean.network.training
    for expected, got in zip(before, network.parameters(), strict=True):
        assert torch.equal(expected, got)


def test_statistics_of_batch_norms_are_averaged_with_the_weights(network: nn.Module) -> None:
    mean = MeanNetwork(network, 0.75)
    before = {name: value.clone() for name, value in mean.network.named_buffers()}
    network.train()(torch.rand(8, 119, 8, 8))
    mean.update(1000)
    moved = dict(network.named_buffers())
    for name, value in mean.network.named_buffers():
        if value.is_floating_point():
            torch.testing.assert_close(value, 0.75 * before[name] + 0.25 * moved[name])
