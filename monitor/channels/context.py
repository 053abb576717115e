"""What every channel is built with, whatever its type."""

from collections.abc import Callable
from dataclasses import dataclass

from glasswatch.clock import Clock
from monitor.model.page import Page, PageContext


@dataclass(frozen=True, slots=True)
class ChannelContext:
    """`describe` returns what a person needs beside a page, as it stands now; it must return at once and not raise."""

    clock: Clock
    describe: Callable[[Page], PageContext]
