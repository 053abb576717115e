"""Credentials that steps show: read by reference when they are needed, and never part of a message.

What only a client needs is imported where one is made: a step that runs a program has none. Files are read beside the
loop (`stepfiles`).
"""

import base64
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from drills import stepfiles
from drills.model.found import Value
from drills.rules import fill
from glasswatch.errors import NotMeasured, SecretUnavailable
from glasswatch.secrets import SecretReference

if TYPE_CHECKING:  # who has a client has loaded them
    from glasswatch.settings.auth import PlainAuthSettings
    from glasswatch.settings.tls import IdentifiedTlsSettings
    from platforms.transport.tls import Identity, TlsOptions

AUTHORIZATION = "Authorization"
_SECRET_WITHIN = timedelta(seconds=15)  # a command that prints one has 10 s

ReadSecret = Callable[[SecretReference], Value]
"""Reads a secret by its reference, and may take 10 s: `drills.ports.Tools.secret`."""


async def read(secret: ReadSecret, reference: SecretReference) -> str:
    """Return a secret, without blocking the loop.

    Raises:
        SecretUnavailable: it can't be had.
    """
    try:
        return (await stepfiles.aside(lambda: secret(reference), f"secret from {reference}", _SECRET_WITHIN)).text
    except NotMeasured as fault:
        raise SecretUnavailable(str(fault)) from None


async def given(secret: ReadSecret, value: str | SecretReference | None, values: Mapping[str, Value]) -> str | None:
    """Return what stands for a secret: what a reference leads to, or a text with its values; None for none.

    Raises:
        SecretUnavailable: it can't be had.
        NotMeasured: a value isn't there.
    """
    if isinstance(value, SecretReference):
        return await read(secret, value)
    return None if value is None else fill.put(value, values)


async def read_for_header(secret: ReadSecret, reference: SecretReference) -> str:
    """Return a secret that goes into a header.

    Raises:
        SecretUnavailable: it can't be had.
        NotMeasured: a header can't carry it.
    """
    text = await read(secret, reference)
    if not (text.isascii() and text.isprintable() and text == text.strip()):
        raise NotMeasured(f"secret from {reference}: expected printable ASCII, for a header")
    return text


async def authorization(secret: ReadSecret, auth: "PlainAuthSettings | None") -> dict[str, str]:
    """Return the header that shows a credential; none without one.

    Raises:
        SecretUnavailable, NotMeasured: see `read_for_header`.
    """
    if auth is None:
        return {}
    if auth.bearer is not None:
        return {AUTHORIZATION: f"Bearer {await read_for_header(secret, auth.bearer)}"}
    if auth.basic is None:
        return {}
    pair = f"{auth.basic.user}:{await read(secret, auth.basic.password)}".encode()
    return {AUTHORIZATION: f"Basic {base64.b64encode(pair).decode('ascii')}"}


async def identity(secret: ReadSecret, tls: "IdentifiedTlsSettings") -> "Identity | None":
    """Return the client certificate to show; None without one.

    Raises:
        SecretUnavailable, NotMeasured: its key can't be had, or the certificate itself.
    """
    if tls.certificate is None or tls.key is None:
        return None
    from platforms.transport.tls import Identity  # noqa: PLC0415 - see above

    chain = await stepfiles.read(tls.certificate, "the certificate")
    return Identity(tls.certificate, await read(secret, tls.key), chain)


async def trust(ca_file: Path | None, min_version: str = "1.2") -> "TlsOptions":
    """Return how the other side is verified.

    Raises:
        NotMeasured: the file of authorities can't be read.
    """
    from platforms.transport.tls import TlsOptions  # noqa: PLC0415 - see above

    authorities = None if ca_file is None else await stepfiles.read(ca_file, "the file of authorities")
    return TlsOptions(ca_file=ca_file, min_version=min_version, authorities=authorities)
