"""A program that is told of every head: one line of JSON on its standard input, a receipt on its standard output.

The line is `{"act", "run", "seq", "hash"}`; at `open` also what is about to be run, at `close` how it ended. It
may take 10 s, and must end with status 0. The first line that it prints, if any, is the receipt.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Final

from drills import tethered
from drills.model.event import Head
from drills.ports import Closing, OpeningFacts
from glasswatch import programs
from glasswatch.errors import NotMeasured

SECONDS: Final = 10.0
_LONGEST_RECEIPT: Final = 16 * 1024


class CommandWitness:
    """A `drills.ports.Witness` that is a program."""

    name = "witness"

    def __init__(self, command: Sequence[str], seconds: float = SECONDS) -> None:
        self._command = tuple(command)
        self._seconds = seconds

    async def open(self, facts: OpeningFacts, head: Head) -> str:
        """Tell of a run that is about to begin."""
        run = facts.run
        said = {
            "scenario": run.scenario,
            "title": facts.title,
            "owner": facts.owner,
            "platform": run.platform,
            "deployment": run.deployment,
            "operator": run.operator,
            "scenario_sha256": facts.scenario_sha256,
            "cadence": facts.cadence,
            "real": facts.real,
            "until": facts.until.isoformat(),
        }
        return await self._told("open", run.id, head, said)

    async def tell(self, run: str, head: Head) -> str:
        """Tell of a head."""
        return await self._told("head", run, head, {})

    async def close(self, run: str, closing: Closing, head: Head) -> str:
        """Tell of a run's end."""
        said = {
            "verdict": str(closing.verdict),
            "why": closing.why,
            "spans": {str(span): seconds for span, seconds in closing.spans},
            "findings": {str(severity): count for severity, count in closing.findings},
            "residue": list(closing.residue),
        }
        return await self._told("close", run, head, said)

    async def _told(self, act: str, run: str, head: Head, said: Mapping[str, object]) -> str:
        line = json.dumps({"act": act, "run": run, "seq": head.seq, "hash": head.hash, **said}) + "\n"
        program = self._command[0]
        try:
            ended = await tethered.run(self._command, line.encode(), {"GLASSWATCH_RUN": run}, self._seconds)
        except TimeoutError:
            raise NotMeasured(f"the witness {program} did not end within {self._seconds:g} s") from None
        if ended.status != 0:
            raise NotMeasured(f"the witness {program}: {programs.how_it_ended(ended.status)}")
        receipt = ended.stdout.decode("ascii", "replace").partition("\n")[0].strip()
        if len(receipt) > _LONGEST_RECEIPT or not receipt.isprintable():
            raise NotMeasured(f"the witness {program} printed something that is no receipt")
        return receipt
