"""Models on disk, found and opened once each: the engines one can play."""

import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, ValidationError

from aztoolkit.backends import BackendName, choose_backend, open_evaluator
from aztoolkit.errors import InputError
from aztoolkit.evaluator import Evaluator
from aztoolkit.files import sha256
from aztoolkit.mcts import SearchConfig
from aztoolkit.model import ModelSpec, sidecar
from aztoolkit.player import Player
from serve.disagreements import read_disagreements
from serve.errors import not_found
from serve.levels import offer_levels
from serve.schemas import Disagreement, DisagreementList, Distance, EngineInfo, Verdict

_PREFERENCE = ("int8", "fp32", "fp16")
"""Order of engines of which the gate says the same."""
_STANDING = {"accepted": 0, "inconclusive": 1, "rejected": 2}
"""Order of the list by verdict; an engine that was never gated, such as the original, is in the middle."""

ReportName = Literal["compare", "gate"]
_JUDGED: dict[ReportName, str] = {"gate": "candidate", "compare": "second"}
"""The part of each report that says of which file it speaks."""
_TREE_MEMORY_MB = 256
"""Of one search; full, it ends early."""

ReportT = TypeVar("ReportT", bound=BaseModel)
Report = dict[str, Any]  # Any: a JSON document


@dataclass(frozen=True)
class Engine:
    """A model, opened, that plays any number of games at once."""

    info: EngineInfo
    player: Player
    path: Path
    sha256: str
    disagreements: tuple[Disagreement, ...] = ()
    """With the original, the worst first."""
    original_sha256: str | None = None
    """Of the model that they are held against."""


class Catalog:
    """The engines of one server, by id."""

    def __init__(self, engines: Iterable[Engine]) -> None:
        """Takes at least one engine."""
        self._engines = {engine.info.id: engine for engine in sorted(engines, key=_rank)}
        assert self._engines, "a catalog without engines"

    @property
    def engines(self) -> list[Engine]:
        """All of them: those that the gate accepted first, then by precision, those it rejected last."""
        return list(self._engines.values())

    @property
    def default(self) -> Engine:
        """The first of the list."""
        return self.engines[0]

    def get(self, engine_id: str | None) -> Engine:
        """Returns an engine by id, the default for None; raises ApiError (404) if there is none."""
        if engine_id is None:
            return self.default
        if engine_id not in self._engines:
            raise not_found(f"expected an engine among {list(self._engines)}, got {engine_id!r}")
        return self._engines[engine_id]

    def disagreements(self, engine_id: str) -> DisagreementList:
        """Returns where an engine is farthest from its original; raises ApiError (404)."""
        engine = self.get(engine_id)
        originals = (one for one in self.engines if one.sha256 == engine.original_sha256)
        original = next(originals, None)
        return DisagreementList(
            model=engine.info.id,
            original=original.info.id if original else None,
            positions=list(engine.disagreements),
        )

    def page(self, engine_id: str, report: ReportName) -> Path:
        """Returns the file of a report's page; raises ApiError (404) if there is none."""
        engine = self.get(engine_id)
        known = {"gate": engine.info.gate_page, "compare": engine.info.compare_page}
        path = _page_path(engine.path, report)
        if known[report] is None or not path.is_file():
            raise not_found(f"expected a page of {report} beside {engine_id!r}, got none")
        return path

    def close(self) -> None:
        """Frees every network."""
        for engine in self.engines:
            engine.player.evaluator.close()


def open_catalog(models: list[Path], *, backend: BackendName = "auto", threads: int = 0) -> Catalog:
    """Opens models; of several, those that cannot be opened are named on stderr and left out.

    Args:
        threads: of the processor, for one evaluation; 0 leaves the choice to the runtime.

    Raises:
        InputError: none can be opened.
    """
    engines: list[Engine] = []
    for model in models:
        try:
            choice = choose_backend(model, backend, threads=threads)
            evaluator = open_evaluator(model, backend=choice, threads=threads)
            engines.append(open_engine(model, evaluator, backend=str(choice)))
        except InputError as error:
            if model == models[-1] and not engines:
                raise
            print(f"aztoolkit: left out {model.name}: {error}", file=sys.stderr)
    return Catalog(engines)


def open_engine(model: Path, evaluator: Evaluator, *, backend: str = "") -> Engine:
    """Returns the engine of an opened model, with the reports that stand beside it.

    Args:
        backend: what the evaluator runs on and why, in words.
    """
    spec, digest = evaluator.spec, sha256(model)
    gate, compare = (_read_report(model, name, digest) for name in _JUDGED)
    disagreements = read_disagreements(compare)
    info = EngineInfo(
        id=model.stem,
        name=spec.precision.upper() if model.stem == spec.precision else model.stem,
        precision=spec.precision,
        network=_describe_network(spec),
        training_step=spec.training_step,
        size_bytes=model.stat().st_size,
        backend=backend,
        verdict=_parse(gate, Verdict),
        distance=_parse(compare, Distance),
        gate_page=_page_url(model, "gate", gate),
        compare_page=_page_url(model, "compare", compare),
        disagreements=len(disagreements),
        strengths=offer_levels(model, digest),
    )
    original = compare.get("first", {}).get("sha256")
    config = SearchConfig(memory_mb=_TREE_MEMORY_MB)
    return Engine(info, Player(evaluator, config), model, digest, disagreements, original)


def _describe_network(spec: ModelSpec) -> str:
    network = spec.network
    size = (
        f"{network['filters']}x{network['blocks']}" if {"filters", "blocks"} <= set(network) else ""
    )
    return f"{network.get('kind', 'network')} {size}".strip()


def _read_report(model: Path, name: ReportName, digest: str) -> Report:
    """Returns the report beside a model; empty where there is none that is readable and of this file."""
    try:
        report: Report = json.loads(sidecar(model, name).read_bytes())
        judged = report.get(_JUDGED[name], {}).get("sha256")
    except (OSError, ValueError, AttributeError):
        return {}
    return report if judged in (None, digest) else {}


def _parse(report: Report, kind: type[ReportT]) -> ReportT | None:
    try:
        return kind.model_validate(report)
    except ValidationError:
        return None


def _page_path(model: Path, report: ReportName) -> Path:
    return model.with_suffix(f".{report}.html")


def _page_url(model: Path, name: ReportName, report: Report) -> str | None:
    found = bool(report) and _page_path(model, name).is_file()
    return f"/api/engines/{quote(model.stem)}/{name}.html" if found else None


def _rank(engine: Engine) -> tuple[int, int, str]:
    verdict = engine.info.verdict.verdict if engine.info.verdict else "inconclusive"
    return _STANDING[verdict], _PREFERENCE.index(engine.info.precision), engine.info.id
