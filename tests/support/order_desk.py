"""Persons with order keys in real files, and a way to call `monitor flag` as they would."""

import json
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner, Result

from glasswatch.flag.keys import SigningKey
from monitor.commands.flag.group import command
from tests.support.flags import jwk, write_trust
from tests.support.orders import ANNA, BEN, CARA

PEOPLE = {"anna": ANNA, "ben": BEN, "cara": CARA}


def order_jwk(key: SigningKey, person: str | None, /, **changes: object) -> dict[str, object]:
    """Return a trust file's entry for an order key, with some members changed."""
    return jwk(key, **({"role": "order", "iss": "prod", "person": person} | changes))


def write_key(path: Path, key: SigningKey) -> Path:
    """Write a private key's file."""
    path.write_bytes(key.pem())
    path.chmod(0o600)
    return path


@dataclass(frozen=True)
class Desk:
    """A directory with one order key a person, and the trust file that has them all."""

    root: Path

    @property
    def trust(self) -> Path:
        """The trust file."""
        return self.root / "trust.json"

    def path(self, name: str) -> Path:
        """Return a file of this directory."""
        return self.root / name

    def flag(self, *words: str | Path, stdin: str | None = None) -> Result:
        """Call `monitor flag`."""
        return CliRunner().invoke(command, list(map(str, words)), input=stdin)

    def sign(self, person: str, *words: str | Path, stdin: str | None = None) -> Result:
        """Call `monitor flag order sign` with a person's key."""
        who: list[str | Path] = ["--key", self.path(f"{person}.key"), "--trust", self.trust]
        return self.flag("order", "sign", *who, *words, stdin=stdin)

    def begin(self, person: str, out: str, *words: str | Path, state: str = "ready") -> Result:
        """Sign a new order for an hour."""
        what = ["--platform", "payments", "--audience", "prod", "--state", state, "--for", "1h"]
        return self.sign(person, *what, "--out", self.path(out), *words)

    def add(self, person: str, file: str, *words: str | Path) -> Result:
        """Add a person's signature to an order, without being asked."""
        return self.sign(person, "--add", self.path(file), "--yes", *words)

    def retrust(self, **changes: object) -> None:
        """Change Ben's entry in the trust file."""
        file = json.loads(self.trust.read_text())
        for entry in file["keys"]:
            if entry["person"] == "ben":
                entry.update(changes)
        self.trust.write_text(json.dumps(file))


def make_desk(root: Path) -> Desk:
    """Put keys and trust file into a directory."""
    for person, key in PEOPLE.items():
        write_key(root / f"{person}.key", key)
    write_trust(root / "trust.json", *(order_jwk(key, person) for person, key in PEOPLE.items()))
    return Desk(root)
