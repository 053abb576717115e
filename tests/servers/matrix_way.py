"""Rows of the matrix: TLS, redirects and statuses."""

import ssl
from datetime import timedelta
from typing import Any

from monitor.model.outcome import Reason, Warn
from tests.servers.http import OK, answer, answering, closing, silent, then_hanging
from tests.servers.matrix import BAD, GOOD, NOT_MEASURED, Found, Row
from tests.servers.raw import Script, Talk
from tests.support.tls import Authority

_DAY = timedelta(days=1)
_FINE = (GOOD, Reason.OK, "status 200")
_CREDENTIAL: dict[str, Any] = {"headers": {"Authorization": {"file": "token"}}}


def _shown(authority: Authority) -> ssl.SSLContext:
    return authority.issue().context()


def _tls(words: str) -> Found:
    return (BAD, Reason.TLS_FAILED, words)


def _certificate(words: str) -> Found:
    return _tls(f"certificate not accepted: {words}")


def _old(authority: Authority) -> ssl.SSLContext:
    context = _shown(authority)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


def _asking(authority: Authority) -> ssl.SSLContext:
    context = _shown(authority)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority.ca_file)
    return context


def _alerting(alert: int) -> Script:
    """Answer the first part of a handshake with a fatal alert (RFC 8446, 6), as a server of TLS 1.1 does."""

    async def script(talk: Talk) -> None:
        await talk.reader.read(1000)
        await talk.say(b"\x15\x03\x02\0\x02\x02" + bytes((alert,)))
        await talk.hang()

    return script


async def _old_hello(talk: Talk) -> None:
    """Choose TLS 1.0 and one of its ciphers: no server that still runs does it politely."""
    await talk.reader.read(1000)
    chosen = b"\x03\x01" + bytes(32) + b"\0" + b"\x00\x2f" + b"\0"
    hello = b"\x02" + len(chosen).to_bytes(3, "big") + chosen
    await talk.say(b"\x16\x03\x01" + len(hello).to_bytes(2, "big") + hello)
    await talk.hang()


async def _clear(talk: Talk) -> None:
    await talk.reader.read(1000)
    await talk.say(OK)


async def _leaving(talk: Talk) -> None:
    await talk.reader.read(1000)


async def _breaking(talk: Talk) -> None:
    await talk.reader.read(1000)
    talk.reset()


