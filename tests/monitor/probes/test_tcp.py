"""The `tcp` probe: what is said on one connection, and what each way of saying something else is worth."""

import asyncio
import socket
import ssl
from typing import Any

import pytest

from monitor.model.outcome import Outcome, Warn
from monitor.probes.context import ProbeContext
from platforms.transport import conversation
from platforms.transport.tape import Tape
from tests.servers import raw
from tests.servers.handmade_tls import deaf, shaking
from tests.servers.raw import Script, Talk, serving
from tests.servers.starttls import WORDS, answering, speaking
from tests.support.sockets import attempt, probe, told
from tests.support.tls import Authority, Certificate

SHORT = "2s"


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have what breaks off waited for as long as it takes."""
    monkeypatch.setattr(conversation, "QUIET_SECONDS", 3600.0)


def _saying(*pieces: bytes, ends: str = "hang", every: float = 0.0) -> Script:
    async def script(talk: Talk) -> None:
        for piece in pieces:
            await talk.say(piece)
            await asyncio.sleep(every)
        if ends == "reset":
            talk.reset()
        elif ends == "hang":
            await talk.hang()

    return script


def _echo(heard: list[bytes], answer: bytes) -> Script:
    async def script(talk: Talk) -> None:
        await talk.say(b"220 hello\r\n")
        heard.append(await talk.reader.readline())
        await talk.say(answer)
        heard.append(await talk.reader.readline())
        await talk.hang()

    return script


async def _outcome(context: ProbeContext, script: Script, behind: ssl.SSLContext | None = None, **more: Any) -> Outcome:
    async with serving(script, behind) as server:
        return await attempt(context, "tcp", server.port, **more)


async def test_connecting_is_enough(context: ProbeContext) -> None:
    """Without steps nothing need be said."""
    outcome = await _outcome(context, raw.Talk.hang)
    assert told(outcome) == ("good", "ok", "connected")
    assert set(outcome.phases) == {"connect"}


async def test_nobody_listens(context: ProbeContext) -> None:
    """A refusal says so."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        outcome = await attempt(context, "tcp", free.getsockname()[1])
    assert told(outcome) == ("bad", "connect_refused", "the connection was refused")


async def test_a_name_that_does_not_exist(context: ProbeContext) -> None:
    """It is the name that is wrong."""
    outcome = await attempt(context, "tcp", 80, host="nowhere.invalid")
    assert outcome.reason in ("resolve_failed", "own_fault")


async def test_steps_are_said_to_and_fro(context: ProbeContext) -> None:
    """Escapes are bytes, each pattern is waited for, and the last words are sent without waiting."""
    heard: list[bytes] = []
    steps = [
        {"expect": "^220 "},
        {"send": r"HELLO\x20\\\r\n", "expect": "(?m)^250 .*\r\n"},
        {"send": "QUIT\r\n"},
    ]
    async with serving(_echo(heard, b"250-a\r\n250 b\r\n")) as server:
        outcome = await attempt(context, "tcp", server.port, steps=steps)
        async with asyncio.timeout(10):
            while len(heard) < 2:  # noqa: ASYNC110 - the server reads on after the probe has gone
                await asyncio.sleep(0.01)
    assert told(outcome) == ("good", "ok", "connected, 3 steps held")
    assert heard == [b"HELLO \\\r\n", b"QUIT\r\n"]
    assert set(outcome.phases) == {"connect", "processing", "transfer"}


async def test_how_an_answer_is_cut_up_does_not_matter(context: ProbeContext) -> None:
    """Two answers in one piece are two, and one in many pieces is one."""
    steps = [{"expect": "one\n"}, {"expect": "^two\n"}, {"expect": "^th"}, {"expect": "^ree"}]
    for script in (_saying(b"zero one\ntwo\nthree"), _saying(*(bytes([byte]) for byte in b"one\ntwo\nthree"))):
        assert told(await _outcome(context, script, steps=steps)) == ("good", "ok", "connected, 4 steps held")


async def test_a_pattern_is_of_bytes(context: ProbeContext) -> None:
    r"""`\xff` is that byte, wherever it stands."""
    outcome = await _outcome(context, _saying(b"\x00\xfe\xff\x80"), steps=[{"expect": r"\xff\x80$"}])
    assert outcome.is_good


