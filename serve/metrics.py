"""`/metrics`: what the server does, for Prometheus; names and units as its conventions have them."""

import time
from collections.abc import Iterable, Iterator
from http import HTTPStatus

from fastapi import FastAPI
from fastapi.responses import PlainTextResponse
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serve.parts import Parts

_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_LATENCIES_S = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
_UNKNOWN = "other"
"""The route of a request that meets none: their names must not be the client's to choose."""


def add_metrics(app: FastAPI, parts: Parts) -> None:
    """Adds the page, and counts and times all requests."""
    registry = CollectorRegistry()
    registry.register(_State(parts))

    @app.get("/metrics", include_in_schema=False)
    async def metrics() -> PlainTextResponse:
        return PlainTextResponse(generate_latest(registry), media_type=_CONTENT_TYPE)

    app.add_middleware(_Timed, registry=registry)


class _State(Collector):
    """What can be read off the parts whenever somebody asks."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def collect(self) -> Iterable[Metric]:
        """Yields every figure."""
        parts, searches = self._parts, self._parts.searches
        yield _gauge("aztoolkit_games", "Games in memory.", len(parts.sessions))
        yield _gauge("aztoolkit_streams", "WebSockets that are open.", len(parts.streams))
        yield _gauge("aztoolkit_searches", "Searches that run or wait.", searches.pending)
        yield _gauge("aztoolkit_searches_capacity", "Most of them.", searches.capacity)
        yield from self._by_engine()

    def _by_engine(self) -> Iterator[Metric]:
        texts = {
            "searches_ended": "Searches that have ended, given up or not.",
            "nodes": "Simulations of searches that were not given up.",
            "evaluations": "Positions that the network was asked about.",
            "network_calls": "Calls of the network, each for a batch of positions.",
        }
        for name, text in texts.items():
            family = CounterMetricFamily(f"aztoolkit_{name}", text, labels=["engine"])
            for engine, batcher in self._parts.searches.batchers.items():
                family.add_metric([engine], getattr(batcher.counts, name))
            yield family


class _Timed:
    """Wraps an app: counts its answers and measures how long they take to begin."""

    def __init__(self, app: ASGIApp, *, registry: CollectorRegistry) -> None:
        self._app = app
        self._requests = Counter(
            "aztoolkit_requests", "Requests.", ["method", "route", "status"], registry=registry
        )
        self._latency = Histogram(
            "aztoolkit_request_seconds",
            "Seconds until the answer.",
            ["route"],
            registry=registry,
            buckets=_LATENCIES_S,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on and notes what became of it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began_s, status = time.perf_counter(), HTTPStatus.INTERNAL_SERVER_ERROR.value

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, sending)
        finally:
            route = getattr(scope.get("route"), "path", _UNKNOWN)
            self._requests.labels(_method(scope), route, status).inc()
            self._latency.labels(route).observe(time.perf_counter() - began_s)


_METHODS = {"GET", "HEAD", "POST", "PATCH", "DELETE"}


def _method(scope: Scope) -> str:
    return scope["method"] if scope["method"] in _METHODS else _UNKNOWN


def _gauge(name: str, text: str, value: int) -> Metric:
    return GaugeMetricFamily(name, text, value=value)
