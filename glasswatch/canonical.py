"""Canonical JSON (RFC 8785): one value, one sequence of bytes, so that a hash means the same everywhere."""

import rfc8785


def canonical(value: object) -> bytes:
    """Return the one way to write this JSON value: mappings, lists, text, whole numbers, floats, true, false, null.

    Raises:
        ValueError: it holds something JSON has no canonical form for: NaN, an integer beyond 2**53, another type.
    """
    try:
        return rfc8785.dumps(value)  # type: ignore[arg-type]  # checked by the call itself
    except rfc8785.CanonicalizationError:
        # The library's message repeats the value, which may be somebody's secret.
        raise ValueError("expected a JSON value without NaN, huge integers or types of our own") from None
