import torch
from torch import nn

from train.networks import NetworkConfig, build_network


def test_policy_index_is_plane_times_64_plus_square(network: nn.Module) -> None:
    network.eval()
    heads = network.policy
    assert isinstance(heads, nn.Sequential)
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
