"""The command `describe`."""

from pathlib import Path

from aztoolkit.console import human_console, print_json
from aztoolkit.model_files import shipped_model
from export.cli.options import Flag


def describe(path: Path, /, *, json: Flag = False) -> int:
    """Show what a model, an lc0 network, a checkpoint or a run is, and what was found out about it.

    For example:
        aztoolkit describe runs/a/export/int8.onnx
        aztoolkit describe shipped
        aztoolkit describe maia-1500.pb.gz --json

    Parameters
    ----------
    path: Path
        A model (.onnx), a network (.pb.gz), a checkpoint (.safetensors), a run folder, or `shipped`: the
        network that comes with aztoolkit.
    json: bool
        Print one JSON document instead of text.
    """
    from export.describe import describe_path
    from export.describe.words import print_description

    document = describe_path(shipped_model(path))
    if json:
        print_json(document)
    else:
        print_description(document, human_console())
    return 0
