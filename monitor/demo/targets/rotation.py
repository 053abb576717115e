"""Rotates the password of the drill's account: `python -m monitor.demo.targets.rotation STATE PORT [WORD…]`.

The new one is set in the database, sealed in the old one's place, and printed: to whoever has it rotated, nobody else;
with `--quiet` not even to them. `--used`: the password that the account was made with is used once before.

`--if-broken`: what is sealed is tried, and stays where it gets in. Where the database refuses it, or the seal can't be
opened, another is set and sealed, and tried in its turn. A database that can't be asked has refused nothing: it fails.
"""

import secrets
import sys
from collections.abc import Sequence
from pathlib import Path

import psycopg
from psycopg import sql

from monitor.demo.targets import postgres
from monitor.demo.targets.places import TargetPlaces
from monitor.demo.targets.programs import NotUsable

_SECONDS = 20
_QUIET, _USED, _IF_BROKEN = "--quiet", "--used", "--if-broken"
_REFUSED = "password authentication failed"  # psycopg has no SQLSTATE of a login; the cluster speaks no other language


def main(argv: Sequence[str]) -> None:
    """Rotate it."""
    places, port = TargetPlaces(Path(argv[0])), int(argv[1])
    if _IF_BROKEN in argv:
        print(_mended(places, port))  # noqa: T201 - that is what it is for
        return
    if _USED in argv:
        _try(port, _read(places.last_password))
    password = _rotated(places, port)
    if _QUIET not in argv:
        print(password)  # noqa: T201 - that is what it is for


def _rotated(places: TargetPlaces, port: int) -> str:
    password = secrets.token_urlsafe(18)
    with _connected(port, postgres.ADMIN, _read(places.postgres / "admin.password")) as admin:
        account_name = sql.Identifier(postgres.ROLES[-1])
        admin.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(account_name, sql.Literal(password)))
    postgres.seal_drill(places, password)
    return password


def _mended(places: TargetPlaces, port: int) -> str:
    if _gets_in(places, port):
        return "what is sealed gets in: it stays"
    _rotated(places, port)
    if not _gets_in(places, port):
        sys.exit("another was set and sealed, and is refused as well")
    return "what was sealed did not get in: another was set and sealed, and gets in"


def _gets_in(places: TargetPlaces, port: int) -> bool:
    try:
        _try(port, postgres.unsealed_drill(places))
    except NotUsable:
        return False
    except psycopg.OperationalError as fault:
        if _REFUSED not in str(fault):
            raise
        return False
    return True


def _try(port: int, password: str) -> None:
    with _connected(port, postgres.ROLES[-1], password) as account:
        account.execute("SELECT current_user")


def _read(password: Path) -> str:
    return password.read_text("ascii").strip()


def _connected(port: int, user: str, password: str) -> "psycopg.Connection[tuple[object, ...]]":
    return psycopg.connect(
        host="127.0.0.1", port=port, user=user, password=password, dbname="postgres", connect_timeout=_SECONDS
    )


if __name__ == "__main__":
    main(sys.argv[1:])
