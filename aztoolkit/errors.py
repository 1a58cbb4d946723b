"""The exceptions a caller can expect; anything else that escapes is a bug.

    AztoolkitError
    ├── InputError                 something given to us is wrong: exit code 2, one line
    │   ├── ConfigError            an option, a profile or a config file
    │   ├── PositionError          a FEN or a move
    │   ├── ModelError             a model file: missing, truncated, of a foreign shape
    │   ├── CheckpointError        a checkpoint or a run folder
    │   └── DataError              replay shards, openings, positions
    ├── MachineError               this machine lacks something
    │   ├── MissingDependencyError a package of an extra that is not installed
    │   └── BusyPortError          the port to serve on is taken
    └── EvaluationError            a network answered with NaN or infinity

Messages say what was expected, what was got and how to mend it, in one line.
"""


class AztoolkitError(Exception):
    """Base of every error that is reported to the user as one line."""


class InputError(AztoolkitError):
    """Something that was given to us is wrong."""


class ConfigError(InputError):
    """An option, a profile or a config file is wrong."""


class PositionError(InputError):
    """A FEN does not describe a position, or a move is not legal in one."""


class ModelError(InputError):
    """A model file is missing, truncated, or not what its reader needs."""


class CheckpointError(InputError):
    """A checkpoint or a run folder is missing, truncated or inconsistent."""


class DataError(InputError):
    """Replay shards, openings or positions are missing or malformed."""


class MachineError(AztoolkitError):
    """This machine lacks something that the command needs."""


class MissingDependencyError(MachineError):
    """A package of an optional extra is not installed."""


class BusyPortError(MachineError):
    """The port to serve on is taken."""


class EvaluationError(AztoolkitError):
    """A network answered with NaN or infinity."""
