"""What a token endpoint's answer says (RFC 6749, 4.4.3 and 5.2), and how long a token serves.

Rules:
1. 200 with a JSON object that holds a bearer token: the token. Without `expires_in` it is taken to live for 5 minutes.
2. 401 or 403, and 400 with `invalid_client`, `invalid_grant`, `unauthorized_client` or `access_denied`: our own
   credential was refused.
3. 429: we were asked to wait.
4. Anything else is no answer: the token could not be had. It is not the probe's target that failed, so it is not bad.
5. A token serves until shortly before its end, and is renewed in the last quarter of its life, so that one that fails
   to be renewed at once serves on.

Words name the status, and an error code only where it is one of the standard's.
"""

import re
from dataclasses import dataclass, field
from typing import Final

from glasswatch.strict_json import parse
from monitor.model.outcome import Reason

UNSAID_SECONDS: Final = 300.0
# A token that ends sooner than this after it was given is of no use to the attempt that waits for it.
SPARE_SECONDS: Final = 10.0
_SPARE_SHARE: Final = 0.1
_RENEWAL_SHARE: Final = 0.75
_LONGEST_SECONDS: Final = 10 * 365 * 86400
_LONGEST_TOKEN: Final = 32 * 1024

_GOOD: Final = 200
_WRONG: Final = 400
_REFUSED: Final = frozenset({401, 403})
_RATE_LIMITED: Final = 429
_REFUSALS: Final = frozenset({"invalid_client", "invalid_grant", "unauthorized_client", "access_denied"})
_CODES: Final = _REFUSALS | {"invalid_request", "unsupported_grant_type", "invalid_scope", "invalid_target"}
_VISIBLE: Final = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class Granted:
    """A token, and for how many seconds from the request on it lives."""

    token: str = field(repr=False)
    lives_seconds: float

    def serves(self, age_seconds: float) -> bool:
        """Return whether a token of this age may be sent."""
        return age_seconds < self.lives_seconds - min(SPARE_SECONDS, self.lives_seconds * _SPARE_SHARE)

    def is_due(self, age_seconds: float) -> bool:
        """Return whether a token of this age is to be renewed."""
        return age_seconds >= self.lives_seconds * _RENEWAL_SHARE


@dataclass(frozen=True, slots=True)
class NotGranted:
    """No token: `reason` is what an attempt without it is worth, `words` say why."""

    reason: Reason
    words: str


def judge_token(status: int, body: bytes) -> Granted | NotGranted:
    """Return what the answer says."""
    if status == _GOOD:
        return _granted(body)
    if status == _RATE_LIMITED:
        return NotGranted(Reason.RATE_LIMITED, "status 429: too many requests")
    code = _code(body) if status == _WRONG or status in _REFUSED else ""
    words = f"status {status} ({code})" if code else f"status {status}"
    if status in _REFUSED or code in _REFUSALS:
        return NotGranted(Reason.CREDENTIALS_REFUSED, f"{words}: our own credential was refused")
    return _nothing(words)


def _granted(body: bytes) -> Granted | NotGranted:
    try:
        document = parse(body)
    except ValueError as error:
        return _nothing(f"its answer is not JSON: {error}")
    if not isinstance(document, dict):
        return _nothing("its answer is not a JSON object")
    token, kind = document.get("access_token"), document.get("token_type")
    if not isinstance(token, str) or len(token) > _LONGEST_TOKEN or _VISIBLE.fullmatch(token) is None:
        return _nothing("its answer holds no access_token that a header can carry")
    if not isinstance(kind, str) or kind.lower() != "bearer":
        return _nothing("its answer holds no token of the type Bearer")
    lives = _seconds(document.get("expires_in", UNSAID_SECONDS))
    return Granted(token, lives) if lives is not None else _nothing("its answer's expires_in is no number of seconds")


def _seconds(written: object) -> float | None:
    # Text too: identity providers in wide use write "3599".
    if (
        isinstance(written, str)
        and written.isascii()
        and written.isdigit()
        and len(written) <= len(str(_LONGEST_SECONDS))
    ):
        written = int(written)
    if isinstance(written, bool) or not isinstance(written, int | float) or written <= 0:
        return None
    return float(min(written, _LONGEST_SECONDS))


def _code(body: bytes) -> str:
    try:
        document = parse(body)
    except ValueError:
        return ""
    code = document.get("error") if isinstance(document, dict) else None
    return code if isinstance(code, str) and code in _CODES else ""


def _nothing(words: str) -> NotGranted:
    return NotGranted(Reason.SECRET_UNAVAILABLE, words)
