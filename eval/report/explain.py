"""The verdict in words that a chess player understands, from the gate's document."""

from typing import Any

from eval.report import figures

Document = dict[str, Any]  # Any: whatever json can hold

_HEADLINES = {
    "accepted": "It may replace the original",
    "rejected": "It may not replace the original",
    "inconclusive": "Not proven: it may not replace the original yet",
}


def headline(document: Document) -> str:
    """Returns the verdict in one line."""
    return _HEADLINES[document["verdict"]]


def explain(document: Document) -> list[str]:
    """Returns what was found and how far it can be trusted, in sentences."""
    played = [stage for stage in document["stages"] if _pairs(stage)]
    sentences = [_tell_games(stage) for stage in played]
    sentences.append(_tell_verdict(document, _deciding(document)))
    if played and document["openings"]["distinct"] < document["rule"]["max_pairs"]:
        sentences.append(
            f"The book has only {document['openings']['distinct']:,} distinct openings, so that no more "
            f"pairs could be played, instead of {document['rule']['max_pairs']:,}."
        )
    if document["baseline"]["sha256"] == document["candidate"]["sha256"]:
        sentences.append("Both are the same file, so this tries the gate and not an engine.")
    return sentences


def _tell_games(stage: Document) -> str:
    games = stage["games"]
    losses, draws, wins = games["trinomial"]
    return (
        f"In {sum(games['trinomial']):,} games against the original, {_at(stage['name'])}, it scored "
        f"{figures.percent(games['score'])}: {wins:,} won, {draws:,} drawn, {losses:,} lost."
    )


def _at(name: str) -> str:
    return f"at {name}" if name.startswith("equal ") else f"in the stage “{name}”"


def _deciding(document: Document) -> Document:
    """Returns the stage that the verdict comes from."""
    found = [
        stage
        for stage in document["stages"]
        if (stage["verdict"], stage["reason"]) == (document["verdict"], document["reason"])
    ]
    return found[-1] if found else {"name": "", "games": None}


def _tell_verdict(document: Document, stage: Document) -> str:
    verdict, rule, games = document["verdict"], document["rule"], stage.get("games")
    if verdict == "accepted" and games:
        return (
            f"It may replace the original: were it {_strength(rule['elo0'])}, a test like this would "
            f"let it through about {figures.once_in(rule['alpha'])}."
        )
    if verdict == "rejected" and games and _at_lower_bound(games):
        return (
            f"It may not replace the original: were it {_strength(rule['elo1'])}, a test like this "
            f"would turn it away about {figures.once_in(rule['beta'])}."
        )
    if verdict == "inconclusive" and games and not games["failures"]:
        return (
            "That is neither good enough to let it through nor bad enough to turn it away "
            f"({document['reason']}). More games may tell."
        )
    return f"{headline(document)}: {document['reason']}."


def _at_lower_bound(games: Document) -> bool:
    """Whether it was the test that ended the games, and no failure."""
    return bool(games["pairs"] and games["llr"] <= games["llr_lower"] and not games["failures"])


def _pairs(stage: Document) -> int:
    return int((stage.get("games") or {}).get("pairs") or 0)


def _strength(points: float) -> str:
    """Returns how an engine stands to the original, as in `were it ...`."""
    if not points:
        return "just as strong"
    return f"{figures.number(abs(points))} Elo {'weaker' if points < 0 else 'stronger'}"
