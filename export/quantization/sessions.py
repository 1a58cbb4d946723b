"""Models on their way to a file, run by ONNX Runtime as the runtime that ships would run them."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from aztoolkit.backends.ort import PROVIDER, OrtEvaluator, set_options
from aztoolkit.evaluator import Evaluation
from aztoolkit.model import INPUT, OUTPUTS
from export.progress import BATCH


def open_session(model: onnx.ModelProto) -> Any:  # Any: onnxruntime ships no types
    """Returns a session of one thread on the processor."""
    import onnxruntime

    options = set_options(onnxruntime.SessionOptions(), 1)
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=[PROVIDER])


def values_of(
    model: onnx.ModelProto, tensors: Sequence[str], planes: NDArray[np.float32]
) -> Iterator[tuple[int, dict[str, NDArray[np.float32]]]]:
    """Yields batch for batch how many positions it has, and the values of some tensors by name."""
    names = [name for name in dict.fromkeys(tensors) if name != INPUT]
    probe = onnx.ModelProto()
    probe.CopyFrom(model)
    del probe.graph.output[:]
    probe.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in names)
    session = open_session(probe) if names else None
    for start in range(0, len(planes), BATCH):
        batch = planes[start : start + BATCH]
        answers = session.run(names, {INPUT: batch}) if session else []
        values = dict(zip(names, answers, strict=True))
        if INPUT in tensors:
            values[INPUT] = batch
        yield len(batch), values


def answers_of(model: onnx.ModelProto, planes: NDArray[np.float32]) -> Evaluation:
    """Returns the answers of a model to `[N, C, 8, 8]` planes.

    Raises:
        EvaluationError: one is NaN or infinity.
    """
    parts = [values for _, values in values_of(model, OUTPUTS, planes)]
    policy, wdl = (np.concatenate([part[name] for part in parts]) for name in OUTPUTS)
    return Evaluation(policy, wdl).check_finite()


def try_model(model: Path, planes: NDArray[np.float32]) -> None:
    """Raises EvaluationError if a model file does not answer `[N, C, 8, 8]` planes with finite logits."""
    evaluator = OrtEvaluator(model, threads=1)
    evaluator.evaluate(planes)
    evaluator.close()
