"""The `serve` command."""

from contextlib import closing
from pathlib import Path
from secrets import token_urlsafe
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from pydantic import ValidationError

from aztoolkit.backends import BackendName
from aztoolkit.errors import ConfigError, MissingDependencyError
from aztoolkit.model_files import SHIPPED, find_models
from serve.config import ServeConfig

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from serve.catalog import Catalog

_SUGGESTED_TOKEN_BYTES = 16


def serve(
    model: Annotated[Path | None, Parameter(show_default=False)] = None,
    /,
    *,
    simulations: int = 800,
    host: str = "127.0.0.1",
    port: int = 8000,
    public_name: str | None = None,
    token: Annotated[str | None, Parameter(env_var="AZTOOLKIT_TOKEN")] = None,
    backend: BackendName = "auto",
    threads: int = 0,
    batch: int = 128,
    searches: int = 64,
    queue: int = 64,
    max_games: int = 200,
    open_browser: Annotated[bool, Parameter(name="--open", negative="--no-open")] = False,
) -> None:
    """Play against a model in the browser.

    Games searched at once share network calls. The routes and the limits are in docs/serve.md.

    For example:
        aztoolkit serve runs/mine --simulations 800
        aztoolkit serve model.onnx --port 8080 --threads 4
        aztoolkit serve runs/mine --host 0.0.0.0 --token "$(openssl rand -hex 16)"

    Args:
        model: A model file, a run, or a folder of models; `shipped` for the
            network that comes with aztoolkit. By default the newest run under `runs/`, else `shipped`.
        simulations: Of the search for one move, where the player does not choose.
        host: Address to listen on; if others can reach it, --token is needed.
        port: Port to listen on; 0 takes a free one.
        public_name: Host that people reach the server by through a proxy on this machine, such as
            chess.example.org; see docs/serve.md.
        token: Secret of at least 12 characters that every request must carry; open /?token=SECRET once.
        backend: Runtime of the networks; auto takes the fastest that this machine has, and says which.
        threads: Of the processor, for each network; 0 leaves the choice to the runtime.
        batch: Positions in one network call, at the most.
        searches: Searches of one engine that run at once.
        queue: How many more there may be, all engines together, before the answer is 503.
        max_games: Games in memory; beyond them one that nobody follows is forgotten.
        open_browser: Open the page in a browser.
    """
    _require_packages()
    from serve.catalog import open_catalog
    from serve.parts import Parts
    from serve.server import listen, run, url_of

    config = _configure(
        simulations=simulations,
        host=host,
        port=port,
        public_name=public_name,
        token=token,
        threads=threads,
        batch=batch,
        searches=searches,
        queue=queue,
        max_games=max_games,
    )
    models = find_models(model)
    with closing(listen(config.host, config.port)) as listener:
        catalog = open_catalog(models, backend=backend, threads=config.threads)
        print(_describe(catalog, models, url_of(listener)), flush=True)
        run(Parts.create(catalog, config), listener, open_browser=open_browser)


def _describe(catalog: "Catalog", models: list[Path], url: str) -> str:
    from aztoolkit.mcts import best_backend

    folder = models[0].parent
    source = "the network that comes with aztoolkit" if folder == SHIPPED else str(folder)

    engines = [engine.info for engine in catalog.engines]
    names = ", ".join(f"{engine.name} ({engine.network})" for engine in engines)
    backends = ", ".join(dict.fromkeys(engine.backend for engine in engines))
    return f"serving {names} of {source}; {backends}; {best_backend()} search on {url} (Ctrl-C ends it)"


def _require_packages() -> None:
    try:
        import fastapi  # noqa: F401
        import prometheus_client  # noqa: F401
        import uvicorn  # noqa: F401
        import websockets  # noqa: F401
    except ImportError as error:
        raise MissingDependencyError(
            f"expected the packages of `serve`, got no {error.name}; "
            "install them with `pip install 'aztoolkit[serve,cpu]'`"
        ) from error


def _configure(**options: str | int | None) -> ServeConfig:
    """Returns the settings; raises ConfigError naming the first option that is wrong."""
    try:
        return ServeConfig.model_validate(options)
    except ValidationError as error:
        raise ConfigError(_explain(error)) from error


def _explain(error: ValidationError) -> str:
    fault = error.errors()[0]
    if not fault["loc"]:  # the one check of several options together
        example = token_urlsafe(_SUGGESTED_TOKEN_BYTES)
        return f"{_message(fault)}, such as --token {example}"
    option = str(fault["loc"][0]).replace("_", "-")
    got = "" if option == "token" else f", got {fault['input']!r}"
    return f"--{option}: {_message(fault)}{got}"


def _message(fault: "ErrorDetails") -> str:
    return fault["msg"].removeprefix("Value error, ")