TLS = (
    Row("tls", "shows what it should", answering(OK), _FINE, tls=_shown),
    Row("tls-1.2", "speaks TLS 1.2 at most", answering(OK), _FINE, tls=_old),
    Row(
        "expired",
        "shows a certificate that has expired",
        answering(OK),
        _certificate("certificate has expired"),
        tls=lambda a: a.issue(starts=-9 * _DAY, ends=-_DAY).context(),
    ),
    Row(
        "not-yet-valid",
        "shows a certificate that is not yet valid",
        answering(OK),
        _certificate("certificate is not yet valid"),
        tls=lambda a: a.issue(starts=_DAY, ends=9 * _DAY).context(),
    ),
    Row(
        "other-name",
        "shows a certificate of another name",
        answering(OK),
        _certificate("IP address mismatch, certificate is not valid for '127.0.0.1'"),
        tls=lambda a: a.issue("other.example").context(),
    ),
    Row(
        "unknown-authority",
        "shows a certificate of an authority nobody knows",
        answering(OK),
        _certificate("unable to get local issuer certificate"),
        tls=lambda a: Authority(a.ca_file.parent, "stranger").issue().context(),
    ),
    Row(
        "ends-soon",
        "shows a certificate that ends soon",
        answering(OK),
        _FINE,
        {"warn": {"tls_days_left": "14"}},
        tls=lambda a: a.issue(ends=3 * _DAY).context(),
        warnings=(Warn.TLS_DAYS_LEFT,),
    ),
    Row(
        "clear-behind-https",
        "answers in clear where TLS is expected",
        _clear,
        _tls("the server did not answer in TLS"),
        scheme="https",
    ),
    Row(
        "tls-behind-http",
        "expects TLS where we speak in clear, and answers with an alert",
        _alerting(10),
        (BAD, Reason.PROTOCOL, "the server answers in TLS where it was asked in clear: should the address be https?"),
    ),
    Row(
        "tls-behind-http-politely",
        "expects TLS where we speak in clear, and says so in clear, as nginx does",
        answering(answer(400, b"The plain HTTP request was sent to HTTPS port")),
        (BAD, Reason.STATUS, "status 400, expected 200"),
    ),
    Row(
        "tls-behind-http-quietly",
        "expects TLS where we speak in clear, and closes without a word",
        closing,
        (BAD, Reason.CONNECTION_LOST, "the connection was closed without an answer"),
        tls=_shown,
        scheme="http",
    ),
    Row(
        "old-version-alone",
        "speaks TLS 1.1 at most, and says so with an alert",
        _alerting(70),
        _tls("the server refuses the TLS versions that are allowed here"),
        scheme="https",
    ),
    Row(
        "old-version-offered",
        "answers in TLS 1.0, whatever it was asked",
        _old_hello,
        _tls("the server offers no TLS version that is allowed here"),
        scheme="https",
    ),
    Row(
        "asks-for-certificate",
        "asks for a client certificate, and we have none",
        closing,
        _tls("the server asks for a client certificate"),
        tls=_asking,
        alerts=True,
    ),
    Row(
        "refuses-certificate",
        "refuses our own client certificate",
        closing,
        (
            NOT_MEASURED,
            Reason.CREDENTIALS_REFUSED,
            "the server does not know the client certificate's authority",
        ),
        tls=_asking,
        alerts=True,
        ours=lambda a: Authority(a.ca_file.parent, "stranger").issue("probe"),
    ),
    Row(
        "closes-in-handshake",
        "closes in the TLS handshake",
        _leaving,
        (BAD, Reason.CONNECTION_LOST, "the connection was closed during the TLS handshake"),
        scheme="https",
    ),
    Row(
        "resets-in-handshake",
        "resets in the TLS handshake",
        _breaking,
        (BAD, Reason.CONNECTION_LOST, "the connection was reset during the TLS handshake"),
        scheme="https",
    ),
    Row(
        "hangs-in-handshake",
        "hangs in the TLS handshake",
        silent,
        (BAD, Reason.TIMEOUT, "no answer within 0.4 s, waiting for the TLS handshake"),
        scheme="https",
        hangs=True,
    ),
    Row(
        "hangs-under-tls",
        "hangs in the body, under TLS",
        then_hanging(OK[:-1]),
        (BAD, Reason.TIMEOUT, "no answer within 0.4 s, waiting for the rest of the answer"),
        tls=_shown,
        hangs=True,
    ),
)


def _to(location: str) -> Script:
    return answering(answer(302, headers=[("Location", location)]))


def _redirect(words: str) -> Found:
    return (BAD, Reason.REDIRECT, words)


async def _chain(talk: Talk) -> None:
    path = (await talk.head()).split(b" ")[1].decode()
    await talk.say(answer(302, headers=[("Location", path + "x")]))


def _elsewhere(there: bytes) -> Script:
    """Lead from 127.0.0.1 to localhost; who arrives there with the secret is told that it was taken."""

    async def script(talk: Talk) -> None:
        head = await talk.head()
        host = head.partition(b"\r\nHost: ")[2].partition(b"\r\n")[0].decode()
        if host.startswith("127.0.0.1"):
            port = host.rpartition(":")[2]
            away = answer(302, headers=[("Location", f"http://localhost:{port}/there")])
            await talk.say(away if b"secret" in head else answer(500))
        else:
            await talk.say(answer(500) if b"secret" in head else there)

    return script


