"""`python -m benchmarks.load SCENARIO PARAMETERS`: run one load, print its figures as JSON.

A process of its own, so that what the runner does never costs the client a millisecond, and so
that the client's processor time can be told from everything else's.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import uvloop

from benchmarks.load import fanout, idle, presence, sends, tutorial

LOADS: dict[str, Callable[..., Awaitable[dict[str, Any]]]] = {
    "fanout": fanout.run,
    "fanout-tutorial": tutorial.run,
    "idle": idle.run,
    "presence": presence.run,
    "latency": sends.at_a_steady_rate,
    "sends": sends.at_full_speed,
}


async def main() -> None:
    name, parameters = sys.argv[1:]
    print(json.dumps(await LOADS[name](**json.loads(parameters))))


uvloop.run(main())
