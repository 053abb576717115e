import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glasswatch.flag import trust
from glasswatch.flag.errors import FlagError, Refusal, TrustFault
from glasswatch.flag.jws import FLAG_TYP, is_signed, open_
from glasswatch.flag.reader import judge
from glasswatch.flag.strict import encode_base64url
from glasswatch.flag.trust import KeyRole, TrustKey
from tests.support.clock import ManualClock
from tests.support.flags import EXPECT, KEY, NOW, OTHER_KEY, READY_CLAIMS, jwk, signed, write_trust

CLOCK = ManualClock()


def _file(*entries: object, **members: object) -> bytes:
    return json.dumps({"version": 1, "keys": list(entries)} | members).encode()


def test_every_member_is_read() -> None:
    """A key has its name, bytes, role, issuer, person and dates."""
    read = trust.parse(_file(jwk(role="order", person="anna", nbf=5, exp=9), version=7))
    assert read.version == 7
    assert read.key(KEY.kid) == TrustKey(KEY.kid, KEY.public, KeyRole.ORDER, "prod/main", "anna", 5, 9)
    assert read.key("another") is None


def test_what_may_be_missing_may_be_null() -> None:
    """Issuer, person and dates may be left out, or be null; whether it is revoked may only be left out."""
    names = ("iss", "person", "nbf", "exp")
    missing = trust.parse(_file(jwk(revoked=..., **dict.fromkeys(names, ...))))
    null = trust.parse(_file(jwk(**dict.fromkeys(names))))
    assert missing.key(KEY.kid) == null.key(KEY.kid) == TrustKey(KEY.kid, KEY.public, KeyRole.FLAG)


@pytest.mark.parametrize(("revoked", "is_revoked"), [(True, True), (False, False), (0, True), (2_000_000_000, True)])
def test_revoked_is_yes_no_or_a_time(*, revoked: object, is_revoked: bool) -> None:
    """A time of revocation revokes for all times, before it and after it: a thief dates as he likes."""
    key = trust.parse(_file(jwk(revoked=revoked))).key(KEY.kid)
    assert key is not None
    assert key.is_revoked is is_revoked


@pytest.mark.parametrize(("demo", "is_demo"), [(True, True), (False, False), (None, False)])
def test_a_demos_key_is_marked(*, demo: object, is_demo: bool) -> None:
    """`demo` is true or false, and false where it is null."""
    key = trust.parse(_file(jwk(demo=demo))).key(KEY.kid)
    assert key is not None
    assert key.is_demo is is_demo


@pytest.mark.parametrize(("members", "persons"), [({}, 2), ({"order_persons": None}, 2), ({"order_persons": 5}, 5)])
def test_persons_for_an_order(members: dict[str, object], persons: int) -> None:
    """Two persons sign an order unless the file asks for more."""
    assert trust.parse(_file(**members)).order_persons == persons


def test_members_of_other_tools_may_stand_there() -> None:
    """What RFC 7517 allows beside a key is no fault."""
    assert trust.parse(_file(jwk(alg="EdDSA", use="sig", key_ops=["verify"]))).keys


def test_no_keys_are_no_fault() -> None:
    """A trust file may trust nobody."""
    assert trust.parse(_file()).keys == {}


