from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.train.conftest import TINY, evaluator_of
from train.checkpoint import CheckpointInfo
from train.inference import TorchEvaluator
from train.inference_compile import compile_inference
from train.networks import build_network
from train.settings import InferenceSettings

PLANES = torch.zeros(2, 119, 8, 8)


@pytest.fixture
def frozen(network: nn.Module) -> nn.Module:
    return network.eval().requires_grad_(requires_grad=False)


def as_is(network: nn.Module, **_: Any) -> nn.Module:
    return network


def test_off_leaves_the_network_alone(frozen: nn.Module) -> None:
    compiled = compile_inference(frozen, "off", PLANES, compiler=None)  # type: ignore[arg-type]
    assert (compiled.forward, compiled.outcome) == (frozen, "off")


def test_what_answers_alike_is_kept(frozen: nn.Module) -> None:
    asked: list[tuple[str, object]] = []

    def compiler(network: nn.Module, *, mode: str, dynamic: object) -> nn.Module:
        asked.append((mode, dynamic))
        return nn.Sequential(network)

    compiled = compile_inference(frozen, "max-autotune", PLANES, compiler=compiler)
    assert compiled.outcome == "max-autotune"
    assert compiled.forward is not frozen
    assert asked == [("max-autotune-no-cudagraphs", None)]


@pytest.mark.parametrize("factor", [1.01, float("nan")])
def test_what_answers_otherwise_is_not_used(frozen: nn.Module, factor: float) -> None:
    def compiler(network: nn.Module, **_: Any) -> Any:
        def forward(planes: Tensor) -> tuple[Tensor, Tensor]:
            policy, wdl = network(planes)
            return policy * factor, wdl

        return forward

    compiled = compile_inference(frozen, "default", PLANES, compiler=compiler)
    assert compiled.forward is frozen
    assert compiled.outcome.startswith("off: expected answers within 0.001, got ")


def test_a_compiler_that_fails_is_not_used(frozen: nn.Module) -> None:
    def compiler(network: nn.Module, **_: Any) -> Any:
        raise RuntimeError(f"no compiler for {type(network).__name__}\nand much more")

    compiled = compile_inference(frozen, "default", PLANES, compiler=compiler)
    assert compiled.forward is frozen
    assert compiled.outcome == "off: RuntimeError: no compiler for ResidualNetwork"


@pytest.mark.slow
def test_a_compiled_network_answers_for_every_checkpoint_and_batch_size() -> None:
    settings = InferenceSettings(inference_compile="default", inference_batch_size=16)
    for seed in range(3):
        torch.manual_seed(seed)
        network = build_network(TINY)
        info = CheckpointInfo(network=TINY, training_step=seed)
        evaluator = TorchEvaluator(network, info, settings=settings)
        assert evaluator.compiled.outcome == "default"
        for size in (2, 3, 7):
            planes = np.random.default_rng(size).random((size, 119, 8, 8), dtype=np.float32)
            expected = evaluator_of(network).evaluate(planes).policy
            np.testing.assert_allclose(evaluator.evaluate(planes).policy, expected, atol=1e-4)
