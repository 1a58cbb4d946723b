import pytest
import torch
from torch import nn
from torch.optim import AdamW

from train.muon import Muon, is_matrix, orthogonalise
from train.optimiser import build_optimiser, parameter_groups
from train.settings import TrainConfig

SHAPES = [(20, 50), (50, 20), (32, 32)]


def singular_values(matrices: torch.Tensor) -> torch.Tensor:
    return torch.linalg.svdvals(matrices)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_all_singular_values_become_about_one(shape: tuple[int, int]) -> None:
    torch.manual_seed(1)
    matrices = torch.randn(3, *shape)
    found = orthogonalise(matrices)
    assert found.shape == matrices.shape
    values = singular_values(found)
    assert 0.5 < values.min() <= values.max() < 1.3
    left, _, right = torch.linalg.svd(matrices, full_matrices=False)
    across = left.mT @ found @ right.mT  # diagonal where the singular vectors are the same
    assert torch.allclose(
        across, torch.diag_embed(torch.diagonal(across, dim1=1, dim2=2)), atol=1e-4
    )


def test_a_gradient_of_nothing_moves_nothing() -> None:
    assert torch.equal(orthogonalise(torch.zeros(1, 20, 20)), torch.zeros(1, 20, 20))


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((64, 64, 3, 3), True),
        ((73, 64, 1, 1), True),
        ((16, 16), True),
        ((3, 128), False),
        ((64,), False),
    ],
    ids=str,
)
def test_matrices_are_told_from_what_is_too_thin(shape: tuple[int, ...], expected: bool) -> None:
    assert is_matrix(torch.zeros(shape)) is expected


def test_a_convolution_steps_as_far_as_adamw_would_in_every_direction() -> None:
    torch.manual_seed(1)
    layer = nn.Conv2d(32, 48, 3, bias=False).to(memory_format=torch.channels_last)
    before = layer.weight.detach().clone()
    optimiser = Muon(parameter_groups(layer, 0.0), lr=0.01)
    layer.weight.grad = torch.randn_like(layer.weight)
    gradient = layer.weight.grad.clone()
    optimiser.step()
    moved = (layer.weight - before).detach()
    assert (moved * gradient).sum() < 0
    values = singular_values(moved.flatten(1)) / (0.01 * 0.2 * (32 * 9) ** 0.5)
    assert 0.5 < values.min() <= values.max() < 1.3
    size = moved.square().mean().sqrt() / 0.01
    assert 0.15 < size < 0.3  # AdamW's is 0.2 to 0.4
    assert torch.equal(layer.weight.grad, gradient)


def test_matrices_decay_apart_from_the_gradient() -> None:
    layer = nn.Linear(16, 16, bias=False)
    nn.init.ones_(layer.weight)
    optimiser = Muon(parameter_groups(layer, 0.5), lr=0.1)
    layer.weight.grad = torch.zeros_like(layer.weight)
    optimiser.step()
    assert torch.allclose(layer.weight, torch.full((16, 16), 1 - 0.1 * 0.5))


def test_vectors_and_thin_matrices_step_as_with_adamw(config: TrainConfig) -> None:
    torch.manual_seed(1)
    ours, theirs = nn.Linear(40, 3), nn.Linear(40, 3)
    theirs.load_state_dict(ours.state_dict())
    muon = build_optimiser(ours, config.model_copy(update={"optimiser": "muon"}))
    assert isinstance(muon, Muon)
    adamw = AdamW(
        parameter_groups(theirs, config.weight_decay), lr=config.learning_rate, fused=True
    )
    for _ in range(3):
        inputs = torch.randn(8, 40)
        for layer, optimiser in ((ours, muon), (theirs, adamw)):
            layer(inputs).square().sum().backward()
            optimiser.step()
            optimiser.zero_grad()
    assert torch.equal(ours.weight, theirs.weight)
    assert torch.equal(ours.bias, theirs.bias)
