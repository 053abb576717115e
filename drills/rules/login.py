"""What a login by ssh is worth, by ssh's own log and by how it ended. Pure.

Rules:
1. Whoever was authenticated was let in by sshd, whatever was run there afterwards.
2. A refusal is sshd's own "Permission denied", after it was offered the key (the certificate, where there is one) and
   said no to it: a key that can't be read, that can't sign once sshd has taken it, or that sshd took and wants more
   than, was refused by nobody.
3. All else is not measured: the host is another than it should be, is dead, does not answer or breaks off.

The log is ssh's alone (`-E`), at level DEBUG1: neither sshd's banner nor what runs there can write into it.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_IN: Final = re.compile(r"^(?:debug1: )?Authenticated to ", re.MULTILINE)
_DENIED: Final = re.compile(r"^\S+: Permission denied \(([a-z,-]+)\)\.?\r?$", re.MULTILINE)
_OFFERED: Final = "debug1: Offering public key: "
_CERTIFICATE: Final = "-CERT "
_SAID_NO: Final = "debug1: Authentications that can continue: "
_PARTLY: Final = re.compile(r"^(?:debug1: )?Authenticated using .* with partial success", re.MULTILINE)
_WRONG_HOST: Final = re.compile(r"REMOTE HOST IDENTIFICATION HAS CHANGED|REVOKED HOST KEY|POSSIBLE DNS SPOOFING")
_UNKNOWN_HOST: Final = re.compile(r"^Host key verification failed\.", re.MULTILINE)
_OWN: Final = re.compile(r"^(?!debug\d: |@)\S.*$", re.MULTILINE)
_LONGEST: Final = 160


class Door(StrEnum):
    """How sshd took a login."""

    IN = "in"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Taken:
    """How a login was taken, and in words why."""

    door: Door
    why: str


def taken(log: str, *, by_certificate: bool) -> Taken:
    """Return how sshd took a login. `by_certificate`: whether it was tried with one."""
    if _IN.search(log):
        return Taken(Door.IN, "sshd let it in")
    denied = _DENIED.search(log)
    if denied is None:
        return Taken(Door.UNKNOWN, _no_answer(log))
    if _PARTLY.search(log):
        return Taken(Door.UNKNOWN, "sshd took the key, and wants more than a key: it refused nothing that it was shown")
    if not _is_answered(log, _CERTIFICATE if by_certificate else " "):
        what = "certificate" if by_certificate else "key"
        return Taken(Door.UNKNOWN, f"sshd was never shown the {what} as it must be, so that it refused nothing")
    return Taken(Door.REFUSED, f"sshd denied permission ({denied[1]})")


def _is_answered(log: str, kind: str) -> bool:
    """Whether sshd said no to a key of this kind, the last word on that key being sshd's."""
    is_offered = False
    for line in log.splitlines():
        if line.startswith(_OFFERED):
            is_offered = kind in line.removeprefix(_OFFERED)
        elif is_offered and line.startswith(_SAID_NO):
            return True
    return False


def _no_answer(log: str) -> str:
    if _WRONG_HOST.search(log):
        return "HOST KEY MISMATCH: it is another host than it should be, or somebody in between"
    if _UNKNOWN_HOST.search(log):
        return "HOST KEY NOT KNOWN: none of the keys that are expected is this host's"
    return f"no answer of sshd's: {_last(log)}"


def _last(log: str) -> str:
    """Return what ssh said last of itself."""
    own = _OWN.findall(log)
    text = own[-1].strip() if own else "it did not say why"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
