"""Plans of TensorRT and TensorRT-RTX, run on the card that they were built for."""

import math
import threading
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aztoolkit.backends.cuda import check_card
from aztoolkit.backends.nvidia import (
    Card,
    Library,
    Message,
    check_cuda,
    check_library,
    load_library,
    make_logger,
)
from aztoolkit.backends.tensors import check_exists
from aztoolkit.encoding import get_action_space, get_encoding
from aztoolkit.errors import EvaluationError, MachineError, ModelError
from aztoolkit.evaluator import Evaluation
from aztoolkit.hardware import probe_gpus
from aztoolkit.model import INPUT, OUTPUTS, WDL_SIZE, ModelSpec
from aztoolkit.plan import PlanSpec, Target, plan_path, read_plan_spec, sm_name, why_stale

_ERROR = 1
"""Severity from which down a library's log says what went wrong."""


def check(model: Path | None = None) -> None:
    """Raises MissingDependencyError or MachineError for want of TensorRT, CUDA's runtime or a card.

    Given a model, also ModelError for want of a good plan beside it.
    """
    _check_machine("tensorrt")
    if model is not None:
        _good_plan(model, load_library("tensorrt"))


def open_model(model: Path, *, threads: int = 0) -> "PlanEvaluator":  # noqa: ARG001, of the processor
    """Opens the plan of a model; see `aztoolkit.backends.open_evaluator` for the errors."""
    check_exists(model)
    check()
    return open_plan(model, load_library("tensorrt"))


def open_plan(model: Path, library: Library) -> "PlanEvaluator":
    """Opens the plan that stands beside a model, if it is of this model, this card and this library.

    Raises:
        ModelError: there is none, or it is stale.
        MachineError: the card does not take it.
    """
    plan, spec = _good_plan(model, library)
    return PlanEvaluator(plan, spec, library, Card())


def plan_problem(model: Path, library: Library) -> str | None:
    """Returns why the plan beside a model must not be loaded on this machine's card, or None."""
    capability = probe_gpus()[0].compute_capability
    plan = plan_path(model, library.target, capability)
    return why_stale(
        plan,
        read_plan_spec(plan),
        model=model,
        library_version=library.version,
        compute_capability=capability,
    )


def has_plan(model: Path, target: Target) -> bool:
    """Returns whether a plan for this machine's card stands beside a model, good or stale."""
    gpus = probe_gpus()
    return bool(gpus) and plan_path(model, target, gpus[0].compute_capability).is_file()


def why_no_plan(model: Path, target: Target) -> str | None:
    """Returns why no plan of a model can be run here, and what mends that; None if one can."""
    try:
        _check_machine(target)
        _good_plan(model, load_library(target))
    except (MachineError, ModelError) as error:
        return str(error)
    return None


class PlanEvaluator:
    """A plan on a card; threads that ask at once wait for each other."""

    def __init__(self, plan: Path, spec: PlanSpec, library: Library, card: Card) -> None:
        """Loads a plan that `why_stale` found nothing wrong with."""
        self._spec = spec
        self._card = card
        self._lock = threading.Lock()
        self._errors: list[str] = []
        # All four are kept: the library frees what Python forgets, in the wrong order if need be.
        self._logger = make_logger(library, self._note)
        self._runtime: Any = library.module.Runtime(self._logger)
        self._engine: Any = self._runtime.deserialize_cuda_engine(plan.read_bytes())
        if self._engine is None:
            raise MachineError(f"expected the card to take {plan}, got {self._reason()}")
        self._context: Any = self._engine.create_execution_context()
        self._shapes = _shapes(spec.model_spec)
        self._addresses = {name: self._allocate(name) for name in self._shapes}

    @property
    def spec(self) -> ModelSpec:
        """What the model says of itself of which the plan was built."""
        return self._spec.model_spec

    @property
    def engine(self) -> Any:  # Any: a type of the library's own
        """The library's engine, for its inspector."""
        return self._engine

    def evaluate(self, planes: NDArray[np.float32]) -> Evaluation:
        """Evaluates `[B, C, 8, 8]` float32 planes, in parts if there are more than the plan takes."""
        if planes.dtype != np.float32 or planes.shape[1:] != self._shapes[INPUT]:
            raise EvaluationError(
                f"expected float32 planes [B, {', '.join(map(str, self._shapes[INPUT]))}], "
                f"got {planes.dtype} {planes.shape}"
            )
        largest = self._spec.batch.largest
        parts = [planes[start : start + largest] for start in range(0, len(planes), largest)]
        with self._lock:
            answers = [self._run(np.ascontiguousarray(part)) for part in parts]
        policy, wdl = (np.concatenate(arrays) for arrays in zip(*answers, strict=True))
        return Evaluation(policy=policy, wdl=wdl).check_finite()

    def close(self) -> None:
        """Frees the plan; the evaluator cannot be asked again."""
        self._context = self._engine = self._runtime = None
        self._card.close()

    def _run(self, planes: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        self._context.set_input_shape(INPUT, planes.shape)
        self._card.copy_in(self._addresses[INPUT], planes)
        if not self._context.execute_async_v3(self._card.stream):
            raise EvaluationError(f"expected an answer of the plan, got {self._reason()}")
        answers = []
        for name in OUTPUTS:
            values = np.empty((len(planes), *self._shapes[name]), dtype=np.float32)
            self._card.copy_out(values, self._addresses[name])
            answers.append(values)
        self._card.wait()
        return answers

    def _allocate(self, name: str) -> int:
        """Gives a tensor memory for the largest batch and returns its address."""
        values = self._spec.batch.largest * math.prod(self._shapes[name])
        address = self._card.allocate(values * np.dtype(np.float32).itemsize)
        self._context.set_tensor_address(name, address)
        return address

    def _note(self, message: Message) -> None:
        if message.severity <= _ERROR:
            self._errors.append(message.text)

    def _reason(self) -> str:
        return " ".join(self._errors[-1].split()) if self._errors else "no reason"


def _check_machine(target: Target) -> None:
    """Raises MissingDependencyError or MachineError for want of what runs plans of a library."""
    check_library(target)
    check_cuda()
    check_card()


def _good_plan(model: Path, library: Library) -> tuple[Path, PlanSpec]:
    """Returns the plan beside a model and its sidecar; raises ModelError if it must not be loaded."""
    check_exists(model)
    capability = probe_gpus()[0].compute_capability
    plan = plan_path(model, library.target, capability)
    spec, problem = read_plan_spec(plan), plan_problem(model, library)
    if spec is None or problem:
        command = f"aztoolkit build {model} --target {library.target} --gpu {sm_name(capability)}"
        raise ModelError(f"expected a plan of {model} at {plan}, but {problem}; run `{command}`")
    return plan, spec


def _shapes(spec: ModelSpec) -> dict[str, tuple[int, ...]]:
    """Returns the shape of each tensor for one position."""
    policy, wdl = OUTPUTS
    return {
        INPUT: (get_encoding(spec.encoding).planes, 8, 8),
        policy: (get_action_space(spec.action_space).size,),
        wdl: (WDL_SIZE,),
    }
