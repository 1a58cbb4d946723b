"""The options of the engine: what `setoption` may change, and how each is declared to a GUI."""

from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

from aztoolkit.backends import BackendName
from aztoolkit.errors import ConfigError
from aztoolkit.levels import FULL, Level, LevelName, find_level
from aztoolkit.model import Precision

EMPTY = "<empty>"
"""How UCI writes a string without characters."""
_CACHE_SHARE = 16
"""One part in so many of `Hash` remembers evaluations, the rest is for the tree."""


class Settings(BaseModel):
    """Values of all options; the aliases are their names in UCI."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    move_overhead_ms: int = Field(default=100, ge=0, le=60_000, alias="Move Overhead")
    """Time that passes between a move and the clock's being told of it."""
    threads: int = Field(default=0, ge=0, le=1024, alias="Threads")
    """Processor threads of the network; 0 leaves the choice to the backend."""
    hash_mb: int = Field(default=1024, ge=16, le=1 << 20, alias="Hash")
    """Memory of tree and remembered evaluations, in MiB."""
    ponder: bool = Field(default=False, alias="Ponder")
    """Tells that the GUI may send `go ponder`; nothing depends on it."""
    multipv: int = Field(default=1, ge=1, le=256, alias="MultiPV")
    """Best moves that are shown."""
    syzygy_path: str = Field(default="", alias="SyzygyPath")
    """Folders of tablebases, separated as in PATH."""
    show_wdl: bool = Field(default=False, alias="UCI_ShowWDL")
    """Whether to add chances of win, draw and loss to scores."""
    chess960: bool = Field(default=False, alias="UCI_Chess960")
    """Whether castling is written as king takes rook."""
    analyse_mode: bool = Field(default=False, alias="UCI_AnalyseMode")
    """Whether to think on where the best move cannot change any more."""
    level_name: LevelName = Field(default=FULL.name, alias="Level")
    """How strong it plays for people; `Full` sets no limit."""
    weights: str = Field(default="", alias="WeightsFile")
    """A model, a run, a folder of models, or `shipped`; empty takes the newest run, else `shipped`."""
    backend: BackendName = Field(default="auto", alias="Backend")
    """The runtime."""
    backend_options: str = Field(default="", alias="BackendOptions")
    """Such as `threads=2,batch=32`."""
    precision: Literal["auto"] | Precision = Field(default="auto", alias="Precision")
    """Which of the models of a run is taken."""

    def changed(self, name: str, value: str) -> "Settings":
        """Returns the settings with one option changed; names are matched as UCI does, without case.

        Raises:
            ConfigError: there is no such option, or the value is not one of its.
        """
        field = _FIELDS.get(" ".join(name.lower().split()))
        if field is None:
            raise ConfigError(f"expected the name of an option, got {name!r}")
        value = "" if value == EMPTY else value
        choices = _choices(type(self).model_fields[field])
        value = next((choice for choice in choices if choice.lower() == value.lower()), value)
        try:
            settings = self.model_validate(self.model_dump() | {field: value})
            settings.backend_values()
        except ValidationError as error:
            fault = error.errors()[0]
            raise ConfigError(f"{name}: {fault['msg']}, got {fault['input']!r}") from error
        return settings

    def backend_values(self) -> dict[str, int]:
        """Returns `BackendOptions` as numbers; raises ConfigError where it is malformed."""
        values = {}
        for part in self.backend_options.replace(",", " ").split():
            key, _, text = part.partition("=")
            if key not in ("threads", "batch") or not text.isdecimal() or int(text) < 1:
                raise ConfigError(
                    f"BackendOptions: expected threads=N or batch=N, separated by commas, got {part!r}"
                )
            values[key] = min(int(text), 4096)
        return values

    @property
    def level(self) -> Level | None:
        """What limits play; None for full strength."""
        return None if self.level_name == FULL.name else find_level(self.level_name)

    @property
    def cache_mb(self) -> int:
        """Memory of remembered evaluations, in MiB."""
        return self.hash_mb // _CACHE_SHARE

    @property
    def tree_mb(self) -> int:
        """Memory of the tree, in MiB."""
        return self.hash_mb - self.cache_mb


def declarations(settings: Settings) -> list[str]:
    """Returns the lines that declare every option, `settings` being the defaults."""
    lines = []
    for name, field in Settings.model_fields.items():
        value = getattr(settings, name)
        lines.append(f"option name {field.alias} type {_declare(field, value)}")
    return [*lines, "option name Clear Hash type button"]


def _declare(field: FieldInfo, value: Any) -> str:  # Any: of whatever type the field is
    if field.annotation is bool:
        return f"check default {str(value).lower()}"
    if field.annotation is int:
        least, most = (
            next(getattr(bound, name) for bound in field.metadata if hasattr(bound, name))
            for name in ("ge", "le")
        )
        return f"spin default {value} min {least} max {most}"
    if choices := _choices(field):
        return f"combo default {value} " + " ".join(f"var {choice}" for choice in choices)
    return f"string default {value or EMPTY}"


def _choices(field: FieldInfo) -> list[str]:
    """Returns what a Literal, or a union of them, may be; nothing for other types."""
    kinds = get_args(field.annotation)
    if get_origin(field.annotation) is Literal:
        return list(kinds)
    return [choice for kind in kinds for choice in get_args(kind)]


_FIELDS = {(field.alias or name).lower(): name for name, field in Settings.model_fields.items()}
