"""From a host's name to the one address that is tried.

Rules:
- A numeric host needs no look-up.
- Exactly one address is picked and tried once. A probe is not kind: trying the next address behind a dead one, as
  browsers do, would hide a half-dead service, and would measure the sum of two attempts.
- Where a name has both kinds, `Ip` says which is picked. By default it is the IPv4 address if this machine has a way to
  IPv4 at all. Broken IPv6 on the way out is common and says nothing about the platform; browsers, which race both
  kinds, hide it from the engineer.
- Within a kind the order is c-ares', by RFC 6724.
- /etc/hosts, `localhost` and search domains hold as they do for other programs.
- That a name does not exist, or has no address, is said of the name. Silence, and any failure of the servers that are
  asked (SERVFAIL, REFUSED), says nothing yet: it may be ours (`Unanswered`).
- c-ares keeps answers for their TTL, an hour at most, and re-reads resolv.conf when it changes. A recursive resolver
  keeps them as long, so no outage is seen later for it. `forget` drops them: what DNS lied would be believed
  on. c-ares also remembers which DNS server does not answer and asks it last, so that a dead one in resolv.conf costs
  time once, not at every attempt.

- c-ares shortens its patience with servers that were fast before, down to a quarter of a second. Where they are silent
  for that long, those who still wait ask again together through a second c-ares, which knows nothing of the past and
  waits `_PATIENT_SECONDS` at least; and again, until they are cancelled. So silence ends by the caller's deadline
  alone.

The loop is never blocked: c-ares waits in a thread of its own, one for all look-ups, and a second one for those that
are patient, while there are any. A cancelled look-up ends there by itself within its tries.
"""

import asyncio
import logging
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

import aiodns
from aiodns.error import (
    ARES_EBADNAME,
    ARES_ECANCELLED,
    ARES_ECONNREFUSED,
    ARES_EDESTRUCTION,
    ARES_EFILE,
    ARES_ENODATA,
    ARES_ENOMEM,
    ARES_ENONAME,
    ARES_ENOTFOUND,
    ARES_ENOTINITIALIZED,
    ARES_ESERVFAIL,
    ARES_ETIMEOUT,
    DNSError,
)
from pycares import AddrInfoResult, AresError

from platforms.errors import FaultKind, TransportFault, Unanswered

_log = logging.getLogger("glasswatch.resolver")

# A second DNS server must get its turn well within a probe's usual 5 s.
_TRY_SECONDS: Final = 1.5
_PATIENT_SECONDS: Final = 2.5
_TRIES: Final = 2

_OWN: Final = {
    # Not one DNS server could be reached, or none is set: nothing was learnt about the name.
    ARES_ECONNREFUSED: "no DNS server could be reached",
    ARES_ENOMEM: "out of memory while resolving the name",
    ARES_EFILE: "a file needed for resolving names can't be read",
    ARES_ENOTINITIALIZED: "the resolver could not be started",
    ARES_ECANCELLED: "the resolver was closed",
    ARES_EDESTRUCTION: "the resolver was closed",
}
_THEIRS: Final = {
    ARES_ENOTFOUND: "the name does not exist",
    ARES_ENONAME: "the name does not exist",
    ARES_ENODATA: "the name has no address",
    ARES_EBADNAME: "the name is none that DNS can hold",
}
_NOBODYS: Final = {
    ARES_ESERVFAIL: "the DNS servers could not answer for this name",
}


class Ip(StrEnum):
    """Which of a name's addresses is picked."""

    ANY = "any"  # the first, whatever its kind
    ONLY_4 = "4"  # IPv4 alone is asked for
    ONLY_6 = "6"  # IPv6 alone is asked for
    PREFER_4 = "prefer_4"  # IPv4 where there is one and a way to it, else the first
    PREFER_6 = "prefer_6"  # the same with IPv6


# What is looked up, and what is preferred of what was found.
_ASKED: Final = {Ip.ONLY_4: socket.AF_INET, Ip.ONLY_6: socket.AF_INET6}
_PREFERRED: Final = {Ip.PREFER_4: socket.AF_INET, Ip.PREFER_6: socket.AF_INET6}


@dataclass(frozen=True, slots=True)
class Address:
    """Where to connect to: a numeric host, and a port."""

    host: str
    port: int
    family: socket.AddressFamily


class Resolver(Protocol):
    """Finds the address of a name. Bound to the loop it is first used in."""

    async def resolve(self, host: str, port: int, ip: Ip = Ip.PREFER_4) -> Address:
        """Return the address to try. The caller bounds the time by cancelling.

        Raises:
            TransportFault: RESOLVE: there is no address; OWN: this machine could not ask.
            Unanswered: the DNS servers did not say.
        """
        ...

    def forget(self) -> None:
        """Have what names were said to be asked anew, a moment from now on."""
        ...

    async def aclose(self) -> None:
        """End every look-up under way. Repeated calls do nothing."""
        ...


