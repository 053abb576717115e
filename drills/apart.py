"""Asks one of `drills.workers`: a process of its own that dies with the drill and can be ended whatever it hangs in.

The question goes to its standard input as JSON and the answer comes from its standard output, so that no secret stands
in arguments or the environment. What it writes to standard error is thrown away: libraries repeat what they were given.
"""

import json
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final

from drills import tethered, workers
from glasswatch import programs, strict_json
from glasswatch.errors import NotMeasured

Ask = Callable[[str, Mapping[str, Any], Mapping[str, str], float], Awaitable[Any]]
"""Asks a worker: its name, the question, its environment, and how many seconds it has."""

_PLACE: Final = Path(workers.__file__).parent


async def ask(worker: str, question: Mapping[str, Any], environment: Mapping[str, str], seconds: float) -> Any:  # noqa: ANN401 - JSON
    """Return a worker's answer.

    Raises:
        TimeoutError: it did not answer in time, and was killed.
        NotMeasured: it can't be run, or did not answer.
    """
    argv = (sys.executable, "-P", str(_PLACE / f"{worker}.py"))
    ended = await tethered.run(argv, json.dumps(question).encode(), environment, seconds)
    if ended.status != 0 or ended.left:
        raise NotMeasured(f"what asks it broke off: {programs.how_it_ended(ended.status)}")
    try:
        return strict_json.parse(ended.stdout)
    except ValueError as error:
        raise NotMeasured(f"what asks it answered nonsense: {error}") from None
