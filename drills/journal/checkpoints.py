"""Signs checkpoints: compact JWS over where a journal ends.

Where the settings name no key, a run makes one of its own. It is never written: its public half stands in the first
entry, or in the one by which another process goes on, and is so bound by the receipt for that entry.
"""

from datetime import datetime

from drills.model.event import CheckpointKey, Head
from drills.rules.signatures import CHECKPOINT, FORMAT
from glasswatch.canonical import canonical
from glasswatch.flag.jws import EVIDENCE_TYP, sign
from glasswatch.flag.keys import SigningKey
from glasswatch.flag.strict import encode_base64url
from glasswatch.instants import unix_seconds


def public_half(key: SigningKey) -> CheckpointKey:
    """Return what stands in the journal of a key."""
    return CheckpointKey(key.kid, encode_base64url(key.public))


def signed(run: str, head: Head, at: datetime, key: SigningKey) -> str:
    """Return the checkpoint of a run's journal that ends there."""
    claims = {"v": FORMAT, "act": CHECKPOINT, "sub": run, "iat": unix_seconds(at), "seq": head.seq, "hash": head.hash}
    return sign(canonical(claims), key, EVIDENCE_TYP)
