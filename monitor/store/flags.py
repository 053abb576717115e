"""The flag's versions and documents. No version ever goes back."""

from typing import NamedTuple

from sqlalchemy import Connection, bindparam, insert, select

from monitor.errors import StoreConflict, StoreUnusable
from monitor.model.published import PublishedFlag
from monitor.model.record import FlagDocument, FlagLedger
from monitor.store.columns import checksum
from monitor.store.history import Scope
from monitor.store.schema import flag_documents, flag_ledger
from monitor.store.upserts import replacing


class _Stored(NamedTuple):
    """A row of the ledger. `ver_sha256`: the document that the version was reserved for."""

    ver: int = 0
    ver_sha256: str = ""
    change_sha256: str | None = None
    prev_sha256: str | None = None


def reserve(connection: Connection, scope: Scope, document: FlagDocument) -> None:
    """Move the ledger up to a document that renews the one before.

    Raises:
        StoreConflict: this version or a higher one was reserved for another document.
    """
    stored = _stored(connection, scope)
    if (document.ver, document.sha256) == (stored.ver, stored.ver_sha256):
        return
    if document.ver <= stored.ver:
        raise StoreConflict(
            f"{scope.platform}: version {document.ver} of the flag is not above {stored.ver}, which was reserved "
            "before: check that no other monitor signs for this vantage"
        )
    _move(connection, scope, stored._replace(ver=document.ver, ver_sha256=document.sha256))


def keep(connection: Connection, scope: Scope, document: FlagDocument) -> None:
    """Keep a document that carries a change, and note its version.

    Where renewals went further while it could not be written, the version stays where it is.

    Raises:
        StoreConflict: this version was kept for another document.
    """
    stored = _stored(connection, scope)
    if document.ver == stored.ver and document.sha256 != stored.ver_sha256:
        raise StoreConflict(
            f"{scope.platform}: version {document.ver} of the flag was reserved for another document: check that no "
            "other monitor signs for this vantage"
        )
    if document.ver > stored.ver:
        stored = stored._replace(ver=document.ver, ver_sha256=document.sha256)
    if document.is_change:
        connection.execute(insert(flag_documents), _document(scope, document))
        stored = stored._replace(change_sha256=document.sha256, prev_sha256=document.prev)
    _move(connection, scope, stored)


def take_up(connection: Connection, scope: Scope, published: PublishedFlag) -> None:
    """Keep a document that was signed and published while nothing could be written."""
    document = FlagDocument(
        platform=scope.platform,
        ver=published.ver,
        change=published.change,
        state=published.state,
        issued_at=published.issued_at,
        expires_at=published.expires_at,
        jws=published.jws,
        sha256=published.sha256,
        is_change=True,
        prev=published.prev,
    )
    keep(connection, scope, document)


def ledgers(connection: Connection, vantage: str) -> dict[str, FlagLedger]:
    """Return the ledger of every platform that ever had a flag signed here.

    Raises:
        StoreUnusable: a row is damaged. A version that is far too high would make every reader refuse the flag.
    """
    found = {}
    for row in connection.execute(select(flag_ledger).where(flag_ledger.c.vantage == vantage)):
        stored = _Stored(*(getattr(row, name) for name in _Stored._fields))
        if row.checksum != checksum(vantage, row.platform, *stored):
            raise StoreUnusable(
                f"the store's record of the flag of platform {row.platform} is damaged: restore a backup, or move the "
                "store away to start with an empty one"
            )
        found[row.platform] = FlagLedger(stored.ver, stored.change_sha256, stored.prev_sha256)
    return found


_LEDGER = (
    select(*(flag_ledger.c[name] for name in _Stored._fields))
    .where(flag_ledger.c.vantage == bindparam("for_vantage"), flag_ledger.c.platform == bindparam("for_platform"))
    .with_for_update()
)


def _stored(connection: Connection, scope: Scope) -> _Stored:
    row = connection.execute(_LEDGER, {"for_vantage": scope.vantage, "for_platform": scope.platform}).first()
    return _Stored() if row is None else _Stored(*row)


def _move(connection: Connection, scope: Scope, to: _Stored) -> None:
    row = scope.row(**to._asdict(), checksum=checksum(*scope, *to))
    connection.execute(replacing(connection, flag_ledger), row)


def _document(scope: Scope, document: FlagDocument) -> dict[str, object]:
    return scope.row(
        ver=document.ver,
        change=document.change,
        state=document.state,
        issued_at=document.issued_at,
        expires_at=document.expires_at,
        jws=document.jws,
        sha256=document.sha256,
    )
