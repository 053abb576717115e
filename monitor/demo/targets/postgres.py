"""PostgreSQL with a break-glass role, whose password exists nowhere but sealed; its own log is the audit.

1. The cluster is the demo's own, on loopback, without a socket, and goes when the demo does. PostgreSQL never runs as
   root: started by root, it is another user's, in a directory of its own that only root could have made.
2. `breakglass` may read and change all that the platform's people may; `breakglass_drill` is the account that drills
   open: it may do the same, in a database that holds nothing.
3. Every connection and every statement of both is logged, with the application's name, which is the run's id.
4. The drill's account had another password before: it was sealed, it was used once, and it was rotated away.
"""

import os
import pwd
import secrets
import shlex
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from glasswatch import files
from monitor.demo.processes import environment
from monitor.demo.targets import programs
from monitor.demo.targets.places import READERS, Ports, TargetPlaces

NAME: Final = "postgres"
DATABASE: Final = "payments"
ADMIN: Final = "demo_admin"
ROLES: Final = ("breakglass", "breakglass_drill")
_NEEDED: Final = ("initdb", "postgres", "openssl")
_OTHERS: Final = ("postgres", "nobody")
_PRIVATE: Final = 0o600
_PROGRAM: Final = 0o700
_AUDIT: Final = """\
#!/bin/sh
# Stops PostgreSQL's audit, and starts it again: audit off|on
set -eu
cd {data}
case $1 in off) echo "log_destination = stderr" >audit.conf ;; on) rm -f audit.conf ;; esac
chmod -f a+r audit.conf || :
kill -HUP "$(head -n 1 postmaster.pid)"
"""
_ROTATE: Final = """\
#!/bin/sh
PYTHONPATH={packages} exec {python} {again} "$@"
"""
_SQL: Final = """\
CREATE DATABASE {database};
CREATE ROLE breakglass LOGIN PASSWORD '{breakglass}';
CREATE ROLE breakglass_drill LOGIN IN ROLE breakglass PASSWORD '{breakglass_drill}';
ALTER ROLE breakglass SET log_statement = 'all';
ALTER ROLE breakglass_drill SET log_statement = 'all';
"""
_SETTINGS: Final[Mapping[str, str]] = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",  # nothing in it is missed after a power cut
    "shared_buffers": "16MB",
    "max_connections": "20",
    "autovacuum": "off",
    "logging_collector": "on",
    "log_destination": "csvlog",
    "log_directory": "log",
    "log_filename": "demo.log",
    "log_connections": "on",
    "log_disconnections": "on",
}


def why_not() -> str:
    """Return in words why this machine can't have it; empty: it can."""
    lacking = programs.missing(*_NEEDED)
    if lacking:
        return f"{lacking} (Debian: postgresql, openssl)"
    if not (READERS / "secret" / "open").exists():
        return "the shipped readers are not beside this program: run it from a checkout"
    if os.geteuid() == 0 and _owner() is None:
        return "PostgreSQL never runs as root, and there is no other account for it here"
    return ""


def prepare(places: TargetPlaces, ports: Ports) -> None:
    """Make the cluster, its roles and their sealed passwords. Raises `NotUsable` or `OSError`."""
    passwords = {role: secrets.token_urlsafe(18) for role in ROLES}
    _make_cluster(places, ports, passwords)
    _seal(places, passwords)
    files.replace(
        places.root / "audit", _AUDIT.format(data=shlex.quote(str(_home(places) / "data"))).encode(), _PROGRAM
    )
    again = f"-P -m monitor.demo.targets.rotation {shlex.quote(str(places.state))} {ports.sql}"
    rotate = _ROTATE.format(
        packages=shlex.quote(environment()["PYTHONPATH"]), python=shlex.quote(sys.executable), again=again
    )
    files.replace(places.rotate, rotate.encode(), _PROGRAM)
    files.replace(places.last_password, f"{passwords[ROLES[-1]]}\n".encode(), _PRIVATE)


def argv(places: TargetPlaces) -> tuple[str, ...]:
    """Return the command line that starts it, to stay in the foreground."""
    return (str(programs.find("postgres")), "-D", str(_home(places) / "data"))


def age(places: TargetPlaces) -> None:
    """Use the password that the account was made with once, and rotate it away. Raises `NotUsable`."""
    programs.run([places.rotate, "--quiet", "--used"])


