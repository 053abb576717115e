"""Checks a Standard Webhooks signature, the way a receiver that is not ours would.

Written from the specification and not from our channel, so that the demo would notice if the two disagreed: signed is
`webhook-id.webhook-timestamp.body` with HMAC-SHA256; `webhook-signature` holds one or more `v1,BASE64` with spaces
between; the timestamp, in Unix seconds, is at most five minutes from our clock either way.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta

from monitor.demo.errors import SignatureRefused

_PREFIX = "whsec_"
_TOLERANCE = timedelta(minutes=5)
_LONGEST_ID = 1024


def key_of(secret: str) -> bytes:
    """Return the key in a `whsec_…` secret. Raises `SignatureRefused` when it is none."""
    try:
        return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise SignatureRefused("the secret is not whsec_ and base64") from None


def check(key: bytes, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
    """Return the message's id when `body` was signed with `key` near `now`. Header names are lower-case.

    Raises:
        SignatureRefused: a header is missing or wrong, it is too old or too new, or no signature fits.
    """
    message_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    if not message_id or len(message_id) > _LONGEST_ID:
        raise SignatureRefused("webhook-id is missing or too long")
    if not (timestamp.isascii() and timestamp.isdigit()):
        raise SignatureRefused("webhook-timestamp is missing or not a whole number")
    if abs(int(timestamp) - now.timestamp()) > _TOLERANCE.total_seconds():
        raise SignatureRefused("webhook-timestamp is more than 5 minutes from our clock")
    signed = b".".join((message_id.encode(), timestamp.encode(), body))
    expected = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    for offered in headers.get("webhook-signature", "").split(" "):
        version, _, value = offered.partition(",")
        if version == "v1" and hmac.compare_digest(value.encode(), expected.encode()):
            return message_id
    raise SignatureRefused("no signature in webhook-signature fits")
