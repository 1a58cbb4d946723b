"""The command `build`."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter
from cyclopts.types import PositiveInt
from rich.console import Console

from aztoolkit.console import human_console, print_json
from aztoolkit.errors import ConfigError
from aztoolkit.plan import Batch, Target, parse_sm, sm_name

if TYPE_CHECKING:
    from aztoolkit.hardware import Gpu
    from export.engines.plans import Order, Outcome

_MEBIBYTE = 1 << 20
Flag = Annotated[bool, Parameter(negative=())]


def build(
    model: Path,
    /,
    *,
    target: Target = "rtx",
    gpu: str | None = None,
    best_batch: PositiveInt = 64,
    largest_batch: PositiveInt = 512,
    force: Flag = False,
    json: Flag = False,
) -> int:
    """Build a TensorRT plan of a model for a card; a plan that is good already is kept.

    Writes X.rtx.sm89.plan beside X.onnx, and X.rtx.sm89.json, which says what was built.

    For example:
        aztoolkit build runs/a/export/fp16.onnx --target rtx --gpu sm89
        aztoolkit build runs/a/export/int8.tensorrt.onnx --target tensorrt

    Parameters
    ----------
    model: Path
        FP16, FP32, or INT8 of `aztoolkit quantize --target tensorrt`; the plan has its precision.
    target: Target
        rtx builds for any card and needs none; tensorrt builds for the card of this machine.
    gpu: str
        The card's compute capability, such as sm89 of an RTX 4060; without it, that of this machine's.
    best_batch: int
        The batch that kernels are tuned to.
    largest_batch: int
        The largest batch that the plan takes.
    force: bool
        Build anew in any case.
    json: bool
        Print the sidecar as one JSON document instead of text.
    """
    from aztoolkit.backends.nvidia import load_library
    from aztoolkit.hardware import probe_gpus
    from export.engines.plans import Order, check_card, ensure_plan
    from export.engines.source import read_source
    from export.engines.timing import card_timer

    if best_batch > largest_batch:
        raise ConfigError(
            f"expected --best-batch of at most --largest-batch, got {best_batch} and {largest_batch}"
        )
    asked = None if gpu is None else parse_sm(gpu)
    library, gpus = load_library(target), probe_gpus()
    capability = check_card(library, asked, gpus)
    card = _card(gpus, capability)
    batch = Batch(best=best_batch, largest=largest_batch)
    order = Order(model, library, capability, batch, card)
    source = read_source(model)
    timer = card_timer(library) if card else None
    outcome = ensure_plan(order, source, timer=timer, force=force)
    convolutions = _convolutions(outcome, source.heavy)
    _print(human_console(json_output=json), order, outcome, convolutions)
    if json:
        print_json(_document(order, outcome, convolutions))
    return 0


def _card(gpus: "list[Gpu]", capability: str) -> "Gpu | None":
    """Returns this machine's first card if a plan for `capability` runs on it."""
    return gpus[0] if gpus and gpus[0].compute_capability == capability else None


def _convolutions(outcome: "Outcome", heavy: tuple[str, ...]) -> dict[str, int]:
    """Returns how many convolutions and matrix products are computed in each precision."""
    from export.engines.layers import computed_in

    return dict(Counter(computed_in(outcome.spec.layers, heavy).values()))


def _print(
    console: Console, order: "Order", outcome: "Outcome", convolutions: dict[str, int]
) -> None:
    spec = outcome.spec
    size = order.plan.stat().st_size / _MEBIBYTE
    state = f"built: {outcome.reason}" if outcome.reason else "kept: it is good"
    name = sm_name(spec.compute_capability)
    lines = [
        f"{spec.model_spec.precision}  {size:6.1f} MiB  {order.plan}",
        f"{state}; {order.library.target} {spec.library_version}, {name}, "
        f"batches of {spec.batch.smallest} to {spec.batch.largest}",
        f"convolutions and matrix products computed in: {_words(convolutions)}",
    ]
    if spec.model_spec.precision == "int8" and "int8" not in convolutions:
        lines.append(
            f"none of them in INT8: the library computes none so for {name}; use FP16 there"
        )
    if spec.speed:
        speed = f"{spec.speed.evals_per_s:,.0f} evaluations/s at batch {spec.speed.batch}"
        lines.append(f"{speed} on {spec.speed.gpu}, best {spec.speed.best_evals_per_s:,.0f}")
    else:
        lines.append(f"speed not measured: no {name} card is here")
    for line in lines:
        console.print(line, soft_wrap=True)


def _words(convolutions: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in convolutions.items()) or "unknown"


def _document(
    order: "Order", outcome: "Outcome", convolutions: dict[str, int]
) -> dict[str, Any]:  # Any: a JSON document
    return {
        "plan": str(order.plan),
        "bytes": order.plan.stat().st_size,
        "built": outcome.reason is not None,
        "reason": outcome.reason,
        "builds": outcome.builds,
        "convolutions": convolutions,
        **outcome.spec.model_dump(mode="json"),
    }