FAULTS = {
    "no JSON": (b"keys:", "not JSON"),
    "a name twice": (b'{"version":1,"version":2,"keys":[]}', "'version' stands there twice"),
    "a list": (b"[]", "the whole must be an object"),
    "no version": (b'{"keys":[]}', "version is missing"),
    "a version as text": (_file(version="1"), "version must be an integer"),
    "no keys": (b'{"version":1}', "keys is missing"),
    "keys as object": (b'{"version":1,"keys":{}}', "keys must be a list"),
    "one person for an order": (_file(order_persons=1), "order_persons must be 2 to 5: one person never opens alone"),
    "no person for an order": (_file(order_persons=0), "order_persons must be 2 to 5"),
    "six persons for an order": (_file(order_persons=6), "order_persons must be an integer from 0 to 5"),
    "true persons for an order": (_file(order_persons=True), "order_persons must be an integer"),
    "a demo as text": (_file(jwk(demo="yes")), r"keys\[0\]\.demo must be true or false"),
    "a demo as number": (_file(jwk(demo=1)), r"keys\[0\]\.demo must be true or false"),
    "another member": (_file(quorum=1), "'quorum' is not a member of a trust file"),
    "a key that is text": (_file("key"), r"keys\[0\] must be an object"),
    "a private key": (_file(jwk(d="AAAA")), r"keys\[0\]\.d is a private key: a trust file holds public ones only"),
    "a misspelt member": (_file(jwk(revokd=True)), r"keys\[0\]\.'revokd' is not a member of a trust file"),
    "another kty": (_file(jwk(kty="RSA")), r"keys\[0\]\.kty must be one of OKP"),
    "another curve": (_file(jwk(crv="X25519")), r"keys\[0\]\.crv must be one of Ed25519"),
    "no x": (_file(jwk(x=...)), r"keys\[0\]\.x is missing"),
    "x padded": (_file(jwk(x=encode_base64url(KEY.public) + "=")), r"keys\[0\]\.x is not canonical base64url"),
    "x short": (_file(jwk(x="AAAA")), r"keys\[0\]\.x must be 32 bytes in base64url"),
    "x beyond ASCII": (_file(jwk(x="é")), r"keys\[0\]\.x is not"),
    "no kid": (_file(jwk(kid=...)), r"keys\[0\]\.kid is missing"),
    "no role": (_file(jwk(role=...)), r"keys\[0\]\.role is missing"),
    "another role": (_file(jwk(role="admin")), r"keys\[0\]\.role must be one of evidence, flag, order"),
    "a list of roles": (_file(jwk(role=["flag", "order"])), r"keys\[0\]\.role must be one of"),
    "iss empty": (_file(jwk(iss="")), r"keys\[0\]\.iss must be a text"),
    "nbf as date": (_file(jwk(nbf="2026-01-01")), r"keys\[0\]\.nbf must be an integer"),
    "exp true": (_file(jwk(exp=True)), r"keys\[0\]\.exp must be an integer"),
    "revoked null": (_file(jwk(revoked=None)), r"keys\[0\]\.revoked must be true, false or a time"),
    "revoked a list": (_file(jwk(revoked=[])), r"keys\[0\]\.revoked must be true, false or a time"),
    "revoked at no time": (_file(jwk(revoked=-1)), r"keys\[0\]\.revoked must be true, false or a time"),
    "revoked as text": (_file(jwk(revoked="no")), r"keys\[0\]\.revoked must be true, false or a time"),
    "one kid twice": (_file(jwk(), jwk(OTHER_KEY, kid=KEY.kid)), r"keys\[1\]\.kid names a key that stands there"),
    "one key twice": (_file(jwk(), jwk(kid="b", revoked=True)), r"keys\[1\]\.x is a key that stands there already"),
    "too much": (b" " * (trust.MAX_BYTES + 1), "more than 262144 bytes"),
}