def numeric(host: str, port: int) -> Address | None:
    """Return the address if the host (IPv6 without brackets) is numeric already."""
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, host)
        except (OSError, ValueError):
            continue
        return Address(host, port, family)
    return None


class AresResolver:
    """Resolver on c-ares. `nameservers` (`host:port`) replace those of resolv.conf."""

    def __init__(self, nameservers: Sequence[str] = ()) -> None:
        self._nameservers = nameservers
        self._ares: aiodns.DNSResolver | None = None
        self._patient: aiodns.DNSResolver | None = None
        self._patients = 0

    async def resolve(self, host: str, port: int, ip: Ip = Ip.PREFER_4) -> Address:
        """See `Resolver`."""
        try:
            found = await self._found(host, _ASKED.get(ip, socket.AF_UNSPEC))
        except (DNSError, AresError) as error:
            raise _fault(error) from error
        addresses = [Address(node.addr[0].decode(), port, socket.AddressFamily(node.family)) for node in found.nodes]
        if not addresses:
            raise TransportFault(FaultKind.RESOLVE, _THEIRS[ARES_ENODATA])
        return _picked(addresses, _PREFERRED.get(ip))

    def forget(self) -> None:
        """See `Resolver`. Look-ups under way go on, and what c-ares knows of the servers stays."""
        for ares in (self._ares, self._patient):
            if ares is None:
                continue
            try:
                ares._channel.reinit()  # noqa: SLF001 - aiodns has no other way to empty the cache
            except AresError:
                _log.warning("names_not_forgotten", exc_info=True)

    async def aclose(self) -> None:
        """See `Resolver`."""
        ares, self._ares = self._ares, None
        if ares is not None:
            await ares.close()
        await self._part(self._patient)

    async def _found(self, host: str, family: socket.AddressFamily) -> AddrInfoResult:
        ares = self._started()
        try:
            return await ares.getaddrinfo(host, family=family, type=socket.SOCK_STREAM)
        except DNSError as error:
            if error.args[0] != ARES_ETIMEOUT:
                raise
            if ares is not self._ares:
                raise _closed() from error
        return await self._found_patiently(host, family)

    async def _found_patiently(self, host: str, family: socket.AddressFamily) -> AddrInfoResult:
        """Ask until the servers say something."""
        if self._patient is None:
            self._patient, self._patients = self._made(_PATIENT_SECONDS), 0
        patient = self._patient
        self._patients += 1
        try:
            while True:
                try:
                    return await patient.getaddrinfo(host, family=family, type=socket.SOCK_STREAM)
                except DNSError as error:
                    if error.args[0] != ARES_ETIMEOUT:
                        raise
                    if patient is not self._patient:
                        raise _closed() from error
        finally:
            if patient is self._patient:
                self._patients -= 1
                if not self._patients:
                    await self._part(patient)

    async def _part(self, patient: aiodns.DNSResolver | None) -> None:
        """Let go of what the patient ask: the next begins without a past."""
        if patient is not None:
            self._patient = None
            await patient.close()

    def _started(self) -> aiodns.DNSResolver:
        if self._ares is None:
            self._ares = self._made(_TRY_SECONDS)
        return self._ares

    def _made(self, seconds: float) -> aiodns.DNSResolver:
        return aiodns.DNSResolver(
            nameservers=self._nameservers or None,
            loop=asyncio.get_running_loop(),
            timeout=seconds,
            tries=_TRIES,
        )


def _closed() -> TransportFault:
    return TransportFault(FaultKind.OWN, _OWN[ARES_ECANCELLED])


def _fault(error: DNSError | AresError) -> TransportFault:
    code = error.args[0] if error.args else None
    if not isinstance(code, int) or code in _OWN:
        # Without a code c-ares could not even be started, for lack of descriptors or memory.
        return TransportFault(FaultKind.OWN, _OWN.get(code, _OWN[ARES_ENOTINITIALIZED]))
    if code in _THEIRS:
        return TransportFault(FaultKind.RESOLVE, _THEIRS[code])
    return Unanswered(_NOBODYS.get(code, "the name could not be resolved"))


def _picked(addresses: Sequence[Address], preferred: socket.AddressFamily | None) -> Address:
    first = addresses[0]
    if preferred is None or first.family == preferred:
        return first
    other = next((address for address in addresses if address.family == preferred), None)
    return other if other is not None and _has_way(other) else first


def _has_way(address: Address) -> bool:
    """Return whether this machine has a route there. Connecting a datagram socket sends nothing."""
    try:
        with socket.socket(address.family, socket.SOCK_DGRAM) as probe:
            probe.setblocking(False)
            probe.connect((address.host, address.port))
    except OSError:
        return False
    return True
