"""`bin/bench`: measure this server and its reference, print a table, write JSON."""

from __future__ import annotations

import argparse
import json
import resource
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import report
from benchmarks.installation import LoadFailed
from benchmarks.scenarios import SCENARIOS, Options, Run, Scenario

RESULTS = Path(__file__).parent / "results"
FILES_NEEDED = 12_000  # 10,000 sockets and more in one process; children inherit the limit


def arguments() -> argparse.Namespace:
    names = ", ".join(scenario.name for scenario in SCENARIOS)
    parser = argparse.ArgumentParser(
        prog="bin/bench",
        description="Start real servers, put them under load, and print what they did.",
        epilog=f"Scenarios: {names}.",
    )
    parser.add_argument("--quick", action="store_true", help="a short smoke run of all: no figures to quote")
    parser.add_argument(
        "--only", action="append", metavar="NAME", help="only scenarios whose name is or begins with this; repeatable"
    )
    parser.add_argument("--repeat", type=int, metavar="N", help="runs of each scenario (default: 3)")
    parser.add_argument("--seconds", type=float, metavar="S", help="seconds that are measured in a run (default: 5)")
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="where to write the JSON (default: benchmarks/results/)"
    )
    chosen = parser.parse_args()
    if chosen.only and (unknown := [word for word in chosen.only if not matching([word])]):
        parser.error(f"no scenario is called {', '.join(unknown)}. There are: {names}.")
    if (chosen.repeat is not None and chosen.repeat < 1) or (chosen.seconds is not None and chosen.seconds <= 0):
        parser.error("--repeat must be 1 or more, and --seconds more than 0.")
    return chosen


def matching(words: list[str] | None) -> list[Scenario]:
    """Return the scenarios that `--only` names; all without it."""
    if words is None:
        return list(SCENARIOS)
    exact = {scenario.name for scenario in SCENARIOS} & set(words)
    prefixes = tuple(word for word in words if word not in exact)
    return [each for each in SCENARIOS if each.name in exact or (prefixes and each.name.startswith(prefixes))]


def raise_file_limit() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < FILES_NEEDED:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(FILES_NEEDED, hard), hard))


def tell(text: str, end: str = "\n") -> None:
    """Progress goes to stderr, so that the table alone is on stdout."""
    print(text, end=end, file=sys.stderr, flush=True)


def measure(scenario: Scenario, options: Options) -> tuple[list[Run], str]:
    """Run a scenario, telling how it goes. What failed on the way is text beside the runs that ended before."""
    tell(f"{scenario.name} ({scenario.about}): ", end="")
    started = time.monotonic()
    runs = []
    first = scenario.figures[0]
    try:
        for run in scenario.runs(options):
            runs.append(run)
            tell(f"{report.number(run[first.key])}{'' if run.get('correct', True) else ' WRONG'}, ", end="")
    except (LoadFailed, RuntimeError) as error:  # the other scenarios are worth measuring all the same
        tell(f"failed: {error}")
        return runs, str(error)
    tell(f"{first.label}; took {time.monotonic() - started:.0f} s")
    return runs, ""


def main() -> int:
    chosen = arguments()
    options = Options(
        repeat=chosen.repeat or (1 if chosen.quick else 3),
        seconds=chosen.seconds or (1.0 if chosen.quick else 5.0),
        quick=chosen.quick,
    )
    raise_file_limit()
    # An ordinary end for SIGTERM too, so that every server is stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    about = report.machine()
    summaries: list[dict[str, Any]] = []
    failed: dict[str, str] = {}
    for scenario in matching(chosen.only):
        runs, problem = measure(scenario, options)
        if runs:
            summaries.append(report.summary(scenario, runs, judged=not options.quick))
        if problem:
            failed[scenario.name] = problem
    found = report.ratios(summaries, judged=not options.quick)
    print(report.table(summaries, found))
    print(f"\n{report.machine_line(about, options)}")
    for warning in report.warnings(summaries):
        print(warning)
    for name, error in failed.items():
        print(f"{name}: FAILED: {error.strip().splitlines()[-1]}")
    path = chosen.json or RESULTS / f"{datetime.now(UTC):%Y%m%d-%H%M%S}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = {"machine": about, "options": vars(options), "scenarios": summaries, "ratios": found, "failed": failed}
    path.write_text(json.dumps(whole, indent=1, ensure_ascii=False))
    print(f"JSON: {path}")
    if failed or not all(each["correct"] for each in summaries):
        return 1
    judged = [figure["met"] for each in summaries for figure in each["figures"]] + [each["met"] for each in found]
    return 1 if False in judged else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
