"""Reports beside a model: pages, and the positions that its original sees differently."""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from aztoolkit.files import sha256
from aztoolkit.model_files import find_models
from serve.catalog import Catalog, open_catalog
from tests.serve.conftest import Client, connect
from tests.serve.networks import write_run
from tests.serve.test_api import refusal

WORST = {
    "start_fen": "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1",
    "moves": ["e2e4"],
    "kl": 0.25,
    "winrate_error": 0.1,
    "first": {"move": "e7e5", "probability": 0.5, "winrate": 0.4},
    "second": {"move": "g8f6", "probability": 0.25, "winrate": 0.5},
}
PAGE = "<!doctype html><title>int8</title><style>b{color:red}</style>"


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalog]:
    """Engines with reports of today's kind beside them."""
    folder = write_run(tmp_path_factory.mktemp("compared")) / "export"
    report = json.loads((folder / "int8.compare.json").read_text())
    report["first"] = {"sha256": sha256(folder / "fp32.onnx")}
    report["second"] = {"sha256": sha256(folder / "int8.onnx")}
    (folder / "int8.compare.json").write_text(json.dumps({**report, "worst": [WORST]}))
    for name in ("gate", "compare"):
        (folder / f"int8.{name}.html").write_text(PAGE)
    (folder / "fp32.gate.html").write_text("of a report that is not there")
    catalog = open_catalog(find_models(folder))
    yield catalog
    catalog.close()


@pytest.fixture
async def client(compared: Catalog) -> AsyncIterator[Client]:
    async with connect(compared) as connected:
        yield connected


@pytest.mark.anyio
async def test_disagreements_are_told_from_whites_side(client: Client) -> None:
    listed = (await client.get("/api/engines/int8/disagreements")).json()
    assert (listed["model"], listed["original"]) == ("int8", "fp32")
    (position,) = listed["positions"]
    assert position["fen"].startswith("rnbqkbnr/pppppppp/8/8/4P3/8/PPPP1PPP/RNBQKBNR b")
    assert (position["start_fen"], position["moves"]) == (WORST["start_fen"], ["e2e4"])
    assert (position["kl"], position["winrate_error"]) == (0.25, 0.1)
    assert position["original"] == {"uci": "e7e5", "san": "e5", "probability": 0.5, "winrate": 0.6}
    assert position["model"] == {"uci": "g8f6", "san": "Nf6", "probability": 0.25, "winrate": 0.5}


@pytest.mark.anyio
async def test_engine_that_was_not_compared_has_none(client: Client) -> None:
    listed = (await client.get("/api/engines/fp32/disagreements")).json()
    assert listed == {"model": "fp32", "original": None, "positions": []}
    await refusal(client, "GET", "/api/engines/fp64/disagreements", 404)


@pytest.mark.anyio
async def test_reports_pages_are_shown_and_run_nothing(client: Client) -> None:
    int8, fp32 = (await client.get("/api/engines")).json()["engines"]
    assert int8["disagreements"] == 1
    assert (fp32["gate_page"], fp32["compare_page"], fp32["disagreements"]) == (None, None, 0)
    for url in (int8["gate_page"], int8["compare_page"]):
        answer = await client.get(url)
        assert (answer.status_code, answer.text) == (200, PAGE)
        assert answer.headers["Content-Type"].startswith("text/html")
        policy = answer.headers["Content-Security-Policy"]
        assert "sandbox" in policy
        assert "allow-scripts" not in policy
        assert "default-src 'none'" in policy
    assert "unsafe" not in (await client.get("/api/engines")).headers["Content-Security-Policy"]


@pytest.mark.anyio
@pytest.mark.parametrize("engine", ["fp32", "..%2Ffp32", "int8%00", "nothing"])
async def test_page_that_is_not_there_is_404(client: Client, engine: str) -> None:
    await refusal(client, "GET", f"/api/engines/{engine}/gate.html", 404)


@pytest.mark.parametrize(
    "broken",
    [
        {"moves": ["e2e5"]},
        {"kl": float("nan")},
        {"first": {"move": "e2e4", "probability": 0.5, "winrate": 0.5}},
        {"start_fen": "x" * 1000},
    ],
)
def test_broken_list_is_shown_as_none(tmp_path: Path, broken: dict[str, object]) -> None:
    folder = write_run(tmp_path) / "export"
    path = folder / "int8.compare.json"
    report = json.loads(path.read_text()) | {"worst": [WORST | broken]}
    path.write_text(json.dumps(report))
    engine = open_catalog(find_models(folder)).get("int8")
    assert engine.disagreements == ()
    assert engine.info.distance is not None
