"""What every test may use: real data where it is at hand, real programs where they are installed."""

import os
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from aztoolkit.evaluator import Evaluation
from aztoolkit.model import ModelSpec
from aztoolkit.threads import let_waiting_threads_sleep

let_waiting_threads_sleep()
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell's background job ignores Ctrl-C, and so would the programs that tests start and interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)

REPOSITORY = Path(__file__).parent.parent
SHARED_DATA = REPOSITORY.parent / "shared" / "data"
STRICT = os.environ.get("AZTOOLKIT_REQUIRE_ALL") == "1"
"""A test whose browser or opponent is missing fails instead of being skipped."""


def missing(what: str) -> None:
    """Skips the running test for want of `what`, or fails it where all are required."""
    if STRICT:
        pytest.fail(f"{what} is required here (AZTOOLKIT_REQUIRE_ALL=1) and was not found")
    pytest.skip(f"{what} not found")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real networks, games and test suites beside the checkout."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"no real data at {SHARED_DATA}")
    return SHARED_DATA


@pytest.fixture(scope="session")
def stockfish() -> Path:
    """A Stockfish to play against."""
    found = shutil.which("stockfish", path=f"{os.environ['PATH']}:/usr/games")
    if found is None:
        missing("Stockfish")
    return Path(str(found))


@pytest.fixture(scope="session")
def az_spec() -> ModelSpec:
    """The spec of a network over `az119` and `az4672` that has no weights."""
    return ModelSpec(
        encoding="az119",
        action_space="az4672",
        network={"kind": "test"},
        precision="fp32",
        checkpoint_sha256="0" * 64,
        training_step=0,
        tools={},
    )


class HashEvaluator:
    """Answers with logits that depend on every plane, are different everywhere, and never change."""

    def __init__(self, spec: ModelSpec, *, seed: int = 0, actions: int = 4672) -> None:
        self._spec = spec
        rng = np.random.default_rng(seed)
        self._weights = rng.normal(size=119 * 64)
        self._phases = rng.normal(size=actions)
        self._wdl_phases = rng.normal(size=3)

    @property
    def spec(self) -> ModelSpec:
        return self._spec

    def evaluate(self, planes: NDArray[np.float32]) -> Evaluation:
        keys = planes.reshape(len(planes), -1).astype(np.float64) @ self._weights
        policy = np.sin(np.multiply.outer(keys, self._phases)) * 2
        wdl = np.sin(np.multiply.outer(keys, self._wdl_phases))
        return Evaluation(policy.astype(np.float32), wdl.astype(np.float32))

    def close(self) -> None:
        """Does nothing: there is nothing to free."""


@pytest.fixture
def hash_evaluator(az_spec: ModelSpec) -> HashEvaluator:
    """A deterministic network with opinions."""
    return HashEvaluator(az_spec)
