"""The models of a small run, as `tests/export` makes them."""

from tests.export.conftest import models, one_thread, run

__all__ = ["models", "one_thread", "run"]