def owner() -> tuple[int, int] | None:
    """Return the user and group that it must be started as; None where it may be whoever starts it."""
    return _owner() if os.geteuid() == 0 else None


def is_ready(places: TargetPlaces) -> bool:
    """Whether it takes connections, as it says itself."""
    try:
        lines = (_home(places) / "data" / "postmaster.pid").read_text("utf-8").split("\n")
    except OSError:
        return False
    return any(line.strip() == "ready" for line in lines)


def leave(places: TargetPlaces, logs: Path) -> None:
    """Remove a cluster that lies outside the state directory, where the rest is kept: its log stays with the others."""
    outside = places.system_postgres
    if outside is not None and (outside / "data" / "log").is_dir():
        shutil.copytree(outside / "data" / "log", logs / NAME, dirs_exist_ok=True)
    clear(places)


def clear(places: TargetPlaces) -> None:
    """Remove a cluster that lies outside the state directory."""
    outside = places.system_postgres
    if outside is not None and outside.is_dir() and not outside.is_symlink():
        shutil.rmtree(outside)


def _owner() -> tuple[int, int] | None:
    for name in _OTHERS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return entry.pw_uid, entry.pw_gid
    return None


def _home(places: TargetPlaces) -> Path:
    return places.system_postgres or places.postgres


def _make_cluster(places: TargetPlaces, ports: Ports, passwords: Mapping[str, str]) -> None:
    home, who = _home(places), owner()
    clear(places)
    home.mkdir(mode=0o700)
    if who is not None:
        os.chown(home, *who)
        places.postgres.symlink_to(home, target_is_directory=True)
    data = home / "data"
    initdb: list[str | Path] = [programs.find("initdb") or "initdb", "--pgdata", data, "--no-sync"]
    initdb += ["--username", ADMIN, "--auth=scram-sha-256", "--no-instructions"]
    initdb += ["--encoding=UTF8", "--locale=C", "--wal-segsize=1"]
    password = secrets.token_urlsafe(18)
    pwfile = home / "admin.password"
    files.replace(pwfile, f"{password}\n".encode(), _PRIVATE)
    if who is not None:
        os.chown(pwfile, *who)
    programs.run([*initdb, "--pwfile", pwfile], owner=who)
    lines = [f"{name} = '{value}'\n" for name, value in {**_SETTINGS, "port": str(ports.sql)}.items()]
    with (data / "postgresql.conf").open("a", encoding="utf-8") as conf:
        conf.write("".join([*lines, "include_if_exists = 'audit.conf'\n"]))
    single: list[str | Path] = [programs.find("postgres") or "postgres", "--single", "-j", "-D", data]
    sql = _SQL.format(database=DATABASE, **passwords).replace("\n", "\n\n")  # as -j wants it: one statement, empty line
    programs.run([*single, "-c", "logging_collector=off", "postgres"], sql.encode(), owner=who)


def seal_drill(places: TargetPlaces, password: str) -> None:
    """Seal the password of the drill's account, for the reader alone. Raises `NotUsable`."""
    encrypt = [str(programs.find("openssl") or "openssl"), "cms", "-encrypt", "-binary", "-aes-256-cbc"]
    out = ["-outform", "DER", "-out", str(places.sealed / "drill.cms"), str(places.sealed / "reader.crt")]
    programs.run([*encrypt, *out], password.encode())


def unsealed_drill(places: TargetPlaces) -> str:
    """Return the password of the drill's account as it is sealed, whatever the flag says. Raises `NotUsable`."""
    decrypt = [str(programs.find("openssl") or "openssl"), "cms", "-decrypt", "-inform", "DER"]
    sealed = ["-in", str(places.sealed / "drill.cms"), "-inkey", str(places.sealed / "reader.key")]
    return programs.run([*decrypt, *sealed]).decode("ascii", "replace").strip()


def _seal(places: TargetPlaces, passwords: Mapping[str, str]) -> None:
    """Seal the passwords as the guide does: one for the reader and two persons, the drill's for the reader alone."""
    phrases = {}
    for number, word in enumerate(("FIRST", "SECOND"), 1):
        path = places.root / f"person-{number}.passphrase"
        files.replace(path, f"{secrets.token_urlsafe(18)}\n".encode(), _PRIVATE)
        phrases[f"{word}_PASSPHRASE_FILE"] = str(path)
    real, drill = ROLES
    programs.run([READERS / "secret" / "seal", places.sealed], passwords[real].encode(), phrases)
    seal_drill(places, passwords[drill])
