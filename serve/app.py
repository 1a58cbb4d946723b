"""Puts the server together: routes, guard, static page."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.responses import PlainTextResponse
from starlette.middleware.gzip import GZipMiddleware
from starlette.staticfiles import StaticFiles

from aztoolkit import __version__
from serve.analysis import add_analysis_route
from serve.api import create_router
from serve.errors import install_error_handlers
from serve.events import add_events_route
from serve.guard import Guard
from serve.metrics import add_metrics
from serve.parts import Parts

STATIC = Path(__file__).parent / "static"
_NOT_BUILT = (
    "The API runs, but the page is not built: run `make setup` in the checkout "
    "(or `npm ci && npm run build` in serve/web) and reload.\n"
)
_COMPRESSED_FROM_BYTES = 1024
_SWEEP_S = 30.0
"""Time between two looks for games that nobody plays any more."""


def create_app(parts: Parts, *, static: Path = STATIC) -> FastAPI:
    """Returns the server of some parts; their searches end with it.

    Args:
        static: folder of the built page; where it is missing, `/` says how to build it.
    """

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        sweeping = asyncio.create_task(_sweep(parts))
        yield
        sweeping.cancel()
        await asyncio.to_thread(parts.searches.close)

    app = FastAPI(
        title="aztoolkit",
        version=__version__,
        summary="Play chess against an AlphaZero network.",
        license_info={"name": "GPL-3.0-or-later", "identifier": "GPL-3.0-or-later"},
        openapi_url="/api/openapi.json",
        docs_url=None,  # its page loads scripts from another host
        redoc_url=None,
        lifespan=lifespan,
    )
    app.include_router(create_router(parts))
    app.include_router(_create_sockets(parts))
    install_error_handlers(app)
    app.add_middleware(GZipMiddleware, minimum_size=_COMPRESSED_FROM_BYTES)
    add_metrics(app, parts)
    app.add_middleware(Guard, config=parts.config)
    _add_page(app, static)
    return app


def _create_sockets(parts: Parts) -> APIRouter:
    router = APIRouter(prefix="/api")
    add_events_route(router, parts)
    add_analysis_route(router, parts)
    return router


async def _sweep(parts: Parts) -> None:
    while True:
        await asyncio.sleep(_SWEEP_S)
        parts.sessions.forget_idle()


def _add_page(app: FastAPI, static: Path) -> None:
    if (static / "index.html").is_file():
        app.mount("/", StaticFiles(directory=static, html=True))
        return

    @app.get("/", include_in_schema=False)
    async def not_built() -> PlainTextResponse:
        return PlainTextResponse(_NOT_BUILT, status_code=503)
