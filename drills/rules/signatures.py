"""Whether signed words about a journal are true: checkpoints by the run itself, receipts by somebody elsewhere.

1. A checkpoint is signed with the key that stands in the first entry, or in the last before it by which another process
   went on. Its claims name the run, and the entry before it. A key that the trust file has must not be revoked there.
2. A receipt is believed if a key of role `evidence` signed it that the trust file has, that is not revoked and was
   valid when it was issued, and that speaks for the run's deployment. A key without an issuer is the vantage `main`'s,
   as for flags; a demo's key speaks for the deployment `demo` alone. A person's key signs approvals, and a run's own
   key checkpoints: neither gives a receipt, for who holds it may be who ran the drill.
3. A receipt by a key that the trust file doesn't have can't be checked: it is neither believed nor wrong, and nothing
   rests on it, as if there were none. One that names a key which is known is checked with that key, and wrong if it
   does not fit; so is one by the run's own key, whether the trust file has that or not.
4. What a receipt says must be so: the run, the act, number and hash; at `open` what was to be run and who ran it, at
   `close` how it ended.

Times of long ago are no problem: evidence is looked at years later.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from drills.model.event import Checkpoint, CheckpointKey, Closed, Entry, Head, Opened, Resumed
from drills.model.proof import ToldHead
from glasswatch.flag.authenticity import authenticate
from glasswatch.flag.errors import Malformed, Refused
from glasswatch.flag.jws import EVIDENCE_TYP, is_signed, open_
from glasswatch.flag.strict import Members, decode_base64url, loads
from glasswatch.flag.trust import DEMO_DEPLOYMENT, Trust, TrustKey
from glasswatch.instants import from_seconds

FORMAT: Final = 1
CHECKPOINT: Final = "checkpoint"
_VANTAGE: Final = "main"
_ACTS: Final = frozenset({"open", "head", "close"})
_CHECKPOINT_CLAIMS: Final = frozenset({"v", "act", "sub", "iat", "seq", "hash"})


@dataclass(frozen=True, slots=True)
class Subject:
    """The run that is spoken of: its entries, what was to be run, and the names of the keys of its checkpoints."""

    run: str
    opened: Opened
    entries: Sequence[Entry]
    own_kids: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        """Look through the entries once, however many receipts there are."""
        keys = (each.event.checkpoint_key for each in self.entries if isinstance(each.event, Opened | Resumed))
        object.__setattr__(self, "own_kids", frozenset(key.kid for key in keys if key is not None))

    def head(self, seq: int) -> Head | None:
        """Return the entry of a number, as a head; None where there is none."""
        return self.entries[seq - 1].head if 1 <= seq <= len(self.entries) else None


def checkpoint_problems(subject: Subject, trust: Trust | None) -> dict[int, str]:
    """Return what is wrong with checkpoints, by their entries' numbers."""
    key: CheckpointKey | None = None
    found = {}
    for entry in subject.entries:
        event = entry.event
        if isinstance(event, Opened | Resumed):
            key = event.checkpoint_key
        elif isinstance(event, Checkpoint) and (what := _checkpoint(entry, event.jws, key, subject, trust)):
            found[entry.head.seq] = what
    return found


def is_ours(receipt: str) -> bool:
    """Return whether a receipt is of the form that a monitor gives; a witness's may be anything."""
    try:
        open_(receipt, EVIDENCE_TYP)
    except Refused:
        return False
    return True


def closed_as(receipt: str) -> str | None:
    """Return the verdict that a receipt says a run was closed with, whoever signed it; None where it says none."""
    try:
        claims = Members(loads(open_(receipt, EVIDENCE_TYP).payload))
        return claims.text("verdict") if claims.text("act") == "close" else None
    except (Refused, Malformed):
        return None


def unknown_signer(subject: Subject, receipt: str, trust: Trust) -> str | None:
    """Return the name of the key by which a receipt says it is signed, where nobody knows that key; else None."""
    try:
        kid = open_(receipt, EVIDENCE_TYP).kid
    except Refused:
        return None
    return kid if trust.key(kid) is None and kid not in subject.own_kids else None


def receipt_problem(subject: Subject, told: ToldHead, trust: Trust) -> str | None:
    """Return why a receipt is not believed; None where it is. A head whose act is empty may have been told for any."""
    try:
        document = open_(told.receipt, EVIDENCE_TYP)
        if document.kid in subject.own_kids:
            return "the run's own key signed it"
        claims = Members(loads(document.payload))
        issued = from_seconds(claims.seconds("iat"))
        key = authenticate(told.receipt, EVIDENCE_TYP, trust, issued).key
        if key.person is not None:
            return "a person's key signed it, and no monitor's"
        return _issuer(key, claims, subject.opened.deployment) or _untrue(claims, told, subject)
    except (Refused, Malformed) as fault:
        return str(fault)


def _checkpoint(entry: Entry, jws: str, key: CheckpointKey | None, subject: Subject, trust: Trust | None) -> str | None:
    known = trust.key(key.kid) if trust and key else None
    if known is not None and known.is_revoked:
        return "the key of its checkpoint is revoked"
    try:
        document = open_(jws, EVIDENCE_TYP)
        if key is None or document.kid != key.kid:
            return "its checkpoint is not signed with the run's key"
        public = known.public if known is not None else decode_base64url(key.x.encode())
        if not is_signed(document, public):
            return "the signature of its checkpoint does not fit"
        claims = Members(loads(document.payload))
        before = subject.head(entry.head.seq - 1)
        says = (claims.count("v"), claims.text("act"), claims.text("sub"), claims.count("seq"), claims.digest("hash"))
    except (Refused, Malformed) as fault:
        return f"its checkpoint can't be read: {fault}"
    right = before and (FORMAT, CHECKPOINT, subject.run, before.seq, before.hash)
    is_right = says == right and claims.names() == _CHECKPOINT_CLAIMS
    return None if is_right else "its checkpoint speaks of something else"


def _issuer(key: TrustKey, claims: Members, deployment: str) -> str | None:
    issuer = claims.text("iss")
    if issuer != (key.iss or f"{deployment}/{_VANTAGE}"):
        return "it speaks in another name than its key may"
    if issuer.partition("/")[0] != deployment:
        return "it is of another deployment"
    if key.is_demo and deployment != DEMO_DEPLOYMENT:
        return "a demo's key signed it"
    return None


def _untrue(claims: Members, told: ToldHead, subject: Subject) -> str | None:
    act = claims.one_of("act", _ACTS)
    expected: dict[str, object] = {
        "v": FORMAT,
        "sub": subject.run,
        "act": told.act or act,
        "seq": told.head.seq,
        "hash": told.head.hash,
    }
    if act == "open":
        opened = subject.opened
        expected |= {
            "scenario": opened.scenario,
            "scenario_sha256": opened.scenario_sha256,
            "operator": opened.operator,
        }
    if act == "close":
        last = next((e.event for e in reversed(subject.entries) if isinstance(e.event, Closed)), None)
        expected["verdict"] = last.verdict if last else ""
    for name, value in expected.items():
        said = claims.count(name) if isinstance(value, int) else claims.text(name)
        if said != value:
            return f"it says another {name}"
    return None
