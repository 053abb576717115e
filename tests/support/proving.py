"""A closed run of a drill with everything that proves it, made in memory."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from drills.journal import checkpoints
from drills.journal.codec import Stamp, encode
from drills.journal.journal import salted
from drills.journal.reading import parse
from drills.model.event import (
    Approval,
    Began,
    Checkpoint,
    CheckpointKey,
    CleaningUp,
    Closed,
    Ended,
    Event,
    Head,
    KeptOutput,
    Receipted,
    UndoBegan,
    UndoEnded,
)
from drills.model.proof import Evidence, FoundOutput, Heads, ToldHead
from drills.model.step import Status
from drills.rules.approval import Asked, claims
from glasswatch.canonical import canonical
from glasswatch.chain import GENESIS
from glasswatch.chainlines import write
from glasswatch.flag.jws import EVIDENCE_TYP, sign
from glasswatch.flag.keys import SigningKey, generate
from glasswatch.flag.strict import encode_base64url
from glasswatch.flag.trust import KeyRole, Trust, TrustKey
from glasswatch.instants import unix_seconds
from tests.support.clock import START
from tests.support.drilling import opened, step

RUN = "quarterly-1"
SALT = "0a" * 16
CONTENT = b"HTTP 200"
OWN = generate()
MONITOR = generate()
BERTA = generate()
_PLAN = opened(
    [step("login", undo="takes it back", evidences=("D4",)), step("again")],
    salt=SALT,
    checkpoint_key=checkpoints.public_half(OWN),
)


def trusted(key: SigningKey = MONITOR, **changes: Any) -> Trust:
    """Return a trust file with berta's key, and that of a monitor."""
    entry = TrustKey(key.kid, key.public, KeyRole.EVIDENCE, iss="prod/main")
    berta = TrustKey(BERTA.kid, BERTA.public, KeyRole.EVIDENCE, person="berta")
    return Trust(version=1, keys={BERTA.kid: berta, key.kid: replace(entry, **changes)})


def trust_file() -> str:
    """Return the same as it stands in a file."""
    told = (({"iss": "prod/main"}, MONITOR), ({"person": "berta"}, BERTA))
    form = {"kty": "OKP", "crv": "Ed25519", "role": "evidence"}
    keys = [{**form, "kid": key.kid, "x": encode_base64url(key.public), **whose} for whose, key in told]
    return json.dumps({"version": 1, "keys": keys})


def approval(key: SigningKey = BERTA, person: str = "berta", **changes: Any) -> Approval:
    """Return an approval of the run's scenario, signed an hour before it."""
    at = START - timedelta(hours=1)
    said = claims(Asked(_PLAN.scenario, _PLAN.scenario_sha256, _PLAN.deployment), person, at, timedelta(days=100))
    return Approval(person, key.kid, at, jws=sign(canonical({**said, **changes}), key, EVIDENCE_TYP))


PLAN = replace(_PLAN, approval=approval())


def receipt(act: str, head: Head, key: SigningKey = MONITOR, said: Mapping[str, object] | None = None) -> str:
    """Return what a monitor signs of a head."""
    claims: dict[str, object] = {
        "v": 1,
        "iss": "prod/main",
        "sub": RUN,
        "iat": unix_seconds(START),
        "act": act,
        "seq": head.seq,
        "hash": head.hash,
    }
    if act == "open":
        claims |= {"scenario": PLAN.scenario, "scenario_sha256": PLAN.scenario_sha256, "operator": PLAN.operator}
    if act == "close":
        claims["verdict"] = "passed"
    return sign(canonical({**claims, **(said or {})}), key, EVIDENCE_TYP)


@dataclass
class Journal:
    """A journal in memory, and the heads that a monitor was told of."""

    lines: list[bytes] = field(default_factory=list)
    head: Head = field(default_factory=lambda: Head(0, GENESIS))
    told: list[ToldHead] = field(default_factory=list)
    at: datetime = START

    def append(self, *events: Event) -> None:
        """Write entries, a second apart."""
        for event in events:
            self.at += timedelta(seconds=1)
            mono = int((self.at - START).total_seconds() * 1000)
            stamp = Stamp(RUN, self.at, mono, "boot")
            line, digest = write(self.head.hash, self.head.seq + 1, encode(stamp, event))
            self.lines.append(line)
            self.head = Head(self.head.seq + 1, digest)

    def tell(self, act: str) -> str:
        """Tell the monitor where it ends; return the receipt."""
        self.told.append(ToldHead(self.head, act, receipt(act, self.head)))
        return self.told[-1].receipt

    def checkpoint(self, key: SigningKey = OWN) -> None:
        """Sign all that was written so far."""
        self.append(Checkpoint(checkpoints.signed(RUN, self.head, self.at, key)))

    @property
    def raw(self) -> bytes:
        """What stands in the file."""
        return b"".join(self.lines)


def closed_run(
    key: CheckpointKey | None = PLAN.checkpoint_key, approved: Approval = PLAN.approval, operator: str = PLAN.operator
) -> Journal:
    """Return a run that passed, was told of after each step, and ends with its last entry."""
    journal = Journal()
    journal.append(replace(PLAN, checkpoint_key=key, approval=approved, operator=operator))
    head, told = journal.head, journal.tell("open")
    journal.append(Receipted("monitor", head.seq, head.hash, told))
    kept = KeptOutput("0001-answer", len(CONTENT), salted(SALT, CONTENT))
    for id_ in ("login", "again"):
        outputs = (kept,) if id_ == "login" else ()
        journal.append(Began(id_, has_undo=bool(outputs)), Ended(id_, Status.PASSED, "HTTP 200", outputs=outputs))
        journal.checkpoint()
        journal.tell("head")
    journal.append(CleaningUp("every step is done", ("login",)), UndoBegan("login"))
    journal.append(UndoEnded("login", Status.PASSED, "taken back"), Closed("passed", "", 0))
    journal.tell("close")
    return journal


def evidence(raw: bytes, told: Sequence[ToldHead] | None, **changes: Any) -> Evidence:
    """Return a run's evidence as it was found: its journal, and the heads that are held elsewhere."""
    found = parse(raw)
    facts: dict[str, Any] = {
        "torn": found.torn,
        "problem": found.problem,
        "outputs": {"0001-answer": FoundOutput(len(CONTENT), salted(SALT, CONTENT))},
        "trust": trusted(),
        "heads": None if told is None else Heads(RUN, tuple(told)),
    }
    return Evidence(found.entries, **{**facts, **changes})
