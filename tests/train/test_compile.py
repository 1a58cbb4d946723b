import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from train.compile import compile_network
from train.networks import NetworkConfig, build_network

PLANES = torch.rand(4, 119, 8, 8)
Forward = Callable[[Tensor], tuple[Tensor, Tensor]]


@pytest.fixture
def learning() -> nn.Module:
    torch.manual_seed(1)
    return build_network(NetworkConfig(filters=8, blocks=1)).train()


def exact(network: nn.Module, **_: object) -> Forward:
    return lambda planes: network(planes)


def wrong_policy(network: nn.Module, **_: object) -> Forward:
    def forward(planes: Tensor) -> tuple[Tensor, Tensor]:
        policy, wdl = network(planes)
        return policy * 1.01, wdl

    return forward


def nan_wdl(network: nn.Module, **_: object) -> Forward:
    def forward(planes: Tensor) -> tuple[Tensor, Tensor]:
        policy, wdl = network(planes)
        return policy, wdl * torch.nan

    return forward


def wrong_gradient(network: nn.Module, **_: object) -> Forward:
    def forward(planes: Tensor) -> tuple[Tensor, Tensor]:
        policy, wdl = network(planes)
        return policy + 20 * (policy - policy.detach()), wdl

    return forward


def test_what_answers_alike_is_kept(learning: nn.Module) -> None:
    asked: dict[str, object] = {}

    def compiler(network: nn.Module, **options: object) -> Forward:
        asked.update(options)
        return exact(network)

    compiled = compile_network(learning, "max-autotune", PLANES, compiler=compiler)
    assert compiled.outcome == asked["mode"] == "max-autotune"
    assert compiled.forward is not learning


DIFFERING: list[tuple[Callable[..., Forward], str]] = [
    (
        wrong_policy,
        "expected policy logits within 0.001, got 0.01 from torch.compile in mode default",
    ),
    (nan_wdl, "expected wdl logits within 0.001, got nan"),
    (wrong_gradient, "expected gradients within 0.02, got"),
]


@pytest.mark.parametrize(("compiler", "reason"), DIFFERING)
def test_what_answers_otherwise_is_not_used(
    learning: nn.Module, compiler: Callable[..., Forward], reason: str
) -> None:
    compiled = compile_network(learning, "default", PLANES, compiler=compiler)
    assert compiled.forward is learning
    assert compiled.outcome.startswith(f"off: {reason}")


def test_less_is_asked_of_half_precision(learning: nn.Module) -> None:
    compiled = compile_network(
        learning, "default", PLANES, precision=torch.bfloat16, compiler=wrong_policy
    )
    assert compiled.outcome == "default"


def test_trying_leaves_no_trace(learning: nn.Module) -> None:
    before = {name: value.clone() for name, value in learning.state_dict().items()}
    compile_network(learning, "default", PLANES, compiler=exact)
    for name, value in learning.state_dict().items():
        assert torch.equal(value, before[name])
    assert all(weight.grad is None for weight in learning.parameters())
    assert learning.training


def test_a_compiler_that_fails_is_done_without(
    learning: nn.Module, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import torch._inductor.config as inductor

    broken = tmp_path / "c++"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path / "cache"))
    with inductor.patch({"cpp.cxx": (None, str(broken))}):
        compiled = _compile_afresh(learning)
    assert compiled.forward is learning
    assert compiled.outcome.startswith("off: InductorError: ")
    assert "\n" not in compiled.outcome


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("g++"), reason="needs a C++ compiler")
def test_torch_compiles_what_we_learn_with(learning: nn.Module) -> None:
    compiled = _compile_afresh(learning)
    assert compiled.outcome == "default"
    assert compiled.forward is not learning


def _compile_afresh(network: nn.Module) -> Any:
    torch.compiler.reset()
    return compile_network(network, "default", PLANES)
