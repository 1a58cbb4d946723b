import numpy as np
import pytest
import torch
from torch import nn

from aztoolkit.errors import EvaluationError
from train.learner import Learner
from train.networks import NetworkConfig, build_network
from train.replay import Game
from train.settings import TrainConfig
from train.window import Batch, ReplayWindow


@pytest.fixture
def batch(games: list[Game]) -> Batch:
    window = ReplayWindow(TrainConfig())
    window.add(games)
    return window.sample(np.random.default_rng(1), 16)


def test_overfits_a_small_batch(batch: Batch, config: TrainConfig) -> None:
    torch.manual_seed(1)
    eager = config.model_copy(update={"learning_rate": 0.01, "weight_decay": 0.0})
    learner = Learner(build_network(NetworkConfig(filters=16, blocks=1)), eager)
    first = learner.step(batch)
    for _ in range(100):
        last = learner.step(batch)
    entropy = -float((batch.policy * np.log(np.maximum(batch.policy, 1e-9))).sum(1).mean())
    assert last["wdl_loss"] < 0.1 * first["wdl_loss"]
    assert last["policy_loss"] - entropy < 0.3 * (first["policy_loss"] - entropy)
    assert learner.training_step == 101


def test_losses_are_cross_entropies_over_legal_moves(batch: Batch, config: TrainConfig) -> None:
    torch.manual_seed(1)
    network = build_network(NetworkConfig(filters=8, blocks=1))
    with torch.no_grad():
        policy, wdl = network.train()(torch.from_numpy(batch.planes))
    expected_policy = np.mean(
        [
            -float((torch.from_numpy(target[legal]) * torch.log_softmax(logits[legal], 0)).sum())
            for logits, target, legal in zip(policy, batch.policy, batch.legal, strict=True)
        ]
    )
    expected_wdl = -float((torch.from_numpy(batch.wdl) * torch.log_softmax(wdl, 1)).sum(1).mean())
    heavy = config.model_copy(update={"value_weight": 3.0})
    losses = Learner(network, heavy).step(batch)
    assert losses["policy_loss"] == pytest.approx(expected_policy, rel=1e-4)
    assert losses["wdl_loss"] == pytest.approx(expected_wdl, rel=1e-4)
    assert losses["loss"] == pytest.approx(expected_policy + 3 * expected_wdl, rel=1e-4)


def test_learning_rate_warms_up(network: nn.Module, config: TrainConfig) -> None:
    learner = Learner(network, config.model_copy(update={"warmup_steps": 4, "learning_rate": 1.0}))
    rates = []
    for step in range(6):
        learner.training_step = step
        rates.append(learner.learning_rate)
    assert rates == [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]


def test_weight_decay_spares_biases_and_norms(network: nn.Module, config: TrainConfig) -> None:
    learner = Learner(network, config)
    decayed, spared = learner._optimiser.param_groups
    assert decayed["weight_decay"] == config.weight_decay
    assert spared["weight_decay"] == 0
    assert all(parameter.ndim > 1 for parameter in decayed["params"])
    assert all(parameter.ndim == 1 for parameter in spared["params"])


def test_a_restored_optimiser_makes_the_same_next_step(batch: Batch, config: TrainConfig) -> None:
    torch.manual_seed(1)
    learner = Learner(build_network(NetworkConfig(filters=8, blocks=1)), config)
    for _ in range(3):
        learner.step(batch)
    twin = build_network(NetworkConfig(filters=8, blocks=1))
    twin.load_state_dict(learner.network.state_dict())
    resumed = Learner(twin, config, training_step=3)
    resumed.restore_optimiser({k: v.clone() for k, v in learner.optimiser_tensors().items()})
    assert learner.step(batch) == resumed.step(batch)
    for expected, got in zip(learner.network.parameters(), twin.parameters(), strict=True):
        assert torch.equal(expected, got)


def test_a_nan_loss_stops_before_the_weights_are_touched(
    batch: Batch, network: nn.Module, config: TrainConfig
) -> None:
    learner = Learner(network, config)
    before = [parameter.clone() for parameter in network.parameters()]
    batch.planes[0, 0, 0, 0] = np.nan
    with pytest.raises(EvaluationError, match="finite loss at training step 0"):
        learner.step(batch)
    for expected, got in zip(before, network.parameters(), strict=True):
        assert torch.equal(expected, got)
    assert learner.training_step == 0
