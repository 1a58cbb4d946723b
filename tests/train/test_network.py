import pytest
import torch
from pydantic import ValidationError

from train.network import NetworkConfig, build_network, count_parameters, fold_batch_norm


@pytest.mark.parametrize(
    ("config", "millions"),
    [
        (NetworkConfig(filters=192, blocks=15), (10.5, 11.5)),
        (NetworkConfig(kind="se_resnet", filters=192, blocks=15, se_ratio=8), (10.5, 11.5)),
        (NetworkConfig(filters=64, blocks=5), (0.5, 1.0)),
    ],
)
def test_sizes_are_as_announced(config: NetworkConfig, millions: tuple[float, float]) -> None:
    low, high = millions
    assert low < count_parameters(build_network(config)) / 1e6 < high


@pytest.mark.parametrize(
    "config",
    [
        NetworkConfig(filters=8, blocks=2),
        NetworkConfig(kind="se_resnet", filters=8, blocks=2, se_ratio=4),
    ],
)
def test_answers_policy_and_wdl_logits(config: NetworkConfig) -> None:
    policy, wdl = build_network(config)(torch.rand(3, 119, 8, 8))
    assert policy.shape == (3, 4672)
    assert wdl.shape == (3, 3)


def test_takes_other_encodings_and_action_spaces() -> None:
    network = build_network(NetworkConfig(filters=8, blocks=1), planes=5, actions=128)
    policy, _ = network(torch.rand(2, 5, 8, 8))
    assert policy.shape == (2, 128)


def test_policy_index_is_plane_times_64_plus_square(network: torch.nn.Module) -> None:
    network.eval()
    heads = network.policy
    assert isinstance(heads, torch.nn.Sequential)
    features = torch.rand(1, 8, 8, 8)
    planes = heads[:-1](features)  # [1, 73, 8, 8]: plane, rank, file
    assert torch.equal(heads(features)[0, 11 * 64 + 2 * 8 + 5], planes[0, 11, 2, 5])


def test_squeeze_excitation_sees_the_whole_board() -> None:
    config = NetworkConfig(kind="se_resnet", filters=8, blocks=1, se_ratio=2)
    network = build_network(config).eval()
    planes = torch.zeros(1, 119, 8, 8)
    changed = planes.clone()
    changed[0, :, 0, 0] = 5.0
    far = slice(73 * 64 - 1, None)  # the last square of the last plane, 7 steps away
    plain = build_network(NetworkConfig(filters=8, blocks=1)).eval()
    assert torch.equal(plain(planes)[0][:, far], plain(changed)[0][:, far])
    assert not torch.equal(network(planes)[0][:, far], network(changed)[0][:, far])


def test_folding_batch_norm_keeps_the_answers(network: torch.nn.Module) -> None:
    network.train()
    for _ in range(3):
        network(torch.rand(16, 119, 8, 8))  # moves the running statistics
    network.eval()
    planes = torch.rand(4, 119, 8, 8)
    folded = fold_batch_norm(network)
    assert not any(isinstance(layer, torch.nn.BatchNorm2d) for layer in folded.modules())
    for expected, got in zip(network(planes), folded(planes), strict=True):
        torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "resnet", "se_ratio": 4},
        {"kind": "se_resnet"},
        {"kind": "se_resnet", "filters": 8, "se_ratio": 16},
        {"kind": "transformer"},
        {"filters": 0},
        {"width": 64},
    ],
)
def test_senseless_sizes_are_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        NetworkConfig.model_validate(fields)
