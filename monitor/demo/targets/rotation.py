"""Rotates the password of the drill's account: `python -m monitor.demo.targets.rotation STATE PORT [--quiet] [--used]`.

The new one is set in the database, sealed in the old one's place, and printed: to whoever has it rotated, nobody else;
with `--quiet` not even to them. `--used`: the password that the account was made with is used once before.
"""

import secrets
import sys
from collections.abc import Sequence
from pathlib import Path

import psycopg
from psycopg import sql

from monitor.demo.targets import postgres
from monitor.demo.targets.places import TargetPlaces

_SECONDS = 20
_QUIET, _USED = "--quiet", "--used"


def main(argv: Sequence[str]) -> None:
    """Rotate it."""
    places, port = TargetPlaces(Path(argv[0])), int(argv[1])
    if _USED in argv:
        with _connected(port, postgres.ROLES[-1], places.last_password) as account:
            account.execute("SELECT current_user")
    password = secrets.token_urlsafe(18)
    with _connected(port, postgres.ADMIN, places.postgres / "admin.password") as admin:
        account_name = sql.Identifier(postgres.ROLES[-1])
        admin.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(account_name, sql.Literal(password)))
    postgres.seal_drill(places, password)
    if _QUIET not in argv:
        print(password)  # noqa: T201 - that is what it is for


def _connected(port: int, user: str, password: Path) -> "psycopg.Connection[tuple[object, ...]]":
    return psycopg.connect(
        host="127.0.0.1",
        port=port,
        user=user,
        password=password.read_text("ascii").strip(),
        dbname="postgres",
        connect_timeout=_SECONDS,
    )


if __name__ == "__main__":
    main(sys.argv[1:])
