"""The options of `aztoolkit train --benchmark`."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class BenchmarkSettings(BaseModel):
    """Instead of training: how long to measure what training does on this machine."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    benchmark: bool = False
    """Measure instead of training: positions, evaluations and learner steps a second."""
    seconds: float = Field(default=60.0, gt=0)
    """Benchmark: of self-play, as long again of the bare network, and of the baseline."""
    steps: int = Field(default=50, ge=0)
    """Benchmark: learner steps; 0 leaves the learner out."""
    baseline: bool = False
    """Benchmark: also measure the starting point (Python search, FP32, batches of 32) and the speed-up."""
    benchmark_output: Path | None = None
    """Benchmark: the JSON file to write; benchmark-PROFILE.json if not given."""