@pytest.mark.parametrize(
    ("script", "steps", "words"),
    [
        (_saying(), [{"expect": "x"}], ("timeout", "no answer within 2 s, waiting for step 1")),
        (
            _saying(b"one"),
            [{"expect": "one"}, {"send": "a", "expect": "two"}],
            ("timeout", "no answer within 2 s, waiting for the answer to step 2"),
        ),
        (
            _saying(b"hunter2"),
            [{"expect": "one"}],
            ("answer", "what is said in step 1 does not match its pattern within 2 s"),
        ),
        (
            _saying(*[b"x"] * 1000, every=0.02),
            [{"expect": "y"}],
            ("answer", "what is said in step 1 does not match its pattern within 2 s"),
        ),
    ],
    ids=["silent", "silent-later", "wrong", "dribbling"],
)
async def test_waiting_in_vain(context: ProbeContext, script: Script, steps: Any, words: tuple[str, str]) -> None:
    """Silence is a timeout that names the step; something else said is a wrong answer, and is not repeated."""
    outcome = await _outcome(context, script, steps=steps, timeout=SHORT)
    assert told(outcome) == ("bad", *words)


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (_saying(ends="close"), ("connection_lost", "the connection was closed, waiting for step 1")),
        (
            _saying(b"no", ends="close"),
            ("answer", "what is said in step 1 does not match its pattern, and the connection was closed"),
        ),
        (
            _saying(b"no", every=0.01, ends="reset"),
            ("connection_lost", "the connection was reset before the answer was whole"),
        ),
        (_saying(*[b"x" * 4096] * 100), ("too_large", "more than 16384 bytes came, waiting for step 1")),
    ],
    ids=["closed", "closed-on-wrong", "reset", "endless"],
)
async def test_what_ends_without_an_answer(context: ProbeContext, script: Script, words: tuple[str, str]) -> None:
    """Each end has its own reason."""
    assert told(await _outcome(context, script, steps=[{"expect": "y"}])) == ("bad", *words)


