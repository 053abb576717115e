"""Two other libraries agree with us on what is signed: PyJWT and joserfc."""

import json
import warnings

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws as joserfc_jws
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import OKPKey

from glasswatch.flag.document import payload
from glasswatch.flag.errors import Refusal, Refused
from glasswatch.flag.jws import FLAG_TYP, is_signed, open_, sign
from glasswatch.flag.reader import judge
from tests.support.flags import EXPECT, KEY, NOW, OTHER_KEY, READY_CLAIMS, TRUST, jwk, signed

GOOD = signed(READY_CLAIMS)
_PUBLIC = Ed25519PublicKey.from_public_bytes(KEY.public)
_JOSERFC_KEY = OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": str(jwk()["x"])})


def _pyjwt(document: bytes) -> dict[str, object]:
    return dict(jwt.PyJWS().decode_complete(document, _PUBLIC, algorithms=["EdDSA"]))


def _joserfc(document: bytes) -> joserfc_jws.CompactSignature:
    with warnings.catch_warnings():
        # It prefers RFC 9864's name "Ed25519" for the algorithm; our contract says EdDSA.
        warnings.simplefilter("ignore", SecurityWarning)
        return joserfc_jws.deserialize_compact(document, _JOSERFC_KEY, algorithms=["EdDSA"])


def test_pyjwt_reads_what_we_sign() -> None:
    """PyJWT verifies our signature and sees our header and claims, and a gateway's checks by audience pass."""
    read = _pyjwt(GOOD)
    assert read["header"] == {"alg": "EdDSA", "typ": FLAG_TYP, "kid": KEY.kid}
    assert json.loads(read["payload"]) == payload(READY_CLAIMS)  # type: ignore[arg-type]  # bytes, by PyJWT
    checked = jwt.decode(
        GOOD, _PUBLIC, algorithms=["EdDSA"], audience="prod/ready", options={"verify_exp": False, "verify_iat": False}
    )
    assert checked["state"] == "ready"


def test_pyjwt_tells_ready_from_standby_by_audience() -> None:
    """A gateway that checks signature and audience alone does not take one state for another."""
    with pytest.raises(jwt.InvalidAudienceError):
        jwt.decode(
            GOOD,
            _PUBLIC,
            algorithms=["EdDSA"],
            audience="prod/standby",
            options={"verify_exp": False, "verify_iat": False},
        )


def test_joserfc_reads_what_we_sign() -> None:
    """The library joserfc verifies our signature and sees our header and claims."""
    read = _joserfc(GOOD)
    assert read.headers() == {"alg": "EdDSA", "typ": FLAG_TYP, "kid": KEY.kid}
    assert json.loads(read.payload) == payload(READY_CLAIMS)


def test_we_read_what_they_sign() -> None:
    """A flag signed by PyJWT or joserfc with the same header is believed like our own."""
    claims = payload(READY_CLAIMS)
    by_pyjwt = jwt.encode(claims, KEY._private, "EdDSA", {"typ": FLAG_TYP, "kid": KEY.kid})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)
        by_joserfc = joserfc_jws.serialize_compact(
            {"alg": "EdDSA", "typ": FLAG_TYP, "kid": KEY.kid},
            json.dumps(claims).encode(),
            OKPKey.import_key(KEY.pem().decode()),
            algorithms=["EdDSA"],
        )
    for document in (by_pyjwt, by_joserfc):
        assert judge(document, TRUST, EXPECT, NOW).claims == READY_CLAIMS


def _they_reject(document: bytes) -> bool:
    try:
        _pyjwt(document)
        _joserfc(document)
    except (jwt.InvalidTokenError, JoseError, ValueError):
        return True
    return False


@given(st.integers(0, len(GOOD) - 1), st.integers(1, 255))
def test_where_they_reject_we_reject(place: int, flip: int) -> None:
    """Where either library refuses a document that was changed in one byte, so do we; never the other way round."""
    damaged = bytearray(GOOD)
    damaged[place] ^= flip
    judgement = judge(bytes(damaged), TRUST, EXPECT, NOW)
    if _they_reject(bytes(damaged)):
        assert judgement.state is None


@given(st.binary(min_size=64, max_size=64))
def test_a_made_up_signature_convinces_nobody(signature: bytes) -> None:
    """A signature out of nothing is refused by both of them and by us."""
    forged = GOOD.rpartition(b".")[0] + b"." + jwt.utils.base64url_encode(signature)
    assert judge(forged, TRUST, EXPECT, NOW).refusal is Refusal.SIGNATURE
    assert _they_reject(forged)


ORDER_TYP = "break-glass-order+jwt"
typs = st.sampled_from([FLAG_TYP, ORDER_TYP])


@given(st.binary(min_size=1, max_size=200), typs)
def test_what_we_sign_is_signed_to_them_whatever_its_type(raw: bytes, typ: str) -> None:
    """Flags and orders alike: the bytes that went in come out of both libraries and of our own opening."""
    document = sign(raw, KEY, typ).encode()
    opened = open_(document, typ)
    assert _pyjwt(document)["payload"] == _joserfc(document).payload == opened.payload == raw
    assert is_signed(opened, KEY.public)
    assert not is_signed(opened, OTHER_KEY.public)


@given(typs, st.data())
def test_where_they_reject_a_type_of_ours_we_reject(typ: str, data: st.DataObject) -> None:
    """A document damaged in one byte that either library refuses is refused or unsigned to us, of any type."""
    document = bytearray(sign(b'{"a":1}', KEY, typ).encode())
    document[data.draw(st.integers(0, len(document) - 1))] ^= data.draw(st.integers(1, 255))
    if _they_reject(bytes(document)):
        assert not _we_accept(bytes(document), typ)


@given(typs, typs)
def test_a_document_of_one_type_is_never_one_of_another(signed_as: str, read_as: str) -> None:
    """A flag is no order, an order no flag, though the same key could sign both."""
    assert _we_accept(sign(b'{"a":1}', KEY, signed_as).encode(), read_as) == (signed_as == read_as)


def _we_accept(document: bytes, typ: str) -> bool:
    try:
        return is_signed(open_(document, typ), KEY.public)
    except Refused:
        return False
