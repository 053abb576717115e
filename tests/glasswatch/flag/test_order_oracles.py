"""Two other libraries agree with us on what is signed under an order: PyJWT and joserfc."""

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
from jwt.types import Options

from glasswatch.canonical import canonical
from glasswatch.flag.document import FlagState
from glasswatch.flag.jws import ORDER_TYP
from glasswatch.flag.keys import SigningKey
from glasswatch.flag.order import payload
from tests.support.flags import jwk
from tests.support.orders import ANNA, BEN, READY, judged, ordered

HEADER = {"alg": "EdDSA", "typ": ORDER_TYP}
LINE = ordered(READY, BEN).strip()


def _public(key: SigningKey) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(key.public)


def _joserfc(line: bytes, key: SigningKey) -> joserfc_jws.CompactSignature:
    with warnings.catch_warnings():
        # It prefers RFC 9864's name "Ed25519" for the algorithm; our contract says EdDSA.
        warnings.simplefilter("ignore", SecurityWarning)
        public = OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": str(jwk(key)["x"])})
        return joserfc_jws.deserialize_compact(line, public, algorithms=["EdDSA"])


def test_they_read_what_we_sign() -> None:
    """Both verify each line, and see our header and claims."""
    for line, key in zip(ordered(READY, ANNA, BEN).splitlines(), (ANNA, BEN), strict=True):
        read = jwt.PyJWS().decode_complete(line, _public(key), algorithms=["EdDSA"])
        assert read["header"] == HEADER | {"kid": key.kid}
        assert json.loads(read["payload"]) == payload(READY)
        found = _joserfc(line, key)
        assert (found.headers(), found.payload) == (HEADER | {"kid": key.kid}, read["payload"])


def test_a_gateway_tells_ready_from_standby_by_audience() -> None:
    """Who checks signature and audience alone does not take one state for another."""
    options: Options = {"verify_exp": False, "verify_iat": False}
    checked = jwt.decode(LINE, _public(BEN), algorithms=["EdDSA"], audience="prod/ready", options=options)
    assert checked["state"] == "ready"
    with pytest.raises(jwt.InvalidAudienceError):
        jwt.decode(LINE, _public(BEN), algorithms=["EdDSA"], audience="prod/standby", options=options)


def test_we_count_what_they_sign() -> None:
    """One line by PyJWT and one by joserfc, over the same bytes, are an order."""
    raw = canonical(payload(READY))
    by_pyjwt = jwt.PyJWS().encode(raw, ANNA._private, "EdDSA", HEADER | {"kid": ANNA.kid})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)
        by_joserfc = joserfc_jws.serialize_compact(
            HEADER | {"kid": BEN.kid}, raw, OKPKey.import_key(BEN.pem().decode()), algorithms=["EdDSA"]
        )
    assert judged(f"{by_pyjwt}\n{by_joserfc}\n".encode()).state is FlagState.READY


def _they_accept(line: bytes) -> bool:
    try:
        jwt.PyJWS().decode_complete(line, _public(BEN), algorithms=["EdDSA"])
        _joserfc(line, BEN)
    except (jwt.PyJWTError, JoseError, ValueError):
        return False
    return True


@given(st.data())
def test_what_they_refuse_counts_for_nothing(data: st.DataObject) -> None:
    """A damaged line that either of them finds wrongly signed is no signature for us."""
    place = data.draw(st.integers(0, len(LINE) - 1))
    damaged = LINE[:place] + data.draw(st.binary(min_size=1, max_size=1)) + LINE[place + 1 :]
    judgement = judged(ordered(READY, ANNA) + damaged)
    if not _they_accept(damaged):
        assert judgement.state is None
    if judgement.state is not None:
        assert damaged == LINE
