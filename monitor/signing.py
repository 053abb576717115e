"""Signs flags with this monitor's own key.

- The payload is made canonical, so that the same claims are always the same bytes.
- The document describes itself (platform, version, change, state, times) from the payload that was signed, never from
  anything beside it.

It decides nothing: what a flag says is `monitor.rules.flag_document`'s, how it is signed `glasswatch.flag.jws`'s.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256

from glasswatch.canonical import canonical
from glasswatch.flag import jws
from monitor.model.record import FlagDocument


class Signer:
    """Makes signed documents out of payloads. The key is asked to sign and never shown."""

    def __init__(self, key: jws.Signer) -> None:
        self._key = key

    @property
    def kid(self) -> str:
        """The key's name in the trust file."""
        return self._key.kid

    def sign(self, payload: Mapping[str, object], *, is_change: bool) -> FlagDocument:
        """Sign one payload; `is_change`: it carries a change of state or causes.

        Raises:
            ValueError: the payload is not JSON, or lacks a claim that a flag must have.
        """
        signed = jws.sign(canonical(dict(payload)), self._key, jws.FLAG_TYP)
        return FlagDocument(
            platform=_text(payload, "sub"),
            ver=_whole(payload, "ver"),
            change=_whole(payload, "change"),
            state=_text(payload, "state"),
            issued_at=_instant(payload, "iat"),
            expires_at=_instant(payload, "exp"),
            jws=signed,
            sha256=sha256(signed.encode("ascii")).hexdigest(),
            is_change=is_change,
            prev=_text_or_none(payload, "prev"),
        )


def _text(payload: Mapping[str, object], claim: str) -> str:
    value = payload.get(claim)
    if not isinstance(value, str):
        raise ValueError(f"claim {claim}: expected text")  # noqa: TRY004 - a wrong payload, whatever its shape
    return value


def _text_or_none(payload: Mapping[str, object], claim: str) -> str | None:
    return None if payload.get(claim) is None else _text(payload, claim)


def _whole(payload: Mapping[str, object], claim: str) -> int:
    value = payload.get(claim)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"claim {claim}: expected a whole number")  # noqa: TRY004 - as above
    return value


def _instant(payload: Mapping[str, object], claim: str) -> datetime:
    return datetime.fromtimestamp(_whole(payload, claim), UTC)
