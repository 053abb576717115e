"""`python false_clock.py FILE run --config SETTINGS`: a monitor whose wall clock is off by the seconds in a file.

Through the one port that time comes in by. libfaketime would do it for all of the process, and takes half a processor.
"""

import asyncio
import logging
import sys
from datetime import datetime, timedelta
from pathlib import Path

from glasswatch import logs
from glasswatch.clock import SystemClock
from glasswatch.settings.load import load
from monitor.daemon import Daemon
from monitor.loop import new_loop
from monitor.settings.root import MonitorSettings


class OffClock(SystemClock):
    """The machine's clocks, the wall clock set as the file says."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def now(self) -> datetime:
        """Return what it shows."""
        return super().now() + timedelta(seconds=float(self._file.read_text()))


def main(file: Path, config: Path) -> int:
    """Do what `monitor run` does."""
    logs.to_stderr(logging.INFO)
    settings = load(config, MonitorSettings)
    with asyncio.Runner(loop_factory=new_loop) as runner:
        return runner.run(Daemon(settings, OffClock(file)).run())


sys.exit(main(Path(sys.argv[1]), Path(sys.argv[4])))
