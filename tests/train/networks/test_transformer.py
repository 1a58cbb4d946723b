import torch

from train.networks import NetworkConfig, build_network
from train.networks.transformer import Transformer

CONFIG = NetworkConfig(kind="transformer", filters=8, blocks=1, heads=2)


def _network() -> Transformer:
    torch.manual_seed(1)
    network = build_network(CONFIG).eval()
    assert isinstance(network, Transformer)
    return network


def test_policy_index_is_plane_times_64_plus_square() -> None:
    network, planes = _network(), torch.rand(1, 119, 8, 8)
    seen = []
    network.policy.register_forward_hook(lambda _module, _inputs, output: seen.append(output))
    policy, _ = network(planes)
    torch.testing.assert_close(policy[0, 11 * 64 + 2 * 8 + 5], seen[0][0, 2 * 8 + 5, 11])


def test_a_square_is_told_apart_by_its_position() -> None:
    network = _network()
    same_everywhere = torch.ones(1, 119, 8, 8)
    features = network.policy(network.embedding.weight.new_zeros(1, 64, 8))
    assert torch.allclose(features[:, 0], features[:, 63])  # the head itself knows no squares
    policy, _ = network(same_everywhere)
    by_square = policy.view(73, 64)
    assert not torch.allclose(by_square[:, 0], by_square[:, 63])


def test_attention_bias_hangs_on_the_way_between_two_squares() -> None:
    attention = _network().layers[0].attention
    a1, b3, c2, d4, h8, g6 = 0, 17, 10, 27, 63, 46
    offsets = attention.offsets
    assert offsets[a1, b3] == offsets[c2, d4] == offsets[g6, h8]  # a knight's jump up and right
    assert offsets[a1, b3] != offsets[b3, a1]
    assert sorted(set(offsets.flatten().tolist())) == list(range(15 * 15))


def test_a_learnt_bias_turns_attention_to_a_square() -> None:
    network = _network()
    attention = network.layers[0].attention
    features = torch.rand(1, 64, 8)
    with torch.no_grad():
        attention.relative[:, attention.offsets[0, 17]] = 50.0  # a1 looks at b3 alone
        changed = features.clone()
        changed[0, 17] += 1.0
        moved = attention(changed) - attention(features)
        elsewhere = features.clone()
        elsewhere[0, 40] += 1.0
        unmoved = attention(elsewhere) - attention(features)
    assert moved[0, 0].abs().max() > 0.01
    assert unmoved[0, 0].abs().max() < 1e-5


def test_weights_tell_nothing_that_follows_from_the_board() -> None:
    assert not any("offsets" in name for name in _network().state_dict())
