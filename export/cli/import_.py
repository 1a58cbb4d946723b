"""The command `import`."""

from pathlib import Path
from typing import TYPE_CHECKING

from aztoolkit.console import human_console, print_json
from export.cli.options import Flag, Output, check_target
from export.cli.written import show_written

if TYPE_CHECKING:
    from aztoolkit.model import ModelSpec


def import_(network: Path, /, *, output: Output = None, json: Flag = False) -> int:
    """Make a model of a network of Leela Chess Zero: residual towers, with or without squeeze-excitation.

    For example:
        aztoolkit import maia-1500.pb.gz
        aztoolkit import maia-1500.pb.gz -o models/maia.onnx --json

    Parameters
    ----------
    network: Path
        The network (.pb.gz).
    output: Path
        The file to write; without it beside the network, under the same name.
    json: bool
        Print one JSON document instead of text.
    """
    from export.lc0.importer import default_target, import_network, read_source

    console = human_console(json_output=json)
    target = output or default_target(network)
    check_target(target, network)
    source = read_source(network)
    spec = import_network(source, target)
    console.print(_describe_network(spec), soft_wrap=True)
    if source.has_moves_left:
        console.print("left out the moves-left head: models have no place for it", soft_wrap=True)
    report = show_written(target, spec, console)
    if json:
        dropped = ["moves_left"] if source.has_moves_left else []
        print_json({"network": str(network), "dropped": dropped, "model": report})
    return 0


def _describe_network(spec: "ModelSpec") -> str:
    network = spec.network
    squeeze = "with" if network["se_channels"] else "without"
    return (
        f"{network['blocks']} blocks of {network['filters']} filters {squeeze} squeeze-excitation, "
        f"{network['policy']} policy, {network['value']} value, {spec.training_step:,} training steps"
    )
