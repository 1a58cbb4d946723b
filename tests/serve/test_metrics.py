"""What Prometheus is told."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.serve.conftest import Client
from tests.serve.test_api import begin, engine_move

pytestmark = pytest.mark.anyio


async def samples(client: Client) -> dict[tuple[str, ...], float]:
    """Returns every figure by its name and the values of its labels."""
    answer = await client.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


async def test_games_searches_and_evaluations_are_counted(client: Client) -> None:
    game = await begin(client, white={"engine": "fp32", "simulations": 40}, black={})
    await engine_move(client, game)
    told = await samples(client)
    assert told["aztoolkit_games",] == 1
    assert told["aztoolkit_searches",] == 0
    assert told["aztoolkit_searches_capacity",] > 0
    assert told["aztoolkit_searches_ended_total", "fp32"] == 1
    assert told["aztoolkit_nodes_total", "fp32"] == 40
    assert (
        3
        <= told["aztoolkit_network_calls_total", "fp32"]
        <= told["aztoolkit_evaluations_total", "fp32"]
    )


async def test_requests_are_counted_by_route_and_never_by_what_the_client_wrote(
    client: Client,
) -> None:
    await begin(client)
    await client.get("/api/games/secret")
    await client.get("/nowhere/secret")
    await client.request("BREW", "/api/health")
    told = await samples(client)
    assert told["aztoolkit_requests_total", "/api/games", "201", "POST"] == 1
    assert told["aztoolkit_requests_total", "/api/games/{game_id}", "404", "GET"] == 1
    assert told["aztoolkit_requests_total", "404", "GET", "other"] == 1
    assert told["aztoolkit_request_seconds_count", "/api/games"] == 1
    assert not any({"secret", "BREW"} & set(key) or "secret" in str(key) for key in told)
