"""How fast a plan is on this machine's card."""

from pathlib import Path

from aztoolkit.backends.nvidia import Card, Library
from aztoolkit.backends.tensorrt import PlanEvaluator
from aztoolkit.measure import rate
from aztoolkit.plan import PlanSpec
from export.check import check_planes
from export.engines.plans import Timer


def card_timer(library: Library) -> Timer:
    """Returns what measures plans of a library at the batch that they are tuned to."""

    def timer(plan: Path, spec: PlanSpec) -> float:
        evaluator = PlanEvaluator(plan, spec, library, Card())
        planes = check_planes(spec.model_spec.encoding)
        batch = planes[[index % len(planes) for index in range(spec.batch.best)]]

        def work() -> int:
            evaluator.evaluate(batch)
            return len(batch)

        try:
            return rate(work).median
        finally:
            evaluator.close()

    return timer
