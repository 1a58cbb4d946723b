import torch
from torch import nn

from train.networks import fold_batch_norm


def test_folding_batch_norm_keeps_the_answers(network: nn.Module) -> None:
    network.train()
    for _ in range(3):
        network(torch.rand(16, 119, 8, 8))  # moves the running statistics
    network.eval()
    planes = torch.rand(4, 119, 8, 8)
    folded = fold_batch_norm(network)
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in folded.modules())
    for expected, got in zip(network(planes), folded(planes), strict=True):
        torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-5)
