"""The `serve` command."""

from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from pydantic import ValidationError

from aztoolkit.backends import BackendName, choose_backend, open_evaluator
from aztoolkit.errors import ConfigError, MissingDependencyError
from serve.config import ServeConfig


def serve(
    model: Annotated[Path | None, Parameter(show_default=False)] = None,
    /,
    *,
    simulations: int = 800,
    host: str = "127.0.0.1",
    port: int = 8000,
    workers: int = 2,
    backend: BackendName = "auto",
    open_browser: Annotated[bool, Parameter(name="--open", negative="--no-open")] = False,
) -> None:
    """Play against a model in the browser.

    For example:
        aztoolkit serve runs/mine --simulations 800
        aztoolkit serve model.onnx --port 8080

    Args:
        model: A model file, a run, or a folder of models; by default the newest run under `runs/`.
        simulations: Of the search for one move, where the player does not choose.
        host: Address to listen on; anyone who can reach it can play.
        port: Port to listen on; 0 takes a free one.
        workers: Searches that run at once.
        backend: Runtime of the networks; auto takes the fastest that this machine has, and says which.
        open_browser: Open the page in a browser.
    """
    _require_packages()
    from aztoolkit.mcts import best_backend
    from serve.catalog import find_models, open_catalog
    from serve.server import listen, run, url_of

    config = _configure(simulations=simulations, host=host, port=port, workers=workers)
    models = find_models(model)
    with closing(listen(config.host, config.port)) as listener:
        catalog = open_catalog(models, open_model=partial(open_evaluator, backend=backend))
        names = ", ".join(
            f"{engine.info.name} ({engine.info.network})" for engine in catalog.engines
        )
        chosen = dict.fromkeys(str(choose_backend(path, backend)) for path in models)
        print(
            f"serving {names}; {', '.join(chosen)}; "
            f"{best_backend()} search on {url_of(listener)} (Ctrl-C ends it)",
            flush=True,
        )
        run(catalog, config, listener, open_browser=open_browser)


def _require_packages() -> None:
    try:
        import fastapi  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise MissingDependencyError(
            f"expected the packages of `serve`, got no {error.name}; "
            "install them with `pip install 'aztoolkit[serve,cpu]'`"
        ) from error


def _configure(**options: str | int) -> ServeConfig:
    """Returns the settings; raises ConfigError naming the first option that is wrong."""
    try:
        return ServeConfig.model_validate(options)
    except ValidationError as error:
        fault = error.errors()[0]
        raise ConfigError(f"--{fault['loc'][0]}: {fault['msg']}, got {fault['input']!r}") from error