async def test_secrets_are_sent_and_never_shown(context: ProbeContext, monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret is put in as it is."""
    monkeypatch.setenv("PASSWORD", r"hunter2\r${x}")
    heard: list[bytes] = []
    step = {"send": r"PASS ${password}\r\n", "expect": "^230", "refused": "^530"}
    settings: dict[str, Any] = {"steps": [{"expect": "\n"}, step], "secrets": {"password": {"env": "PASSWORD"}}}
    outcome = await _outcome(context, _echo(heard, b"230 in\r\n"), **settings)
    assert outcome.is_good
    assert heard[0] == b"PASS hunter2\\r${x}\r\n"
    assert "hunter2" not in repr(probe(context, "tcp", host="127.0.0.1", port=1, **settings).__dict__)


async def test_a_secret_that_is_refused_is_not_measured(context: ProbeContext, monkeypatch: pytest.MonkeyPatch) -> None:
    """The credential is wrong, not the platform; and what is kept of it is dropped."""
    monkeypatch.setenv("PASSWORD", "hunter2")
    step = {"send": r"PASS ${password}\r\n", "expect": "^230", "refused": "^530"}
    settings: dict[str, Any] = {"steps": [{"expect": "\n"}, step], "secrets": {"password": {"env": "PASSWORD"}}}
    outcome = await _outcome(context, _echo([], b"530 no\r\n"), **settings)
    assert told(outcome) == ("not_measured", "credentials_refused", "step 2: our own credential was refused")


@pytest.mark.parametrize(("value", "words"), [(None, "it is not set"), ("a\r\nDELE 1", "it holds a line end or NUL")])
async def test_a_secret_that_cannot_be_sent(
    context: ProbeContext, monkeypatch: pytest.MonkeyPatch, value: str | None, words: str
) -> None:
    """Nothing is connected to: it is not measured."""
    if value is not None:
        monkeypatch.setenv("PASSWORD", value)
    step = {"send": "${password}", "expect": "a", "refused": "b"}
    async with serving(raw.Talk.hang) as server:
        secrets = {"password": {"env": "PASSWORD"}}
        outcome = await attempt(context, "tcp", server.port, steps=[step], secrets=secrets)
        assert server.connections == 0
    assert (outcome.kind, outcome.reason) == ("not_measured", "secret_unavailable")
    assert words in outcome.detail


async def test_tls_from_the_first_byte(context: ProbeContext, authority: Authority, certificate: Certificate) -> None:
    """The handshake counts as its phase, the certificate's end is told, and steps go on inside."""
    tls = {"ca_file": str(authority.ca_file)}
    settings: dict[str, Any] = {"tls": tls, "steps": [{"expect": "^hello"}], "warn": {"tls_days_left": 90}}
    outcome = await _outcome(context, _saying(b"hello"), certificate.context(), **settings)
    assert told(outcome) == ("good", "ok", "connected, TLSv1.3, 1 step held")
    assert set(outcome.phases) == {"connect", "tls", "processing", "transfer"}
    assert outcome.tls_expiry_at == certificate.ends_at
    assert outcome.warnings == (Warn.TLS_DAYS_LEFT,)


@pytest.mark.usefixtures("patience")
@pytest.mark.parametrize(
    ("then", "reason"),
    [
        (deaf, "ok"),
        (_saying(ends="close"), "connection_lost"),
        (_saying(ends="reset"), "connection_lost"),
        (_saying(b"\x17\x03\x03\x00\x01x"), "tls_failed"),
    ],
    ids=["deaf", "closes", "resets", "babbles"],
)
async def test_what_follows_a_handshake_without_steps(
    context: ProbeContext,
    authority: Authority,
    certificate: Certificate,
    then: Script,
    reason: str,
) -> None:
    """Nobody owes us a word; leaving us is a failure, and so is what isn't TLS any more."""
    tls = {"ca_file": str(authority.ca_file)}
    outcome = await _outcome(context, shaking(certificate.context(), then), tls=tls)
    assert outcome.reason == reason


async def test_silence_is_good_however_short_the_time(
    context: ProbeContext, authority: Authority, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Listening before and after the goodbye takes half of what is left, and is not the server's time."""
    monkeypatch.setattr(conversation, "QUIET_SECONDS", 3600.0)
    monkeypatch.setattr(conversation, "PARTING_SECONDS", 3600.0)
    tls = {"ca_file": str(authority.ca_file)}
    begun = asyncio.get_running_loop().time()
    outcome = await _outcome(context, shaking(certificate.context(), deaf), tls=tls, timeout="4s")
    listened = asyncio.get_running_loop().time() - begun - outcome.duration_seconds
    assert told(outcome) == ("good", "ok", "connected, TLSv1.3")
    assert listened > 1


async def test_a_certificate_that_is_not_accepted(context: ProbeContext, stranger: Authority) -> None:
    """As with `http`."""
    outcome = await _outcome(context, raw.Talk.hang, stranger.issue().context(), tls={})
    assert outcome.reason == "tls_failed"
    assert outcome.detail.startswith("certificate not accepted: unable to get local issuer certificate")


async def test_tls_is_spoken_to_who_does_not(context: ProbeContext) -> None:
    """A greeting in clear is no handshake."""
    outcome = await _outcome(context, _saying(b"220 hello\r\n"), tls={})
    assert told(outcome) == ("bad", "tls_failed", "the server did not answer in TLS")


@pytest.mark.parametrize("protocol", WORDS)
async def test_each_protocol_goes_over_to_tls(
    context: ProbeContext, authority: Authority, certificate: Certificate, protocol: str
) -> None:
    """What was said in clear is over; steps speak inside TLS."""
    tls = {"ca_file": str(authority.ca_file)}
    script = speaking(protocol, certificate.context(), b"inside")
    outcome = await _outcome(context, script, starttls=protocol, tls=tls, steps=[{"expect": "^inside"}])
    assert told(outcome) == ("good", "ok", "connected, TLSv1.3, 1 step held")
    outcome = await _outcome(context, speaking(protocol, certificate.context()), starttls=protocol, tls=tls)
    assert told(outcome) == ("good", "ok", "connected, TLSv1.3")


@pytest.mark.parametrize("protocol", WORDS)
async def test_more_in_clear_after_the_yes_is_refused(
    context: ProbeContext, authority: Authority, protocol: str
) -> None:
    """Somebody in between would like it to be read as if it had come encrypted."""
    turns = WORDS[protocol][1]
    script = answering(protocol, len(turns), turns[-1][1] + b"250 injected\r\n")
    outcome = await _outcome(context, script, starttls=protocol, tls={"ca_file": str(authority.ca_file)})
    assert told(outcome) == ("bad", "answer", "the server says more in clear after it agreed to TLS")


@pytest.mark.parametrize(
    ("protocol", "turn", "answer", "words"),
    [
        ("smtp", 0, b"554 hunter2\r\n", "the greeting is 554, expected 220"),
        ("smtp", 1, b"250-hunter2\r\n250 SIZE\r\n", "the server does not offer STARTTLS"),
        ("smtp", 2, b"454 hunter2\r\n", "the answer to STARTTLS is 454, expected 220"),
        (
            "imap",
            0,
            b"* PREAUTH\r\n",
            "the server greets as if we were signed in already, where TLS can't start any more",
        ),
        ("pop3", 1, b"-ERR\r\n", "the answer to STLS is an error"),
        ("ftp", 1, b"530 no\r\n", "the answer to AUTH TLS is 530, expected 234"),
        ("postgres", 1, b"N", "the server does not offer TLS"),
        ("ldap", 1, b"hunter2" * 20, "what the server says is not LDAP"),
    ],
)
async def test_a_refusal_of_tls_is_bad(
    context: ProbeContext, protocol: str, turn: int, answer: bytes, words: str
) -> None:
    """What is said in clear is never taken for the platform."""
    outcome = await _outcome(context, answering(protocol, turn, answer), starttls=protocol)
    assert told(outcome) == ("bad", "answer", words)


@pytest.mark.parametrize(
    ("turn", "answer", "ends", "words"),
    [
        (0, b"", "hang", ("timeout", "no answer within 2 s, waiting for the greeting")),
        (1, b"250-half\r\n", "hang", ("timeout", "no answer within 2 s, waiting for the answer to EHLO")),
        (2, b"", "hang", ("timeout", "no answer within 2 s, waiting for the answer to STARTTLS")),
        (0, b"", "close", ("connection_lost", "the connection was closed, waiting for the greeting")),
        (1, b"250-half\r\n", "close", ("connection_lost", "the connection was closed, waiting for the answer to EHLO")),
        (2, b"", "reset", ("connection_lost", "the connection was reset before the answer was whole")),
        (2, b"220 yes\r\n", "hang", ("timeout", "no answer within 2 s, waiting for the TLS handshake")),
        (2, b"220 yes\r\n", "close", ("connection_lost", "the connection was closed during the TLS handshake")),
        (0, b"220-" + b"x" * 20000, "hang", ("too_large", "more than 16384 bytes came, waiting for the greeting")),
    ],
)
async def test_a_dialogue_that_stops(
    context: ProbeContext, turn: int, answer: bytes, ends: str, words: tuple[str, str]
) -> None:
    """Wherever it stops, the outcome says where."""
    timeout = SHORT if ends == "hang" and words[0] == "timeout" else "10s"
    outcome = await _outcome(context, answering("smtp", turn, answer, ends=ends), starttls="smtp", timeout=timeout)
    assert told(outcome) == ("bad", *words)


async def test_an_error_of_postgres_that_breaks_off(context: ProbeContext) -> None:
    """An error that is not whole is one all the same."""
    outcome = await _outcome(context, answering("postgres", 1, b"E\0\0", ends="close"), starttls="postgres")
    assert told(outcome) == ("bad", "answer", "the server answers with an error, and the connection was closed")


async def test_a_tape_takes_what_the_server_says(context: ProbeContext) -> None:
    """As it came."""
    tape = Tape()
    taping = ProbeContext(context.network, context.secrets, tape=tape)
    await _outcome(taping, _saying(b"220 hello\r\n"), steps=[{"expect": "\n"}])
    assert bytes(tape.said) == b"220 hello\r\n"
