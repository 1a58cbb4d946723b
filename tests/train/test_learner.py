from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from aztoolkit.errors import EvaluationError
from train.compile import compile_network
from train.learner import Learner
from train.networks import NetworkConfig, build_network
from train.prefetch import TensorBatch
from train.replay import Game
from train.settings import TrainConfig
from train.window import Batch, ReplayWindow

SMALL = NetworkConfig(filters=8, blocks=1)
WIDE = NetworkConfig(filters=16, blocks=1)
"""Its convolutions are matrices for Muon."""


@pytest.fixture
def arrays(games: list[Game], config: TrainConfig) -> Batch:
    window = ReplayWindow(config.model_copy(update={"replay_capacity": 1000}))
    window.add(games)
    return window.sample(np.random.default_rng(1), 16)


@pytest.fixture
def batch(arrays: Batch) -> TensorBatch:
    return TensorBatch.of(arrays)


def small_network() -> nn.Module:
    torch.manual_seed(1)
    return build_network(SMALL)


def changed(config: TrainConfig, **settings: object) -> TrainConfig:
    return TrainConfig.model_validate(config.model_dump() | settings)


def step(learner: Learner, batch: TensorBatch) -> dict[str, float]:
    learner.step(batch)
    return learner.read()


def weights(network: nn.Module) -> list[torch.Tensor]:
    return [value.clone() for value in network.state_dict().values()]


def assert_same(one: nn.Module, other: nn.Module) -> None:
    for expected, got in zip(weights(one), weights(other), strict=True):
        assert torch.equal(expected, got)


PRECISIONS = ["fp32", "bf16", "fp16"]


@pytest.mark.parametrize(
    ("optimiser", "precision"),
    [
        *(("adamw", precision) for precision in PRECISIONS),
        ("muon", "fp32"),
        ("muon", "fp16"),
        ("sgd", "fp32"),
    ],
)
def test_overfits_a_small_batch(
    arrays: Batch, batch: TensorBatch, config: TrainConfig, optimiser: str, precision: str
) -> None:
    rate = 0.2 if optimiser == "sgd" else 0.01
    eager = changed(
        config,
        optimiser=optimiser,
        training_precision=precision,
        learning_rate=rate,
        weight_decay=0.0,
    )
    torch.manual_seed(1)
    learner = Learner(build_network(NetworkConfig(filters=16, blocks=1)), eager)
    first = step(learner, batch)
    for _ in range(60):
        last = step(learner, batch)
    entropy = -float((arrays.policy * np.log(np.maximum(arrays.policy, 1e-9))).sum(1).mean())
    assert last["wdl_loss"] < 0.1 * first["wdl_loss"]
    assert last["policy_loss"] - entropy < 0.3 * (first["policy_loss"] - entropy)
    assert learner.training_step == 61


def test_losses_are_cross_entropies_over_legal_moves(
    arrays: Batch, batch: TensorBatch, config: TrainConfig
) -> None:
    network = small_network()
    with torch.no_grad():
        policy, wdl = network.train()(batch.planes)
    expected_policy = np.mean(
        [
            -float((torch.from_numpy(target[legal]) * torch.log_softmax(logits[legal], 0)).sum())
            for logits, target, legal in zip(policy, arrays.policy, arrays.legal, strict=True)
        ]
    )
    expected_wdl = -float((batch.wdl * torch.log_softmax(wdl, 1)).sum(1).mean())
    losses = step(Learner(network, changed(config, value_weight=3.0)), batch)
    assert losses["policy_loss"] == pytest.approx(expected_policy, rel=1e-4)
    assert losses["wdl_loss"] == pytest.approx(expected_wdl, rel=1e-4)
    assert losses["loss"] == pytest.approx(expected_policy + 3 * expected_wdl, rel=1e-4)


def test_what_is_read_are_the_means_since_the_last_reading(
    batch: TensorBatch, config: TrainConfig
) -> None:
    one, both = (Learner(small_network(), config) for _ in range(2))
    singly = [step(one, batch) for _ in range(3)]
    assert both.read() == {}
    for _ in range(3):
        both.step(batch)
    means = both.read()
    assert both.read() == {}
    for name, value in means.items():
        assert value == pytest.approx(np.mean([losses[name] for losses in singly]), rel=1e-5)


def test_learning_rate_warms_up(network: nn.Module, config: TrainConfig) -> None:
    learner = Learner(network, changed(config, warmup_steps=4, learning_rate=1.0))
    rates = []
    for made in range(6):
        learner.training_step = made
        rates.append(learner.learning_rate)
    assert rates == [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]


def test_a_gradient_is_clipped_to_its_largest_norm(batch: TensorBatch, config: TrainConfig) -> None:
    settings = {"optimiser": "sgd", "momentum": 0.0, "weight_decay": 0.0, "warmup_steps": 0}
    tight = changed(config, **settings, learning_rate=1.0, gradient_clip=0.01)
    network = small_network()
    before = [parameter.detach().clone() for parameter in network.parameters()]
    losses = step(Learner(network, tight), batch)
    moved = [now.detach() - was for now, was in zip(network.parameters(), before, strict=True)]
    assert losses["gradient_norm"] > 0.1  # as it was before
    assert float(torch.cat([part.flatten() for part in moved]).norm()) == pytest.approx(
        0.01, rel=1e-3
    )


@pytest.mark.parametrize("precision", PRECISIONS)
def test_the_weights_stay_in_float32(
    batch: TensorBatch, config: TrainConfig, precision: str
) -> None:
    learner = Learner(small_network(), changed(config, training_precision=precision))
    seen = []
    convolution = learner.network.get_submodule("stem.0")
    convolution.register_forward_hook(lambda _m, _i, output: seen.append(output.dtype))
    learner.step(batch)
    halves = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
    assert seen == [halves[precision]]
    assert all(weight.dtype == torch.float32 for weight in learner.network.parameters())