@pytest.mark.parametrize(("raw", "message"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_one_line_with_its_place(raw: bytes, message: str) -> None:
    """Each mistake in a trust file is refused with where it is and what was expected."""
    with pytest.raises(TrustFault, match=f"^{message}") as caught:
        trust.parse(raw)
    assert "\n" not in str(caught.value)


ANYONE = b"\x01" + bytes(31)  # the neutral point: every signature of it with S = 0 fits every message


def test_a_point_that_signs_for_anyone_is_refused() -> None:
    """A key of small order would accept a signature that nobody made, so it is no key."""
    body = signed(READY_CLAIMS).rpartition(b".")[0]
    forged = body + b"." + encode_base64url(ANYONE + bytes(32)).encode()
    assert is_signed(open_(forged, FLAG_TYP), ANYONE), "OpenSSL refuses such keys itself now: the rule may go"
    with pytest.raises(TrustFault, match="a point under which anyone can sign"):
        trust.parse(_file(jwk(x=encode_base64url(ANYONE))))


@pytest.mark.parametrize("sign_bit", [0x00, 0x80])
@pytest.mark.parametrize("point", sorted(trust._SMALL_ORDER), ids=lambda point: point.hex()[:8])
def test_every_point_of_small_order_is_refused(point: bytes, sign_bit: int) -> None:
    """All points of small order are refused, with either sign; the placeholder of zeros is one of them."""
    encoded = point[:-1] + bytes([point[-1] | sign_bit])
    with pytest.raises(TrustFault, match="anyone can sign"):
        trust.parse(_file(jwk(x=encode_base64url(encoded))))


def test_no_other_point_of_small_order_exists() -> None:
    """Eight times each of these points is neutral, and they are all there are, in every encoding."""
    prime = 2**255 - 19
    d = -121665 * pow(121666, -1, prime) % prime
    found = set()
    for point in trust._SMALL_ORDER:
        y = int.from_bytes(point, "little") % prime
        found.add(y)
        for _ in range(3):  # doubling on y alone: y' = (y² + x²) / (2 - y² + x²), with x² from the curve
            x2 = (y * y - 1) * pow(d * y * y + 1, -1, prime) % prime
            y = (y * y + x2) * pow(2 - y * y + x2, -1, prime) % prime
        assert y == 1
    assert len(found) == 5  # of 8 points, three pairs share their y
    spellings = {y + n * prime for y in found for n in (0, 1) if y + n * prime < 2**255}
    assert {int.from_bytes(point, "little") for point in trust._SMALL_ORDER} == spellings


def test_a_missing_file_is_a_fault(tmp_path: Path) -> None:
    """A trust file that is not there is named."""
    with pytest.raises(TrustFault, match=r"trust\.json: can't be read: No such file or directory"):
        trust.load(tmp_path / "trust.json", CLOCK)


def test_a_directory_is_a_fault(tmp_path: Path) -> None:
    """A directory is not a trust file."""
    with pytest.raises(TrustFault, match="can't be read: Is a directory"):
        trust.load(tmp_path, CLOCK)


@pytest.mark.parametrize("mode", [0o664, 0o646, 0o666], ids=oct)
def test_a_file_that_others_can_write_is_refused(tmp_path: Path, mode: int) -> None:
    """Whoever can write the trust file says whom readers believe, so it must be the owner alone."""
    path = write_trust(tmp_path / "trust.json", jwk())
    path.chmod(mode)
    with pytest.raises(TrustFault, match=f"others can write it, so it can't be trusted: chmod go-w {path}"):
        trust.load(path, CLOCK)


def test_a_pipe_is_read(tmp_path: Path) -> None:
    """A trust file may come through a pipe, as shells make it for `<(…)`."""
    read_end, write_end = os.pipe()
    os.write(write_end, _file(jwk()))
    os.close(write_end)
    try:
        assert trust.load(Path(f"/dev/fd/{read_end}"), CLOCK).key(KEY.kid)
    finally:
        os.close(read_end)


members = st.sampled_from(
    ["kty", "crv", "x", "kid", "iss", "role", "person", "nbf", "exp", "revoked", "demo", "d", "y"]
)
junk = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.integers(), max_size=2)
entries = junk | st.dictionaries(members, junk, max_size=3).map(lambda changes: jwk() | changes)


@given(st.lists(entries, max_size=3), junk, junk)
def test_no_file_brings_another_error(some: list[object], version: object, persons: object) -> None:
    """Whatever stands in a trust file, it is read or refused in one line, and what it trusts is Ed25519 keys."""
    keys: list[TrustKey] = []
    message = ""
    try:
        keys += trust.parse(_file(*some, version=version, order_persons=persons)).keys.values()
    except TrustFault as fault:
        message = str(fault)
    assert message.isprintable()
    assert all(len(key.public) == 32 for key in keys)


@given(st.binary(max_size=100))
def test_no_bytes_bring_another_error(raw: bytes) -> None:
    """Bytes that are no trust file are refused as one."""
    with pytest.raises(FlagError):
        trust.parse(raw)


@given(st.data())
def test_a_damaged_file_never_lets_another_key_in(data: st.DataObject) -> None:
    """With any byte of the trust file changed, a flag of its key may be refused, and a stranger's always is."""
    raw = bytearray(_file(jwk()))
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] = data.draw(st.integers(0, 255))
    try:
        read = trust.parse(bytes(raw))
    except TrustFault:
        return
    assert judge(signed(READY_CLAIMS, OTHER_KEY), read, EXPECT, NOW).refusal is Refusal.KEY_UNKNOWN


@pytest.mark.parametrize(
    "name",
    [
        "an\u200bna",
        "anna\ufeff",
        "\u2060anna",
        "an\u034fna",
        "anna\ufe0f",
        "anna\u3164",
        "a\u00adnna",
        "anna\U000e0041",
    ],
)
def test_what_nobody_sees_makes_no_second_person(name: str) -> None:
    """Two names that look the same are one holder; a name of such characters alone is nobody's."""
    key = TrustKey("k", b"", KeyRole.ORDER, person=name)
    assert key.holder == "anna"
    assert TrustKey("k", b"", KeyRole.ORDER, person=name.replace("a", "").replace("n", "")).holder is None
