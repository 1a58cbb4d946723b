"""What a stage measured, as tables: whatever json can hold, nested as it is."""

from collections.abc import Mapping, Sequence
from html import escape

from eval.report import figures

_LABELS = {
    "kl_mean": "policy divergence, mean (nats)",
    "kl_p99": "policy divergence, 99th percentile (nats)",
    "top1": "same best move",
    "winrate_error_mean": "win-rate error, mean",
    "winrate_error_p99": "win-rate error, 99th percentile",
    "winrate_error_max": "win-rate error, largest",
}
_SHARES = {"top1", "winrate_error_mean", "winrate_error_p99", "winrate_error_max"}
"""From 0 to 1, told as percentages."""


def draw_measures(numbers: Mapping[str, object]) -> str:
    """Returns a table of names and values; a mapping or a list among them is a table in its cell."""
    rows = "".join(
        f'<tr><th scope="row">{escape(_label(name))}</th><td>{_cell(name, value)}</td></tr>'
        for name, value in numbers.items()
    )
    return f'<div class="scroll"><table><tbody>{rows}</tbody></table></div>'


def _grid(rows: Sequence[Mapping[str, object]]) -> str:
    """Returns a table of mappings with the same keys, one a line."""
    head = "".join(f'<th scope="col">{escape(_label(name))}</th>' for name in rows[0])
    lines = "".join(
        "<tr>" + "".join(f"<td>{_cell(name, row.get(name))}</td>" for name in rows[0]) + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>"


def _label(name: str) -> str:
    return _LABELS.get(name, name.replace("_", " "))


def _cell(name: str, value: object) -> str:
    if isinstance(value, Mapping):
        return draw_measures({str(key): found for key, found in value.items()})
    if isinstance(value, list | tuple):
        if value and all(isinstance(found, Mapping) for found in value):
            return _grid(value)
        return "<br>".join(_cell(name, found) for found in value) or "none"
    if value is None or isinstance(value, bool):
        return {None: "—", True: "yes", False: "no"}[value]
    if isinstance(value, int | float):
        return escape(figures.percent(value) if name in _SHARES else figures.number(value))
    return escape(str(value))
