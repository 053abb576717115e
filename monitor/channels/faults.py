"""What went wrong on the way to a provider, in words of ours.

Libraries quote what they were given and what they were sent, and either may hold a secret; so a fault is described by
its type and by what the operating system or the TLS library says of it, never by its message.
"""

import os
import socket
import ssl
from collections.abc import Iterator

_WORDS = {
    "RemoteProtocolError": "did not answer in HTTP, or broke off",
    "LocalProtocolError": "could not be asked: the request is not valid",
    "ReadError": "broke off the connection",
    "WriteError": "broke off the connection",
    "ConnectTimeout": "could not be connected to in time",
    "ReadTimeout": "did not answer in time",
    "WriteTimeout": "did not take the request in time",
    "PoolTimeout": "could not be connected to in time: too many tries are under way",
}


def words(error: BaseException) -> str:
    """Return what an error of a client or a socket means, to be put after the provider's name."""
    chain = list(_chain(error))
    for fault in chain:
        found = _known(fault)
        if found:
            return found
    return _WORDS.get(type(error).__name__, "could not be reached")


def _known(fault: BaseException) -> str:
    match fault:
        case ssl.SSLCertVerificationError():
            return f"is not trusted: {fault.verify_message}"
        case ssl.SSLError():
            return f"failed in TLS: {fault.reason or 'broken off'}"
        case socket.gaierror():
            return "could not be found: its name does not resolve"
        case OSError() if fault.errno:
            return f"could not be reached: {os.strerror(fault.errno)}"
        case _:
            return ""


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what led to it, outermost first; of a group, its first member."""
    seen: set[int] = set()
    fault: BaseException | None = error
    while fault is not None and id(fault) not in seen:
        seen.add(id(fault))
        yield fault
        member: BaseException | None = fault.exceptions[0] if isinstance(fault, BaseExceptionGroup) else None
        fault = member or fault.__cause__ or fault.__context__