def test_the_mean_of_the_weights_is_what_plays(batch: TensorBatch, config: TrainConfig) -> None:
    plain = Learner(small_network(), config)
    averaged = Learner(small_network(), changed(config, ema_decay=0.9))
    assert plain.trained is plain.network
    for _ in range(3):
        plain.step(batch)
        averaged.step(batch)
    assert_same(plain.network, averaged.network)  # the mean does not disturb learning
    assert not averaged.trained.training
    one, other = weights(averaged.network)[0], weights(averaged.trained)[0]
    assert not torch.equal(one, other)


RESUMED: list[dict[str, object]] = [
    {},
    {"optimiser": "muon"},
    {"optimiser": "muon", "training_precision": "fp16", "ema_decay": 0.9},
    {"optimiser": "sgd"},
    {"optimiser": "sgd", "momentum": 0.0},
    {"ema_decay": 0.9},
    {"training_precision": "fp16"},
    {"training_precision": "bf16", "ema_decay": 0.5, "optimiser": "sgd"},
]


@pytest.mark.parametrize("settings", RESUMED, ids=str)
def test_a_restored_learner_makes_the_same_next_step(
    batch: TensorBatch, config: TrainConfig, settings: dict[str, object]
) -> None:
    config = changed(config, **settings)
    size = WIDE if config.optimiser == "muon" else SMALL
    learner = Learner(build_network(size), config)
    for _ in range(3):
        step(learner, batch)
    twin = build_network(size)
    twin.load_state_dict(learner.trained.state_dict())
    resumed = Learner(twin, config, training_step=3)
    resumed.restore({name: value.clone() for name, value in learner.tensors().items()})
    assert step(learner, batch) == step(resumed, batch)
    assert_same(learner.network, resumed.network)
    assert_same(learner.trained, resumed.trained)
    for name, value in learner.tensors().items():
        assert torch.equal(value, resumed.tensors()[name]), name


FOREIGN = [{"ema_decay": 0.9}, {"training_precision": "fp16"}]


@pytest.mark.parametrize("settings", FOREIGN, ids=str)
def test_the_state_of_other_settings_is_refused(
    batch: TensorBatch, config: TrainConfig, settings: dict[str, object]
) -> None:
    other = Learner(small_network(), changed(config, **settings))
    other.step(batch)
    with pytest.raises(ValueError, match="expected the state of a learner with ema_decay 0 and"):
        Learner(small_network(), config).restore(other.tensors())


def test_the_state_of_another_network_is_refused(batch: TensorBatch, config: TrainConfig) -> None:
    larger = Learner(build_network(NetworkConfig(filters=8, blocks=2)), config)
    larger.step(batch)
    with pytest.raises(ValueError, match=r"this network's weights, got 'tower\.1"):
        Learner(small_network(), config).restore(larger.tensors())


def test_a_state_without_the_optimisers_moments_is_refused(
    batch: TensorBatch, config: TrainConfig
) -> None:
    learner = Learner(small_network(), config)
    learner.step(batch)
    tensors = {name: value for name, value in learner.tensors().items() if "stem" not in name}
    with pytest.raises(ValueError, match=r"optimiser's state of all \d+ weights, got \d+"):
        Learner(small_network(), config, training_step=1).restore(tensors)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_nan_is_found_when_the_losses_are_read(
    batch: TensorBatch, config: TrainConfig, precision: str
) -> None:
    learner = Learner(small_network(), changed(config, training_precision=precision))
    step(learner, batch)
    planes = batch.planes.clone()
    batch.planes[0, 0, 0, 0] = torch.nan
    learner.step(batch)
    batch.planes.copy_(planes)
    learner.step(batch)
    with pytest.raises(EvaluationError, match="finite losses up to training step 3, got loss nan"):
        learner.read()


def test_fp16_leaves_out_a_step_whose_gradients_overflow(
    batch: TensorBatch, config: TrainConfig
) -> None:
    learner = Learner(small_network(), changed(config, training_precision="fp16"))
    learner._scaler.load_state_dict(learner._scaler.state_dict() | {"scale": 2.0**40})
    before = [parameter.detach().clone() for parameter in learner.network.parameters()]
    losses = step(learner, batch)
    assert np.isfinite(losses["loss"])
    assert learner._scaler.get_scale() == 2.0**39
    for expected, got in zip(before, learner.network.parameters(), strict=True):
        assert torch.equal(expected, got)


def test_fp16_gives_up_where_no_scale_helps(batch: TensorBatch, config: TrainConfig) -> None:
    learner = Learner(small_network(), changed(config, training_precision="fp16"))
    learner._scaler.load_state_dict(learner._scaler.state_dict() | {"scale": 2.0**-11})
    learner.step(batch)
    with pytest.raises(EvaluationError, match=r"scale 0\.000488"):
        learner.read()


def test_what_compiles_wrongly_is_said(
    config: TrainConfig, monkeypatch: pytest.MonkeyPatch, batch: TensorBatch
) -> None:
    def compiler(*_: object, **__: object) -> None:
        raise RuntimeError("no compiler\nsee above")

    monkeypatch.setattr(
        "train.learner.compile_network", partial(compile_network, compiler=compiler)
    )
    learner = Learner(small_network(), changed(config, training_compile="default"))
    assert learner.compiled == "off: RuntimeError: no compiler see above"
    assert_same(learner.network, small_network())
    assert step(learner, batch) == step(Learner(small_network(), config), batch)
