"""The question "is it us?"."""

import asyncio
import logging
from collections.abc import Mapping

import pytest

from monitor.controls import make
from monitor.settings.controls import ControlSettings
from platforms.transport.reach import Network
from tests.servers.http import answer, answering, closing, silent, then_hanging
from tests.servers.raw import Script, serving
from tests.support.leaping import leap
from tests.support.network import network
from tests.support.tls import Authority, Certificate, authority, certificate, stranger
from tests.support.waiting import until

__all__ = ["authority", "certificate", "network", "stranger"]


def _control(url: str, authority: Authority, timeout: str = "30s") -> ControlSettings:
    trust: Mapping[str, object] = {"ca_file": str(authority.ca_file)}
    return ControlSettings.model_validate({"url": url, "tls": trust, "timeout": timeout})


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(answering(answer(200)), id="good"),
        pytest.param(answering(answer(503)), id="down itself"),
        pytest.param(answering(answer(405)), id="method not allowed"),
        pytest.param(answering(answer(301, headers=[("Location", "https://elsewhere.example/")])), id="redirect"),
        pytest.param(then_hanging(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"), id="large"),
    ],
)
async def test_any_answer_counts(
    network: Network, authority: Authority, certificate: Certificate, script: Script
) -> None:
    """Whatever a control says, it was reached."""
    async with serving(script, certificate.context()) as server:
        assert await make([_control(server.url(), authority)], network).ask() is True


async def test_silence_is_no(network: Network, authority: Authority, certificate: Certificate) -> None:
    """Closed, refused, silent and stood for by a stranger: none of them is an answer."""
    async with serving(closing, certificate.context()) as closed, serving(silent, certificate.context()) as hung:
        controls = [
            _control(closed.url(), authority),
            _control("https://127.0.0.1:1/", authority),
            _control(hung.url(), authority, timeout="1s"),
            _control("https://control.invalid/", authority, timeout="1s"),
        ]
        assert await make(controls, network).ask() is False


async def test_a_stranger_is_no_answer(network: Network, authority: Authority, stranger: Authority) -> None:
    """A portal that catches every connection can't show the right certificate."""
    async with serving(answering(answer(200)), stranger.issue().context()) as server:
        assert await make([_control(server.url(), authority)], network).ask() is False


async def test_the_first_answer_is_enough(network: Network, authority: Authority, certificate: Certificate) -> None:
    """Others that hang are not waited for, and are left at once."""
    async with (
        serving(silent, certificate.context()) as hung,
        serving(answering(answer(200)), certificate.context()) as good,
    ):
        controls = make([_control(hung.url(), authority), _control(good.url(), authority)], network)
        async with asyncio.timeout(20):
            assert await controls.ask() is True
        assert not [task for task in asyncio.all_tasks() if "_answers" in repr(task.get_coro())]


async def test_all_are_asked_at_once(network: Network, authority: Authority, certificate: Certificate) -> None:
    """The time for all is the time for one."""
    async with serving(silent, certificate.context()) as hung:
        asking = asyncio.create_task(make([_control(hung.url(), authority, timeout="30s")] * 5, network).ask())
        await until(lambda: hung.connections == 5)
        leap(30)
        assert await asking is False


async def test_no_controls_always_say_yes(network: Network) -> None:
    """`controls: none`: this machine is never the one to blame."""
    assert await make([], network).ask() is True


async def test_silence_is_logged(network: Network, authority: Authority, caplog: pytest.LogCaptureFixture) -> None:
    """Why a control kept silent can be read in the log."""
    with caplog.at_level(logging.INFO, "glasswatch.controls"):
        await make([_control("https://127.0.0.1:1/", authority)], network).ask()
    (record,) = caplog.records
    assert record.message == "control_silent"
    assert record.__dict__["fields"] == {"url": "https://127.0.0.1:1/", "why": "the connection was refused"}


async def test_asking_can_be_cancelled(network: Network, authority: Authority, certificate: Certificate) -> None:
    """A question that is no longer of interest ends, with all its connections."""
    async with serving(silent, certificate.context()) as hung:
        task = asyncio.create_task(make([_control(hung.url(), authority)] * 3, network).ask())
        await until(lambda: hung.connections == 3)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
