"""Pages through one of the services that Apprise knows. The library is an extra, and imported when it is needed.

- Apprise blocks, and bounds its requests by itself; here each try has a thread of its own beside the loop, and a
  deadline. What hangs past it is left behind: no more than `MOST_HANGING` at a time, and no other channel waits.
- It says whether it got through, and hardly why: nothing is held to be refused for good, every failure is tried again.
- The service is given the text of a page; whoever takes less of it gets its beginning, where what matters stands.
- Its address holds secrets: Apprise's own log is not shown, and messages name the kind of service only.
"""

import importlib
import logging
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from glasswatch.sidethread import SideThread
from monitor.channels import answers
from monitor.channels.context import ChannelContext
from monitor.errors import DeliveryFailed
from monitor.model.page import Page
from monitor.probes.secrets import KeptSecrets
from monitor.rules import severities, wording
from monitor.settings.channels import AppriseSettings
from monitor.settings.extras import APPRISE, NO_APPRISE

MOST_HANGING: Final = 4
_LONGEST_SCHEME: Final = 20


def make(name: str, settings: AppriseSettings, context: ChannelContext) -> "Apprise":
    """Return the channel. Touches neither network nor secret, and imports nothing yet."""
    return Apprise(name, settings, context)


class Apprise:
    """A `monitor.ports.Channel`. `library` imports Apprise, and stands in for it in tests."""

    def __init__(
        self,
        name: str,
        settings: AppriseSettings,
        context: ChannelContext,
        library: Callable[[], Any] = lambda: importlib.import_module(APPRISE),
    ) -> None:
        self._name = name
        self._settings = settings
        self._context = context
        self._library = library
        self._secrets = KeptSecrets(context.clock)
        self._hanging = 0
        self._lock = threading.Lock()

    async def send(self, page: Page, attempt: int) -> str:  # noqa: ARG002 - the port's signature
        """Deliver; the receipt names the kind of service. Apprise hands on nothing else.

        Raises:
            DeliveryFailed: it did not get through, or nobody knows.
        """
        address = await answers.secret(self._secrets, self._settings.url, self._name)
        shown = f"{self._name}: {_scheme(address)}"
        title, _, body = wording.text(page, self._context.describe(page)).partition("\n")
        kind = severities.for_apprise(page)

        def notify() -> bool:
            return self._notify(address, title, body, kind)

        try:
            is_taken = await self._beside(notify, shown)
        except ImportError:
            raise DeliveryFailed(f"{self._name} not asked: it {NO_APPRISE}") from None
        if not is_taken:
            raise DeliveryFailed(f"{shown} did not take it")
        return f"taken by {_scheme(address)}"

    async def aclose(self) -> None:
        """Hold nothing."""

    async def _beside(self, work: Callable[[], bool], shown: str) -> bool:
        """Have it done in a thread of its own.

        Raises:
            DeliveryFailed: it did not end in time.
        """
        if self._hanging >= MOST_HANGING:
            raise DeliveryFailed(f"{shown} not asked: {self._hanging} earlier tries still hang")
        timeout: timedelta = self._settings.timeout
        try:
            return await SideThread(f"apprise {self._name}").run(lambda: self._counted(work), timeout)
        except TimeoutError:
            raise DeliveryFailed(f"{shown} did not answer within {timeout.total_seconds():g} s") from None

    def _counted(self, work: Callable[[], bool]) -> bool:
        """Do it, counted among what hangs until it ends; in the thread."""
        with self._lock:
            self._hanging += 1
        try:
            return work()
        finally:
            with self._lock:
                self._hanging -= 1

    def _notify(self, address: str, title: str, body: str, kind: str) -> bool:
        """Have Apprise send it; in the thread."""
        library = self._library()
        logger = logging.getLogger("apprise")  # it names addresses: what it says stays with it
        logger.propagate = False
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())
        sender = library.Apprise()
        if not sender.add(_bounded(address)):
            return False
        return bool(sender.notify(title=title, body=body, notify_type=kind, body_format="text"))


def _bounded(address: str) -> str:
    """Return the address with the wish that a text that is too long is cut, unless it says otherwise."""
    if "overflow=" in address:
        return address
    return f"{address}{'&' if '?' in address else '?'}overflow=truncate"


def _scheme(address: str) -> str:
    scheme = address.partition("://")[0].strip().lower()
    is_sound = scheme.isascii() and scheme.isalnum() and len(scheme) <= _LONGEST_SCHEME and "://" in address
    return scheme if is_sound else "an address that Apprise can't read"
