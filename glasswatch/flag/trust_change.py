"""Changing a trust file: adding keys, revoking one, ending one. Each change raises its version by one.

- What is not changed stays as it was written, member for member; the file is replaced as a whole or not at all.
- A file at fault is not written over, and no change makes one at fault.
- A key is never taken out: who has an older file must find it revoked in the newer one, not gone.
- A revoked key stays revoked, and an end is never moved to later: a new key is made instead.
- Two never change a file at the same time: the second is told to try again.
"""

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from glasswatch.clock import Clock
from glasswatch.flag import disk
from glasswatch.flag.authenticity import rfc3339
from glasswatch.flag.document import unix_ms
from glasswatch.flag.errors import NotWritten, TrustFault, shown
from glasswatch.flag.strict import encode_base64url, loads
from glasswatch.flag.trust import Trust, TrustKey, parse_file, read

_Edit = Callable[[dict[str, object], Trust], None]


def add_key(path: Path, key: TrustKey, clock: Clock) -> Trust:
    """Add a key to a trust file, or start one; return what it says then.

    Raises:
        TrustFault: the file there is at fault, has the key already, or is being changed by somebody else.
        NotWritten: it can't be written.
    """
    return _change(path, clock, lambda file, _: _keys(file).append(_jwk(key)), starts=True)


def add_keys_of(path: Path, source: Path, clock: Clock) -> Trust:
    """Add all keys of another trust file, as they are written there; one that is there already is a fault.

    Raises:
        TrustFault: either file is at fault, a key is there already, or somebody else is changing the file.
        NotWritten: it can't be written.
    """
    raw = read(source, clock)
    parse_file(source, raw)
    return _change(path, clock, lambda file, _: _keys(file).extend(_keys(_object(raw))), starts=True)


def revoke(path: Path, kid: str, at: datetime, clock: Clock) -> Trust:
    """Revoke a key: it is believed for no time at all any more, past or future; `at` is for the record.

    Raises:
        TrustFault: there is no such key, it is revoked already, or the file is at fault or being changed.
        NotWritten: it can't be written.
    """

    def edit(file: dict[str, object], trust: Trust) -> None:
        if _known(path, trust, kid).is_revoked:
            raise TrustFault(f"{path}: the key {shown(kid)} is revoked already")
        _entry(file, kid)["revoked"] = unix_ms(at) // 1000

    return _change(path, clock, edit)


def retire(path: Path, kid: str, at: datetime, clock: Clock) -> Trust:
    """Let a key end at an instant, rounded down to a second.

    Raises:
        TrustFault: there is no such key, it ends earlier already or would never be valid, or the file is at fault or
            being changed.
        NotWritten: it can't be written.
    """
    exp = unix_ms(at) // 1000

    def edit(file: dict[str, object], trust: Trust) -> None:
        key = _known(path, trust, kid)
        if key.exp is not None and key.exp <= exp:
            raise TrustFault(f"{path}: the key {shown(kid)} ends at {rfc3339(key.exp)} already: make a new one instead")
        if exp <= (key.nbf or 0):
            raise TrustFault(f"{path}: the key {shown(kid)} would end before it begins: revoke it instead")
        _entry(file, kid)["exp"] = exp

    return _change(path, clock, edit)


def _change(path: Path, clock: Clock, edit: _Edit, *, starts: bool = False) -> Trust:
    try:
        with _alone_in(path.parent):
            file: dict[str, object] = {"version": 0, "keys": []}
            before = Trust()
            if not starts or path.exists():
                raw = read(path, clock)
                before, file = parse_file(path, raw), _object(raw)
            edit(file, before)
            file["version"] = before.version + 1
            written = json.dumps(file, indent=2).encode("utf-8") + b"\n"
            trust = parse_file(path, written)
            disk.replace(path, written, 0o644)
    except OSError as error:
        raise NotWritten(f"{path}: can't be written: {error.strerror or error}") from None
    return trust


def _object(raw: bytes) -> dict[str, object]:
    """Return a trust file's JSON as it is written; that it is one has been checked."""
    file = loads(raw)
    return file if isinstance(file, dict) else {}


def _keys(file: dict[str, object]) -> list[object]:
    keys = file["keys"]
    return keys if isinstance(keys, list) else []


def _entry(file: dict[str, object], kid: str) -> dict[str, object]:
    return next(entry for entry in _keys(file) if isinstance(entry, dict) and entry["kid"] == kid)


def _known(path: Path, trust: Trust, kid: str) -> TrustKey:
    key = trust.key(kid)
    if key is None:
        raise TrustFault(f"{path}: there is no key {shown(kid)}: `monitor flag trust show` lists those there are")
    return key


def _jwk(key: TrustKey) -> dict[str, object]:
    members: dict[str, object] = {
        "kty": "OKP",
        "crv": "Ed25519",
        "alg": "EdDSA",
        "use": "sig",
        "kid": key.kid,
        "x": encode_base64url(key.public),
        "iss": key.iss,
        "role": key.role.value,
        "person": key.person,
        "nbf": key.nbf,
        "exp": key.exp,
        "revoked": key.is_revoked,
    }
    return members | {"demo": True} if key.is_demo else members


@contextmanager
def _alone_in(directory: Path) -> Iterator[None]:
    """Keep two from changing a file at the same time, of whose changes one would be lost."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise TrustFault(f"{directory}: somebody else is changing the trust file: try again") from None
        yield
    finally:
        os.close(descriptor)
