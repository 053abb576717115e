"""Content codings are undone within a bound."""

import gzip
import zlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platforms.errors import FaultKind, TransportFault
from platforms.transport.body import decoded

_RAW = zlib.compressobj(wbits=-15)
_HEADERLESS = _RAW.compress(b"plain") + _RAW.flush()


@pytest.mark.parametrize(
    ("body", "codings", "plain"),
    [
        pytest.param(b"plain", [], b"plain", id="none"),
        pytest.param(b"plain", [b"identity"], b"plain", id="identity"),
        pytest.param(gzip.compress(b"plain"), [b"gzip"], b"plain", id="gzip"),
        pytest.param(gzip.compress(b"plain"), [b" X-GZIP "], b"plain", id="x-gzip in capitals"),
        pytest.param(zlib.compress(b"plain"), [b"deflate"], b"plain", id="deflate with zlib's header"),
        pytest.param(_HEADERLESS, [b"deflate"], b"plain", id="deflate without a header"),
        pytest.param(gzip.compress(b"pl") + gzip.compress(b"ain"), [b"gzip"], b"plain", id="two members"),
        pytest.param(gzip.compress(b"plain") + b"trailing", [b"gzip"], b"plain", id="trailing bytes"),
        pytest.param(gzip.compress(zlib.compress(b"plain")), [b"deflate, gzip"], b"plain", id="two codings in a line"),
        pytest.param(gzip.compress(zlib.compress(b"plain")), [b"deflate", b"gzip"], b"plain", id="two fields"),
        pytest.param(b"", [b"gzip"], b"", id="nothing to undo"),
        pytest.param(gzip.compress(b""), [b"gzip"], b"", id="nothing, compressed"),
    ],
)
def test_what_is_undone(body: bytes, codings: list[bytes], plain: bytes) -> None:
    """The codings of the time, in each of their forms."""
    assert decoded(body, codings, 100) == plain


@pytest.mark.parametrize(
    ("body", "codings", "kind", "words"),
    [
        pytest.param(b"x", [b"br"], FaultKind.PROTOCOL, "nobody asked for", id="brotli"),
        pytest.param(b"x", [b"zstd"], FaultKind.PROTOCOL, "nobody asked for", id="zstd"),
        pytest.param(b"", [b"br"], FaultKind.PROTOCOL, "nobody asked for", id="brotli of nothing"),
        pytest.param(b"x", [b"gzip"] * 4, FaultKind.PROTOCOL, "more than 3 times", id="too many codings"),
        pytest.param(b"no gzip", [b"gzip"], FaultKind.PROTOCOL, "is damaged", id="no gzip"),
        pytest.param(gzip.compress(b"plain")[:-1], [b"gzip"], FaultKind.PROTOCOL, "ends early", id="gzip cut"),
        pytest.param(
            gzip.compress(b"plain")[:-6] + b"\0" * 6, [b"gzip"], FaultKind.PROTOCOL, "is damaged", id="wrong checksum"
        ),
        pytest.param(zlib.compress(b"plain")[:-1], [b"deflate"], FaultKind.PROTOCOL, "ends early", id="deflate cut"),
        pytest.param(b"\xff", [b"deflate"], FaultKind.PROTOCOL, "is damaged", id="no deflate"),
        pytest.param(gzip.compress(bytes(101)), [b"gzip"], FaultKind.TOO_LARGE, "larger than allowed", id="one over"),
        pytest.param(
            gzip.compress(bytes(60)) * 2, [b"gzip"], FaultKind.TOO_LARGE, "larger than allowed", id="together over"
        ),
        pytest.param(gzip.compress(b"") * 101, [b"gzip"], FaultKind.TOO_LARGE, "100 gzip members", id="many members"),
        pytest.param(
            gzip.compress(gzip.compress(bytes(10**6))),
            [b"gzip", b"gzip"],
            FaultKind.TOO_LARGE,
            "larger than allowed",
            id="a bomb in a bomb",
        ),
    ],
)
def test_what_is_refused(body: bytes, codings: list[bytes], kind: FaultKind, words: str) -> None:
    """Unknown, damaged and too large each have their kind."""
    with pytest.raises(TransportFault, match=words) as caught:
        decoded(body, codings, 100)
    assert caught.value.kind is kind


@given(st.binary(max_size=400), st.lists(st.sampled_from([b"gzip", b"deflate", b"identity", b"br"]), max_size=4))
def test_nothing_else_happens(body: bytes, codings: list[bytes]) -> None:
    """Whatever a server sends: at most the bound, or a fault."""
    with suppress(TransportFault):
        assert len(decoded(body, codings, 100)) <= max(100, len(body))


@given(st.binary(max_size=300))
def test_there_and_back(plain: bytes) -> None:
    """What was compressed within the bound comes back."""
    assert decoded(gzip.compress(plain), [b"gzip"], 300) == plain
    assert decoded(zlib.compress(plain), [b"deflate"], 300) == plain
