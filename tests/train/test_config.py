import json
from pathlib import Path

import pytest

from aztoolkit.errors import ConfigError
from aztoolkit.hardware import Gpu, probe_cpu
from train.config import FILE, choose_profile, load_config, load_profile, profile_names, resolve
from train.settings import TrainConfig


def test_every_profile_loads_and_names_a_device() -> None:
    assert profile_names() == ["cpu", "high", "low", "mid"]
    devices = {name: load_profile(name).device for name in profile_names()}
    assert devices == {"cpu": "cpu", "high": "cuda", "mid": "cuda", "low": "cuda"}


@pytest.mark.parametrize(
    ("name", "figures"),
    [
        ("high", (192, 15, 24, 800, 512, 20.0, 8192, 1_000_000, 50_000)),
        ("mid", (192, 15, 12, 800, 256, 15.0, 4096, 500_000, 20_000)),
        ("low", (64, 5, 4, 800, 128, 10.0, 2048, 200_000, 10_000)),
    ],
)
def test_gpu_profiles_have_the_figures_of_the_plan(name: str, figures: tuple[float, ...]) -> None:
    profile = load_profile(name)
    assert figures == (
        profile.filters,
        profile.blocks,
        profile.actors,
        profile.simulations,
        profile.inference_batch_size,
        profile.inference_timeout_ms,
        profile.training_batch_size,
        profile.replay_capacity,
        profile.replay_minimum,
    )


def test_an_unknown_profile_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"among auto, cpu, high, low, mid .* got 'fast'"):
        load_profile("fast")


def test_toml_round_trip(tmp_path: Path) -> None:
    config = load_profile("high").model_copy(update={"mirror": False, "c_puct": 2.5})
    (tmp_path / "own.toml").write_text(config.to_toml())
    assert load_profile(str(tmp_path / "own.toml")) == config
    assert load_config(tmp_path / "own.toml").sha256 == config.sha256 != TrainConfig().sha256


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("fitlers = 3", "got 'fitlers'"),
        ("filters = 0", "expected filters .* got 0"),
        ('filters = "many"', "expected filters .* got 'many'"),
        ("filters = ", "expected a TOML file"),
    ],
)
def test_a_wrong_file_is_one_clear_line(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "own.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=complaint) as caught:
        load_config(path)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load_profile(str(tmp_path / "none.toml"))


def test_options_override_the_profile(run: Path) -> None:
    config = resolve(run, "low", {"filters": 32})
    assert (config.filters, config.blocks, config.device) == (32, 5, "cuda")
    with pytest.raises(ConfigError, match="expected filters"):
        resolve(run, "low", {"filters": -1})


def test_the_default_profile_is_cpu(run: Path) -> None:
    assert resolve(run, None, {}) == load_profile("cpu")


def test_a_run_keeps_its_settings(run: Path) -> None:
    stored = resolve(run, "cpu", {"simulations": 9})
    run.mkdir()
    (run / FILE).write_text(stored.to_toml())
    assert resolve(run, None, {}) == stored
    assert resolve(run, None, {"simulations": 9}) == stored
    assert resolve(run, "cpu", {"simulations": 9}) == stored


@pytest.mark.parametrize(
    ("profile", "options"),
    [(None, {"simulations": 10}), ("cpu", {}), ("low", {"simulations": 9})],
)
def test_settings_that_disagree_with_a_run_are_refused(
    run: Path, profile: str | None, options: dict[str, object]
) -> None:
    stored = resolve(run, "cpu", {"simulations": 9})
    run.mkdir()
    (run / FILE).write_text(stored.to_toml())
    with pytest.raises(ConfigError, match="choose another --run") as caught:
        resolve(run, profile, options)
    assert "= 9" in str(caught.value) or "filters = " + json.dumps(stored.filters) in str(
        caught.value
    )


def test_simulations_follow_the_phase_of_the_game() -> None:
    config = TrainConfig(
        simulations=100, middle_ply=10, middle_simulations=50, late_ply=40, late_simulations=20
    )
    assert [config.simulations_at(ply) for ply in (0, 9, 10, 39, 40, 99)] == [
        100,
        100,
        50,
        50,
        20,
        20,
    ]
    assert TrainConfig(simulations=100).simulations_at(200) == 100


def test_phases_stand_in_order(run: Path) -> None:
    with pytest.raises(ConfigError, match="middle_ply"):
        resolve(run, "cpu", {"middle_ply": 90, "late_ply": 80})


@pytest.mark.parametrize(
    ("memory_mib", "name"),
    [(81_559, "high"), (40_960, "high"), (15_360, "mid"), (8_188, "low"), (4_096, "cpu")],
)
def test_auto_goes_by_graphics_memory(memory_mib: int, name: str) -> None:
    assert choose_profile([Gpu("card", "570.1", memory_mib, "8.0")]) == name


def test_auto_without_a_card_is_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("train.config.probe_gpus", list)
    assert load_profile("auto") == load_profile("cpu")


def test_int8_plays_on_the_processor_alone(run: Path) -> None:
    with pytest.raises(ConfigError, match="selfplay_precision fp32 with device cuda"):
        resolve(run, "low", {"selfplay_precision": "int8"})


@pytest.mark.parametrize("name", ["high", "mid", "low"])
def test_games_in_play_fill_the_batches_in_flight(name: str) -> None:
    profile = load_profile(name)
    leaves = profile.actors * profile.games_per_actor * profile.leaves_per_game
    assert leaves >= 3 * profile.inference_batch_size


def test_a_resumed_run_may_be_watched_otherwise(run: Path) -> None:
    run.mkdir()
    stored = load_profile("cpu").model_copy(update={"match_every": 2})
    (run / FILE).write_text(stored.to_toml())
    assert resolve(run, None, {"match_every": 5}) == stored.model_copy(update={"match_every": 5})
    assert resolve(run, "cpu", {}) == stored
    with pytest.raises(ConfigError, match="simulations"):
        resolve(run, None, {"match_every": 5, "simulations": 99})


def test_the_cpu_profile_has_an_actor_a_core_and_writes_down_how_many(run: Path) -> None:
    cores = probe_cpu().cores
    assert load_profile("cpu").actors == cores
    assert resolve(run, "cpu", {"actors": 0}).actors == cores
    assert f"actors = {cores}\n" in load_profile("cpu").to_toml()


def test_self_play_asks_the_network_for_its_own_mind():
    assert load_profile("cpu").search.policy_temperature == 1.0
