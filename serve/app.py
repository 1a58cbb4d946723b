"""Puts the server together: routes, guard, static page."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import PlainTextResponse
from starlette.middleware.gzip import GZipMiddleware
from starlette.staticfiles import StaticFiles

from aztoolkit import __version__
from serve.api import Parts, create_router
from serve.catalog import Catalog
from serve.config import ServeConfig
from serve.errors import install_error_handlers
from serve.guard import Guard
from serve.sessions import Sessions
from serve.workers import Workers

STATIC = Path(__file__).parent / "static"
_NOT_BUILT = (
    "The API runs, but the page is not built: run `make setup` in the checkout "
    "(or `npm ci && npm run build` in serve/web) and reload.\n"
)
_COMPRESSED_FROM_BYTES = 1024


def create_app(
    catalog: Catalog,
    config: ServeConfig,
    *,
    static: Path = STATIC,
    workers: Workers | None = None,
) -> FastAPI:
    """Returns the server of a catalog's engines.

    Args:
        static: folder of the built page; where it is missing, `/` says how to build it.
        workers: the pool to search in; by default one as `config` says. It is closed with the app.
    """
    pool = workers or Workers(config.workers, queue=config.queue)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        pool.close()

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
    app.include_router(create_router(Parts(config, catalog, Sessions(config), pool)))
    install_error_handlers(app)
    app.add_middleware(GZipMiddleware, minimum_size=_COMPRESSED_FROM_BYTES)
    app.add_middleware(Guard, config=config)
    _add_page(app, static)
    return app


def _add_page(app: FastAPI, static: Path) -> None:
    if (static / "index.html").is_file():
        app.mount("/", StaticFiles(directory=static, html=True))
        return

    @app.get("/", include_in_schema=False)
    async def not_built() -> PlainTextResponse:
        return PlainTextResponse(_NOT_BUILT, status_code=503)
