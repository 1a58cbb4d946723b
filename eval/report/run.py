"""The engines of a run and which of them may be used, as one document and one table."""

from rich.console import Console
from rich.table import Table

from aztoolkit.files import sha256
from aztoolkit.measure import Rate
from aztoolkit.model import sidecar
from eval.auto import Attempt, RunVerdict
from eval.report import figures
from eval.report.document import FORMAT_VERSION, Document

_FROM_GATE = ("score", "elo", "elo_low", "elo_high", "pairs")


def run_document(found: RunVerdict) -> Document:
    """Returns what `gate --auto` found; what is not known of an engine is null."""
    return {
        "format_version": FORMAT_VERSION,
        "run": str(found.run),
        "verdict": found.verdict,
        "chosen": str(found.chosen.model) if found.chosen else None,
        "baseline": {
            "model": str(found.baseline),
            "sha256": sha256(found.baseline),
            **_speed(found.baseline_rate),
        },
        "engines": [_engine(attempt, found.baseline_rate) for attempt in found.attempts],
    }


def print_run(console: Console, found: RunVerdict) -> None:
    """Shows all engines in a table, and names the one that may be used."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("engine", no_wrap=True)
    for name in ("positions/s", "speed"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for name in ("score", "Elo (95 %)", "games"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_row(found.baseline.stem, f"{found.baseline_rate.median:,.0f}", "1.0", "the original")
    for attempt in found.attempts:
        table.add_row(*_cells(attempt, found.baseline_rate))
    console.print(table)
    for attempt in found.attempts:
        console.print(f"{attempt.model.stem}: {_reason(attempt)}", soft_wrap=True)
    console.print(_conclusion(found), style="bold", soft_wrap=True)


def _engine(attempt: Attempt, baseline: Rate) -> Document:
    document = attempt.document or {}
    return {
        "name": attempt.model.stem,
        "model": str(attempt.model),
        "sha256": sha256(attempt.model),
        **_speed(attempt.rate),
        "speedup": round(attempt.rate.median / baseline.median, 3) if attempt.rate else None,
        "verdict": attempt.verdict,
        "reason": document.get("reason", attempt.reason),
        "played": attempt.played,
        **{name: document.get(name) for name in _FROM_GATE},
        "report": str(sidecar(attempt.model, "gate")) if attempt.document else None,
    }


def _speed(rate: Rate | None) -> Document:
    """Returns positions a second: median and range over the runs."""
    rounded = rate.round() if rate else None
    return {
        "evals_per_s": rounded and rounded.median,
        "evals_per_s_lowest": rounded and rounded.lowest,
        "evals_per_s_highest": rounded and rounded.highest,
    }


def _cells(attempt: Attempt, baseline: Rate) -> list[str]:
    rate, document = attempt.rate, attempt.document or {}
    pairs = document.get("pairs")
    interval = f"{figures.elo(document.get('elo_low'))} to {figures.elo(document.get('elo_high'))}"
    return [
        attempt.model.stem,
        f"{rate.median:,.0f}" if rate else "—",
        f"{rate.median / baseline.median:.1f}" if rate else "—",
        attempt.verdict or "—",
        figures.percent(document.get("score")),
        f"{figures.elo(document['elo'])} ({interval})" if pairs else "—",
        f"{2 * pairs:,}" if pairs else "—",
    ]


def _reason(attempt: Attempt) -> str:
    if attempt.document is None:
        return attempt.reason
    when = "" if attempt.played else "as judged before, "
    return f"{when}{attempt.verdict}: {attempt.document['reason']}"


def _conclusion(found: RunVerdict) -> str:
    chosen = found.chosen
    if chosen is None or chosen.rate is None:
        none = "None passes" if any(one.document for one in found.attempts) else "None is faster"
        return f"{none}: stay with {found.baseline.stem}"
    speed = chosen.rate.median / found.baseline_rate.median
    return f"The fastest that passes: {chosen.model} ({speed:.1f} times as fast as the original)"
