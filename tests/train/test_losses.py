import torch
from torch.nn.functional import cross_entropy, softmax

from train.losses import MeanLosses, legal_logits


def test_illegal_moves_weigh_nothing_and_cost_nothing() -> None:
    policy = torch.tensor([[1.0, 2.0, 50.0, 3.0]], dtype=torch.bfloat16)
    legal = torch.tensor([[True, True, False, True]])
    logits = legal_logits(policy, legal)
    assert logits.dtype == torch.float32
    torch.testing.assert_close(
        softmax(logits, dim=1)[legal], softmax(torch.tensor([1.0, 2.0, 3.0]), dim=0)
    )
    assert softmax(logits, dim=1)[0, 2] == 0
    assert torch.isfinite(cross_entropy(logits, torch.tensor([[0.5, 0.5, 0.0, 0.0]])))


def test_means_are_over_steps() -> None:
    losses = MeanLosses()
    assert losses.read() == {}
    losses.add({"loss": 4.0}, 1)
    losses.add({"loss": 2.0}, 3)
    losses.add({}, 0)
    assert losses.read() == {"loss": 2.5}
