import pytest

from aztoolkit.errors import ConfigError
from train.networks import NetworkConfig, build_network, count_parameters
from train.presets import preset, preset_names
from train.settings import TrainConfig


@pytest.mark.parametrize("name", preset_names())
def test_presets_are_what_their_names_say(name: str) -> None:
    config = NetworkConfig.model_validate(preset(name))
    assert name == f"{config.kind}_{config.blocks}x{config.filters}"
    assert TrainConfig.model_validate(preset(name)).kind == config.kind


@pytest.mark.parametrize(
    ("name", "millions"),
    [
        ("resnet_5x64", 0.75),
        ("resnet_15x192", 10.8),
        ("se_resnet_9x256", 11.9),
        ("transformer_8x256", 6.7),
    ],
)
def test_sizes_are_as_announced(name: str, millions: float) -> None:
    network = build_network(NetworkConfig.model_validate(preset(name)))
    assert count_parameters(network) / 1e6 == pytest.approx(millions, rel=0.02)


def test_an_unknown_preset_names_the_known() -> None:
    with pytest.raises(ConfigError, match=r"se_resnet_9x256.*got '9x256'"):
        preset("9x256")
