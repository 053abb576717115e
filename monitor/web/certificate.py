"""The certificate we answer with, and its renewal while we run.

1. TLS 1.2 at least; no renegotiation.
2. The certificate's file is looked at every 10 s. When it changed, it is read with its key and tried; only a pair that
   goes together is put into use, for new connections. Otherwise the one before stays, and the log says why, once.
3. Nothing on the disk, and no program that prints the key, ever holds up the loop.
"""

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Final

from glasswatch.errors import SecretUnavailable
from glasswatch.lending import lent
from glasswatch.secrets import Secret
from glasswatch.sidethread import SideThread
from monitor.errors import ListenFailed

log = logging.getLogger("glasswatch.web")

LOOK_SECONDS: Final = 10.0
LARGEST: Final = 256 * 1024
_WITHIN: Final = timedelta(seconds=5)


class Certificate:
    """One certificate with its key. `context` is what the server shows it with, the same one for ever."""

    def __init__(self, file: Path, key: Callable[[], Awaitable[Secret]], look_seconds: float = LOOK_SECONDS) -> None:
        self.context = _new_context()
        self._file = file
        self._key = key
        self._look_seconds = look_seconds
        self._disk = SideThread("listen.tls")
        self._in_use = b""
        self._fault = ""

    async def load(self) -> None:
        """Put what the files hold into use, unless it is in use already.

        Raises:
            ListenFailed: it can't be used; what was in use before stays.
        """
        try:
            chain = await self._disk.run(lambda: _read(self._file), _WITHIN)
        except (OSError, TimeoutError) as fault:
            why = getattr(fault, "strerror", None) or "the disk does not answer"
            raise ListenFailed(f"listen.tls.certificate: {self._file} can't be read: {why}") from None
        if chain == self._in_use:
            return
        try:
            key = (await self._key()).reveal().encode()
        except SecretUnavailable as fault:
            raise ListenFailed(f"listen.tls.key: {fault}") from None
        with lent(chain + b"\n" + key, "listen.tls") as path:
            for context in (_new_context(), self.context):  # tried first: a half-loaded one would serve nobody
                self._show(context, path)
        self._in_use = chain

    async def watch(self) -> None:
        """Look whether it was renewed. Runs until cancelled."""
        while True:
            await asyncio.sleep(self._look_seconds)
            before = self._in_use
            try:
                await self.load()
            except ListenFailed as fault:
                if str(fault) != self._fault:
                    self._fault = str(fault)
                    log.error("certificate_not_usable", extra={"fields": {"error": self._fault}})  # noqa: TRY400 - ours
                continue
            self._fault = ""
            if self._in_use != before:
                log.info("certificate_renewed", extra={"fields": {"file": str(self._file)}})

    def _show(self, context: ssl.SSLContext, path: str) -> None:
        try:
            # An encrypted key would otherwise be asked for on the terminal.
            context.load_cert_chain(path, password=lambda: "")
        except ssl.SSLError as fault:
            if fault.reason == "KEY_VALUES_MISMATCH":
                raise ListenFailed(f"listen.tls: the key is not that of the certificate in {self._file}") from None
            raise ListenFailed(
                f"listen.tls: expected a certificate in {self._file} and its private key, both PEM, not encrypted"
            ) from None
        except OSError as fault:
            raise ListenFailed(f"listen.tls: can't be loaded: {fault.strerror}") from None


def _new_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    return context


def _read(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(LARGEST)
