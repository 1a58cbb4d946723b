"""`aztoolkit train --benchmark`: measures, saves, shows."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.table import Table

from aztoolkit import __version__
from aztoolkit.console import human_console, print_json, progress_console
from aztoolkit.files import write_json
from aztoolkit.hardware import probe_cpu, probe_gpus
from train.benchmark import Plan, benchmark_training
from train.benchmark_settings import BenchmarkSettings
from train.config import DEFAULT_PROFILE, resolve_fresh
from train.device import check_device

FILE = "benchmark-{}.json"
_WHOLE_FROM = 100
_LABELS = {
    "positions_per_s": "positions/s",
    "minutes_for_10000_positions": "minutes for 10,000 positions",
    "games_per_hour": "games/hour",
    "evals_per_s": "evaluations/s",
    "raw_evals_per_s": "bare network, evaluations/s",
    "efficiency": "share of the bare network's",
    "fill_rate": "batches filled",
    "latency_ms": "latency, ms",
    "utilisation": "device at work",
    "train_steps_per_s": "learner steps/s",
    "peak_memory_mib": "peak memory, MiB",
    "peak_device_memory_mib": "peak memory of the GPU, MiB",
}


def run_benchmark(
    profile: str | None,
    options: Mapping[str, Any],
    settings: BenchmarkSettings,
    *,
    json_output: bool,
) -> int:
    """Measures what a run with these settings would do, shows it and writes it down; touches no run.

    Raises:
        ConfigError: a setting is unknown or wrong.
        MachineError: the device of the config is not there.
        InputError: the file cannot be written.
    """
    config = resolve_fresh(profile, options)
    check_device(config.device)
    name = profile or DEFAULT_PROFILE
    output = settings.benchmark_output or Path(FILE.format(Path(name).stem))
    console = progress_console()
    plan = Plan(settings.seconds, settings.steps, settings.baseline)
    figures = benchmark_training(config, plan, lambda line: console.print(line, markup=False))
    report = {
        "benchmark": "training",
        "profile": name,
        **figures,
        "cpu": vars(probe_cpu()),
        "gpus": [vars(gpu) for gpu in probe_gpus()],
        "aztoolkit": __version__,
    }
    # Shown first: what took minutes to measure is not lost where the file cannot be written.
    if json_output:
        print_json(report)
    else:
        human_console().print(_table(report))
    write_json(output, report)
    if not json_output:
        human_console().print(f"figures: {output}", markup=False, soft_wrap=True)
    return 0


def _table(report: Mapping[str, Any]) -> Table:
    baseline = report.get("baseline", {})
    table = Table(title=f"training, {report['simulations']} simulations, {report['precision']}")
    table.add_column("")
    table.add_column("aztoolkit", justify="right")
    if baseline:
        table.add_column("starting point", justify="right")
    for name, label in _LABELS.items():
        if name in report:
            cells = [_text(report[name])] + ([_text(baseline.get(name))] if baseline else [])
            table.add_row(label, *cells)
    if baseline:
        table.caption = f"{report['speedup']:.1f} times as fast"
    return table


def _text(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= _WHOLE_FROM else f"{value:,.3g}"
