"""What the daemon reads secrets for, before it touches anything: its key, its store, its channels, its certificate.

No secret that hangs holds up the start for longer than its deadline.
"""

import logging
from datetime import timedelta
from functools import partial
from typing import Final

from sqlalchemy import URL, make_url

from glasswatch.clock import Clock
from glasswatch.errors import SecretUnavailable
from glasswatch.flag import keys
from glasswatch.flag.errors import KeyFault
from glasswatch.flag.trust import DEMO_DEPLOYMENT
from glasswatch.secrets import Secret, SecretReference, resolve
from glasswatch.sidethread import SideThread
from monitor.settings.flag import FlagSettings
from monitor.settings.listen import ListenTlsSettings
from monitor.settings.paging import PagingSettings
from monitor.settings.root import MonitorSettings
from monitor.settings.store import StoreSettings
from monitor.web.certificate import Certificate

SECRET_WITHIN: Final = timedelta(seconds=12)  # a command that prints one has 10 s

log = logging.getLogger("glasswatch.daemon")


async def flag_key(settings: FlagSettings, clock: Clock) -> keys.SigningKey:
    """Return the key that signs the flag.

    Raises:
        KeyFault: it can't be used.
        SecretUnavailable: it can't be had.
    """
    path = settings.key.file
    if path is not None:  # a key's file must be its owner's alone, which no other secret's need be
        try:
            return await SideThread("flag.key").run(lambda: keys.load(path, clock), SECRET_WITHIN)
        except TimeoutError:
            raise KeyFault(f"{path}: can't be read: the disk does not answer") from None
    secret = await _secret(settings.key)
    try:
        return keys.parse(secret.reveal().encode())
    except KeyFault as fault:
        raise KeyFault(f"flag.key: secret from {settings.key}: {fault}") from None


async def certificate(settings: ListenTlsSettings | None) -> Certificate | None:
    """Return the certificate to answer with, loaded, where there is one.

    Raises:
        ListenFailed: it can't be used.
    """
    if settings is None:
        return None
    shown = Certificate(settings.certificate, partial(_secret, settings.key))
    await shown.load()
    return shown


async def _secret(reference: SecretReference) -> Secret:
    try:
        return await SideThread(f"secret {reference}").run(lambda: resolve(reference), SECRET_WITHIN)
    except TimeoutError:
        raise SecretUnavailable(f"secret from {reference}: it could not be read in time") from None


async def try_channel_secrets(settings: PagingSettings) -> None:
    """Say at the start, not in the middle of an outage, that a channel's pages can't be signed.

    It is no reason not to start: a monitor that isn't there pages nobody at all.
    """
    for name, channel in settings.channels.items():
        for reference in channel.secrets():
            try:
                await _secret(reference)
            except SecretUnavailable as fault:
                log.error("channel_not_ready", extra={"fields": {"channel": name, "error": str(fault)}})  # noqa: TRY400


async def store_url(settings: StoreSettings) -> URL:
    """Return the store's address with its password.

    Raises:
        SecretUnavailable: the password can't be had.
    """
    url = make_url(settings.url)
    if settings.password is None:
        return url
    secret = await _secret(settings.password)
    return url.set(password=secret.reveal())


def refuse_demo_key(key: keys.SigningKey, settings: MonitorSettings) -> None:
    """Refuse a key that a demo made, unless this is one.

    Raises:
        KeyFault: no reader would believe what it signs.
    """
    if key.is_demo and settings.deployment != DEMO_DEPLOYMENT:
        raise KeyFault(
            f"flag.key: secret from {settings.flag.key}: a demo made this key, and no reader of another deployment "
            "believes it: make one with `monitor flag keygen`"
        )
