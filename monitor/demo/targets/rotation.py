"""Rotates the password of the drill's account: `python -m monitor.demo.targets.rotation STATE PORT`.

The new one is set in the database, sealed in the old one's place, and printed: to whoever has it rotated, nobody else.
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


def main(argv: Sequence[str]) -> None:
    """Rotate it."""
    places, port = TargetPlaces(Path(argv[0])), int(argv[1])
    admin = (places.postgres / "admin.password").read_text("ascii").strip()
    password = secrets.token_urlsafe(18)
    with psycopg.connect(
        host="127.0.0.1", port=port, user=postgres.ADMIN, password=admin, dbname="postgres", connect_timeout=_SECONDS
    ) as connection:
        account = sql.Identifier(postgres.ROLES[-1])
        connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(account, sql.Literal(password)))
    postgres.seal_drill(places, password)
    print(password)  # noqa: T201 - that is what it is for


if __name__ == "__main__":
    main(sys.argv[1:])
