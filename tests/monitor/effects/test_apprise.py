"""The Apprise channel: the real library against a real server, and stand-ins for it that hang or are missing."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from glasswatch.secrets import SecretReference
from monitor.channels.apprise import MOST_HANGING, Apprise, make
from monitor.channels.context import ChannelContext
from monitor.errors import DeliveryFailed
from monitor.model.page import Page, PageKind, PageStatus
from monitor.rules.wording import text
from monitor.settings.channels import AppriseSettings
from tests.support.channels import ScriptedChannel
from tests.support.clock import ManualClock
from tests.support.pages import CONTEXT, page, routed
from tests.support.paging import living
from tests.support.receiver import Answer, receiving
from tests.support.waiting import until

SECRET = "t0ken-in-the-path"
# What Apprise's json:// service publishes: these members, all text but attachments.
MEMBERS = {"version", "title", "message", "attachments", "type"}
TYPES = {"info", "success", "warning", "failure"}


class StandIn:
    """Apprise's module, as far as it is used: `notify` does what a test says."""

    def __init__(self, notify: Callable[[], bool], *, knows: bool = True) -> None:
        self.notify_with = notify
        self.knows = knows
        self.calls: list[dict[str, Any]] = []
        self.addresses: list[str] = []

    def Apprise(self) -> "StandIn":  # noqa: N802 - the library's own name
        """Return what sends."""
        return self

    def add(self, address: str) -> bool:
        """Say whether the address is one."""
        self.addresses.append(address)
        return self.knows

    def notify(self, **call: str) -> bool:
        """Do as the test says."""
        self.calls.append(call)
        return self.notify_with()


def reference(directory: Path, address: str) -> SecretReference:
    """Return a reference to an address in a file."""
    file = directory / "address"
    file.write_text(address)
    file.chmod(0o600)
    return SecretReference(file=file)


def channel(directory: Path, address: str, timeout: str = "20s") -> Apprise:
    """Return a channel that uses the real library."""
    settings = AppriseSettings(url=reference(directory, address), timeout=timeout)
    return make("other", settings, ChannelContext(ManualClock(), lambda _: CONTEXT))


def standing_in(directory: Path, library: Callable[[], Any], timeout: timedelta = timedelta(seconds=20)) -> Apprise:
    """Return a channel that uses a stand-in."""
    settings = AppriseSettings(url=reference(directory, f"json://localhost/{SECRET}"), timeout=timeout)
    return Apprise("other", settings, ChannelContext(ManualClock(), lambda _: CONTEXT), library)


@contextmanager
def hanging() -> Iterator[StandIn]:
    """Yield a library that hangs until the block ends."""
    gate = threading.Event()
    try:
        yield StandIn(lambda: gate.wait(60))
    finally:
        gate.set()


@pytest.mark.parametrize(
    ("one", "kind"),
    [
        (page(), "failure"),
        (page(kind=PageKind.DEGRADED), "info"),
        (page(status=PageStatus.RESOLVED), "success"),
    ],
)
async def test_the_real_library_delivers_the_text(tmp_path: Path, one: Page, kind: str) -> None:
    """What the service gets is what its documentation says, and holds the whole page."""
    async with receiving() as receiver:
        other = channel(tmp_path, f"json://127.0.0.1:{receiver.port}/{SECRET}")
        assert await other.send(one, 1) == "taken by json"

    (got,) = receiver.received
    body = got.json()
    assert set(body) <= MEMBERS | {"attachments"}
    assert all(isinstance(body[name], str) for name in ("version", "title", "message", "type"))
    assert (body["type"], body["type"] in TYPES) == (kind, True)
    assert f"{body['title']}\n{body['message']}" == text(one, CONTEXT)


async def test_the_real_library_says_when_it_was_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Tried again later; neither the failure nor what is printed names the address."""
    async with receiving(default=Answer(500)) as receiver:
        other = channel(tmp_path, f"json://127.0.0.1:{receiver.port}/{SECRET}")
        with pytest.raises(DeliveryFailed, match=r"^other: json did not take it$") as caught:
            await other.send(page(), 1)

    assert not caught.value.is_permanent
    shown = capfd.readouterr()
    assert SECRET not in shown.out + shown.err


async def test_the_real_library_does_not_know_the_address(tmp_path: Path) -> None:
    """An address that Apprise can't read is not shown."""
    with pytest.raises(DeliveryFailed, match="an address that Apprise can't read did not take it"):
        await channel(tmp_path, f"no address, {SECRET}").send(page(), 1)


async def test_texts_are_cut_where_the_service_takes_less(tmp_path: Path) -> None:
    """The wish is added, unless the address has one of its own."""
    library = StandIn(lambda: True)
    for address in ("tgram://a/b", "tgram://a/b?silent=yes", "tgram://a/b?overflow=split"):
        settings = AppriseSettings(url=reference(tmp_path, address))
        await Apprise("other", settings, ChannelContext(ManualClock(), lambda _: CONTEXT), lambda: library).send(
            page(), 1
        )

    assert library.addresses == [
        "tgram://a/b?overflow=truncate",
        "tgram://a/b?silent=yes&overflow=truncate",
        "tgram://a/b?overflow=split",
    ]


async def test_without_the_extra_it_says_what_to_install(tmp_path: Path) -> None:
    """The page is tried again: somebody may install it."""

    def missing() -> Any:
        raise ImportError("no module of that name")

    with pytest.raises(DeliveryFailed, match="pipx inject glasswatch apprise") as caught:
        await standing_in(tmp_path, missing).send(page(), 1)
    assert not caught.value.is_permanent


async def test_what_hangs_ends_by_its_deadline_and_is_bounded(tmp_path: Path) -> None:
    """So many tries may hang at a time; then nothing more is begun until one of them ends."""
    with hanging() as library:
        other = standing_in(tmp_path, lambda: library, timedelta(milliseconds=50))
        for _ in range(MOST_HANGING):
            with pytest.raises(DeliveryFailed, match=r"did not answer within 0\.05 s"):
                await other.send(page(), 1)
        with pytest.raises(DeliveryFailed, match="4 earlier tries still hang"):
            await other.send(page(), 1)
        assert len(library.calls) == MOST_HANGING
    await until(lambda: other._hanging == 0)
    assert await other.send(page(), 1) == "taken by json"


async def test_one_that_hangs_holds_up_no_other_channel(tmp_path: Path) -> None:
    """Nor the loop: fifty pages pass beside it."""
    well = ScriptedChannel()
    with hanging() as library:
        stuck = standing_in(tmp_path, lambda: library)
        async with living({"stuck": stuck, "well": well}) as life:
            await life.decide(*(routed(page(f"key {number}"), "stuck", "well") for number in range(50)))
            await until(lambda: len(well.taken) == 50)
            await until(lambda: len(library.calls) == MOST_HANGING)


async def test_a_fault_of_the_library_is_no_refusal(tmp_path: Path) -> None:
    """What it raises is a failure like any other to the lane: the page is tried again."""

    def broken() -> bool:
        raise TypeError(SECRET)

    library = StandIn(broken)
    async with living({"other": standing_in(tmp_path, lambda: library)}) as life:
        await life.decide(routed(page(), "other"))
        await until(lambda: len(library.calls) > 3)
        assert life.outbox.pending == 1
