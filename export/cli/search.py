"""A search for layers to keep in float, as `quantize` shows it: a table, and a drawing beside the model."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from aztoolkit.files import write_text

if TYPE_CHECKING:
    from export.quantization.sensitivity import Search


def chart_path(model: Path) -> Path:
    """Returns where the drawing of a model's search stands: `X.onnx` -> `X.sensitivity.svg`."""
    return model.with_suffix(".sensitivity.svg")


def show_search(
    search: "Search", model: Path, budget_kl: float, console: Console
) -> dict[str, Any]:  # Any: a JSON document
    """Shows what each layer costs, draws it beside the model and returns the entry for JSON."""
    from export.quantization.chart import draw_search

    console.print(_table(search))
    chart = chart_path(model)
    write_text(chart, draw_search(search))
    ending = "" if search.held else f"; the budget of {budget_kl:g} is not held: try --method qat"
    console.print(
        f"KL {search.kl_before:.4f} with all layers in INT8, {search.kl:.4f} with "
        f"{len(search.floated)} in float{ending}; drawn in {chart}",
        soft_wrap=True,
    )
    return asdict(search)


def _table(search: "Search") -> Table:
    table = Table(title="what rounding a layer alone costs, and what undoing it buys", box=SIMPLE)
    table.add_column("layer", no_wrap=True)
    for column in ("KL", "win rate p99", "gained", "ms lost", "now"):
        table.add_column(column, justify="right")
    for cost in search.costs:
        table.add_row(
            cost.layer,
            f"{cost.kl_alone:.5f}",
            f"{100 * cost.winrate_alone:.2f} pp",
            f"{cost.gain:.1%}",
            f"{cost.price_ms:.2f}",
            "float" if cost.layer in search.floated else "int8",
        )
    return table
