"""The API keeps what its OpenAPI description promises, whatever it is sent."""

from collections.abc import Iterator

import chess
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from serve.catalog import Catalog
from serve.parts import Parts
from serve.report import played_moves
from serve.sessions import HUMAN, Seat
from tests.serve.conftest import FEW, LiveServer, serving

EXAMPLES = 25
ROUTES = [
    ("GET", "/api/health"),
    ("GET", "/api/engines"),
    ("GET", "/api/engines/{engine_id}/disagreements"),
    ("GET", "/api/engines/{engine_id}/gate.html"),
    ("GET", "/api/engines/{engine_id}/compare.html"),
    ("POST", "/api/games"),
    ("GET", "/api/games/{game_id}"),
    ("PATCH", "/api/games/{game_id}"),
    ("DELETE", "/api/games/{game_id}"),
    ("GET", "/api/games/{game_id}/pgn"),
    ("POST", "/api/games/{game_id}/moves"),
    ("POST", "/api/games/{game_id}/engine-move"),
    ("POST", "/api/games/{game_id}/take-back"),
    ("POST", "/api/games/{game_id}/resign"),
]


@pytest.fixture(scope="module")
def live(catalog: Catalog) -> Iterator[LiveServer]:
    """A server that lets its client do as much as it likes."""
    with serving(catalog, rate_per_s=1e6, burst=10**6, max_games=10**5) as server:
        yield server


@pytest.fixture(scope="module")
def schema(live: LiveServer) -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_url(f"{live.url}api/openapi.json")


def test_every_route_is_described_and_tested(schema: schemathesis.BaseSchema) -> None:
    described = {(one.ok().method.upper(), one.ok().path) for one in schema.get_all_operations()}
    assert described == set(ROUTES)


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_answers_are_as_described(
    schema: schemathesis.BaseSchema, live: LiveServer, method: str, path: str
) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=schema[path][method].as_strategy())
    def check(case: schemathesis.Case) -> None:
        if _is_valid(case):
            _aim(case, live.parts)
        answer = case.call_and_validate(excluded_checks=[positive_data_acceptance])
        if _is_valid(case) and answer.status_code == 422:
            assert answer.json()["error"]["code"] == "bad_position" or "got both" in answer.text

    check()


def _is_valid(case: schemathesis.Case) -> bool:
    return case.meta is not None and case.meta.generation.mode.is_positive


def _aim(case: schemathesis.Case, parts: Parts) -> None:
    """Lets a valid case meet a game and an engine that there are."""
    if "game_id" in case.path_parameters:
        seats = {chess.WHITE: HUMAN, chess.BLACK: Seat(parts.catalog.default, FEW)}
        board = chess.Board()
        if "engine-move" in case.path:
            board.push_uci("e2e4")
        case.path_parameters["game_id"] = parts.sessions.add(seats, board, played_moves(board)).id
    if "engine_id" in case.path_parameters:
        case.path_parameters["engine_id"] = parts.catalog.default.info.id