_FOLLOW: dict[str, Any] = {"follow_redirects": "5"}
REDIRECTS = (
    Row(
        "redirects-unfollowed",
        "redirects, and nobody is to follow",
        _to("/there"),
        (BAD, Reason.STATUS, "status 302, expected 200"),
    ),
    Row("redirect-loop", "redirects in a circle", _to("/"), _redirect("the redirects go round in a loop"), _FOLLOW),
    Row("redirect-chain", "redirects on and on", _chain, _redirect("more than 5 redirects"), _FOLLOW),
    Row(
        "redirects-down",
        "redirects from https to http",
        _to("http://127.0.0.1/"),
        _redirect("a redirect leads from https to http"),
        _FOLLOW,
        tls=_shown,
    ),
    Row(
        "redirects-to-file",
        "redirects to a file",
        _to("file:///etc/passwd"),
        _redirect("a redirect leads to something other than http or https"),
        _FOLLOW,
    ),
    Row(
        "redirects-to-script",
        "redirects to a script",
        _to("javascript:alert(1)"),
        _redirect("a redirect leads to something other than http or https"),
        _FOLLOW,
    ),
    Row(
        "redirects-nowhere",
        "redirects to what is no address",
        _to("http://[::1"),
        _redirect("a redirect leads to something that is no address"),
        _FOLLOW,
    ),
    Row(
        "redirects-to-metadata",
        "redirects to the cloud's metadata address",
        _to("http://169.254.169.254/latest/"),
        _redirect("a redirect leads to an address of this machine's own"),
        _FOLLOW,
    ),
    Row(
        "redirects-elsewhere",
        "redirects to another host, which answers only those who bring no credential",
        _elsewhere(answer(200)),
        _FINE,
        {**_CREDENTIAL, **_FOLLOW},
    ),
    Row(
        "redirects-elsewhere-refused",
        "redirects to another host, which refuses us for want of our credential",
        _elsewhere(answer(401)),
        (BAD, Reason.STATUS, "status 401, expected 200"),
        {**_CREDENTIAL, **_FOLLOW},
    ),
    Row(
        "redirects-without-place",
        "redirects without a place",
        answering(answer(302)),
        (BAD, Reason.STATUS, "status 302, expected 200"),
        _FOLLOW,
    ),
)


def _status(code: int) -> Script:
    """Send a status whose page never ends: it is judged by its head."""
    return then_hanging(b"HTTP/1.1 %d Said\r\nContent-Length: 99\r\n\r\nsorry" % code)


def _refused(code: int) -> Found:
    return (NOT_MEASURED, Reason.CREDENTIALS_REFUSED, f"status {code}: our own credential was refused")


STATUSES = (
    Row(
        "status-500",
        "fails, with a page that never ends",
        _status(500),
        (BAD, Reason.STATUS, "status 500, expected 200"),
    ),
    Row("status-503", "is unavailable", _status(503), (BAD, Reason.STATUS, "status 503, expected 200")),
    Row("status-404", "knows nothing of the page", _status(404), (BAD, Reason.STATUS, "status 404, expected 200")),
    Row(
        "status-999",
        "sends a status that does not exist",
        _status(999),
        (BAD, Reason.STATUS, "status 999, expected 200"),
    ),
    Row(
        "status-429",
        "asks us to wait",
        _status(429),
        (NOT_MEASURED, Reason.RATE_LIMITED, "status 429: too many requests"),
    ),
    Row(
        "status-401-anonymous",
        "refuses us, and we sent no credential",
        _status(401),
        (BAD, Reason.STATUS, "status 401, expected 200"),
    ),
    Row("status-401", "refuses our own credential", _status(401), _refused(401), _CREDENTIAL),
    Row("status-403", "forbids it to our own credential", _status(403), _refused(403), _CREDENTIAL),
    Row(
        "status-401-expected",
        "refuses us, as is expected",
        answering(answer(401)),
        (GOOD, Reason.OK, "status 401"),
        {"expect": {"status": ["401"]}},
    ),
    Row(
        "status-204",
        "answers without a body",
        answering(b"HTTP/1.1 204 No Content\r\n\r\n"),
        (GOOD, Reason.OK, "status 204"),
        {"expect": {"status": ["200", "204"]}},
    ),
)

ROWS = (*TLS, *REDIRECTS, *STATUSES)
