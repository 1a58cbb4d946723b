"""The gate's page: its document for people, in one file that needs nothing else."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path

from aztoolkit.page import draw_grid, draw_table, write_page
from eval.report import charts, figures
from eval.report.boards import draw_failures, draw_moments
from eval.report.explain import Document, explain, headline
from eval.report.measures import draw_measures
from eval.report.tactics import draw_tactics

_STYLE = """
.verdict{padding:.8rem 1.1rem;border:1px solid var(--line);border-left:.4rem solid var(--unsure);
border-radius:.4rem}.verdict.accepted{border-left-color:var(--good)}
.verdict.rejected{border-left-color:var(--bad)}.verdict p{margin:.3rem 0}
.verdict strong{font-size:1.2rem}
"""


def draw_page(document: Document) -> str:
    """Returns the page of a gate, drawn from the content of `X.gate.json` alone."""
    names = document["candidate"]["name"], document["baseline"]["name"]
    title = f"May {names[0]} replace {names[1]}?"
    return write_page(title, _parts(document, title), style=charts.STYLE + _STYLE)


def _parts(document: Document, title: str) -> Iterator[str]:
    stages = document["stages"]
    played = [stage for stage in stages if (stage.get("games") or {}).get("pairs")]
    yield f"<h1>{escape(title)}</h1>"
    yield _verdict(document)
    yield "<h2>The stages</h2>"
    yield _stage_table(stages)
    yield from _strength(document, played)
    for stage in played:
        yield from _games(stage)
    for stage in stages:
        yield from _measures(stage)
    yield from _failures(document)
    for stage in played:
        yield from _moments(stage)
    yield "<h2>How it was played</h2>"
    for heading, rows in _circumstances(document).items():
        yield f"<h3>{escape(heading)}</h3>"
        yield draw_table({name: _plain(value) for name, value in rows.items()})


def _verdict(document: Document) -> str:
    sentences = "".join(f"<p>{escape(sentence)}</p>" for sentence in explain(document))
    return (
        f'<section class="verdict {escape(document["verdict"])}">'
        f"<p><strong>{escape(headline(document))}</strong></p>{sentences}</section>"
    )


def _stage_table(stages: Sequence[Document]) -> str:
    rows = [
        (
            stage["name"],
            stage["verdict"] or "reported",
            stage["reason"],
            figures.duration(stage["duration_s"]),
        )
        for stage in stages
    ]
    return draw_grid(("Stage", "Verdict", "Why", "Time"), rows)


def _strength(document: Document, played: Sequence[Document]) -> Iterator[str]:
    if not played:
        return
    rule = document["rule"]
    intervals = [
        charts.Interval(
            stage["name"], *(stage["games"][key] for key in ("elo", "elo_low", "elo_high"))
        )
        for stage in played
    ]
    yield "<h2>How strong it is</h2>"
    yield charts.draw_elo(intervals, weak=rule["elo0"], good=rule["elo1"])
    for interval in intervals:
        yield f"<p>{escape(charts.describe_interval(interval))}</p>"
    yield f'<p class="quiet">{escape(document["note"])}</p>'


def _games(stage: Document) -> Iterator[str]:
    games = stage["games"]
    yield f"<h2>The games: {escape(stage['name'])}</h2>"
    yield "<h3>How the test went</h3>"
    yield charts.draw_llr(games["llr_path"], lower=games["llr_lower"], upper=games["llr_upper"])
    yield (
        '<p class="quiet">After each pair of games the line rises if the pair speaks for the candidate '
        "and falls if it speaks against it; at a bound the test may end.</p>"
    )
    yield "<h3>Points from each pair of games</h3>"
    yield charts.draw_pentanomial(games["pentanomial"])
    yield draw_table(dict(_game_numbers(games)))


def _game_numbers(games: Document) -> Iterator[tuple[str, str]]:
    losses, draws, wins = games["trinomial"]
    interval = f"{figures.elo(games['elo_low'])} to {figures.elo(games['elo_high'])}"
    yield "score", figures.percent(games["score"])
    yield "won, drawn, lost", f"{wins:,}, {draws:,}, {losses:,}"
    yield "Elo, 95 % interval", f"{figures.elo(games['elo'])}, {interval}"
    yield "normalised Elo", figures.elo(games["normalised_elo"])
    yield "stronger than the original", f"{figures.percent(games['los'])} likely"
    yield "log-likelihood ratio", figures.signed(games["llr"])
    yield "variance of a pair", figures.number(games["pair_variance"])
    yield "games broken off at the cap of moves", f"{games['games_capped']:,}"
    yield "games an hour", figures.number(round(games["games_per_hour"]))
    yield "positions evaluated a second", figures.number(round(games["evaluations_per_s"]))
    yield "share of what the networks alone would do", figures.percent(games["efficiency"], 0)


def _measures(stage: Document) -> Iterator[str]:
    """Yields what a stage measured other than by games against the original."""
    numbers: Document = stage.get("numbers") or {}
    if not numbers:
        return
    yield f"<h2>{escape(stage['name'].capitalize())}</h2>"
    yield f"<p>{escape(stage['reason'])}</p>"
    yield from draw_tactics(numbers) if _solves(numbers) else [draw_measures(numbers)]


def _solves(numbers: Mapping[str, object]) -> bool:
    """Whether a stage has let the engines solve positions, or tried to."""
    return bool({"by_kind", "candidate_failures", "baseline_failures"} & set(numbers))


def _failures(document: Document) -> Iterator[str]:
    found = [
        failure
        for stage in document["stages"]
        for failure in (stage.get("games") or {}).get("failures", [])
    ]
    if found:
        yield "<h2>Failures</h2>"
        yield draw_failures(found)


def _moments(stage: Document) -> Iterator[str]:
    moments = stage["games"]["moments"]
    if moments:
        yield f"<h2>Worst moments: {escape(stage['name'])}</h2>"
        yield (
            "<p>From games that the candidate lost: where its own opinion of its chances fell most "
            "from one of its moves to the next.</p>"
        )
        yield draw_moments(moments)


def _circumstances(document: Document) -> dict[str, dict[str, object]]:
    candidate, baseline, openings = (
        document[name] for name in ("candidate", "baseline", "openings")
    )
    return {
        "Engines and openings": {
            "candidate": f"{candidate['name']} ({candidate['source']})",
            "its SHA-256": candidate["sha256"],
            "original": f"{baseline['name']} ({baseline['source']})",
            "SHA-256 of the original": baseline["sha256"],
            "openings": f"{openings['distinct']:,} of {Path(openings['path']).name}",
            "SHA-256 of the openings": openings["sha256"],
            **_suite(document),
        },
        "Settings": {**_spaced(document["settings"]), "temperature": document["temperature"]},
        "The rule": _spaced(document["rule"]),
        "Machine and software": {
            "machine": document["machine"],
            "search": document["search"],
            **document["versions"],
        },
    }


def _suite(document: Document) -> dict[str, object]:
    """Returns which tactics were put to the engines, if any were."""
    for stage in document["stages"]:
        if suite := (stage.get("numbers") or {}).get("suite"):
            return {
                "tactics": f"{suite['positions']:,} of {Path(suite['path']).name}",
                "SHA-256 of the tactics": suite["sha256"],
            }
    return {}


def _spaced(fields: Mapping[str, object]) -> dict[str, object]:
    return {name.replace("_", " "): value for name, value in fields.items()}


def _plain(value: object) -> str:
    if isinstance(value, float):
        return figures.number(value)
    return "—" if value is None else str(value)
