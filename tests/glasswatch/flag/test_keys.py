import base64
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519
from joserfc.jwk import OKPKey

from glasswatch.errors import ExitCode
from glasswatch.flag import keys
from glasswatch.flag.errors import KeyExists, KeyFault, NotWritten
from tests.support.clock import ManualClock
from tests.support.flags import KEY, jwk

PEM, PKCS8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
SECRET = KEY.pem()


def test_the_thumbprint_is_that_of_rfc_8037() -> None:
    """The example of RFC 8037, appendix A.3, has the name that stands there."""
    public = base64.urlsafe_b64decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo=")
    assert keys.thumbprint(public) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_joserfc_names_the_key_alike() -> None:
    """Another library computes the same thumbprint from the same file."""
    assert OKPKey.import_key(SECRET.decode()).thumbprint() == KEY.kid


def test_a_key_made_is_a_key_loaded(tmp_path: Path) -> None:
    """A key file has mode 0600 and gives back the key that was made."""
    path = tmp_path / "flag.key"
    made = keys.create(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert keys.load(path, ManualClock()).kid == made.kid


def test_two_keys_differ() -> None:
    """No key is made twice."""
    assert keys.generate().kid != keys.generate().kid


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    """Where there is a file already, making a key is wrong usage and changes nothing."""
    path = tmp_path / "flag.key"
    path.write_text("precious")
    with pytest.raises(KeyExists) as caught:
        keys.create(path)
    assert caught.value.exit_code is ExitCode.USAGE
    assert path.read_text() == "precious"


def test_a_dangling_link_is_not_written_through(tmp_path: Path) -> None:
    """A link laid where the key goes does not send it elsewhere."""
    (tmp_path / "flag.key").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(KeyExists):
        keys.create(tmp_path / "flag.key")
    assert not (tmp_path / "elsewhere").exists()


def test_a_directory_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    """What can't be written is said in one line."""
    with pytest.raises(NotWritten, match="can't be written: No such file or directory"):
        keys.create(tmp_path / "gone" / "flag.key")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644], ids=oct)
def test_a_key_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    """A key file open to group or others is refused with the command that closes it."""
    path = tmp_path / "flag.key"
    path.write_bytes(SECRET)
    path.chmod(mode)
    with pytest.raises(KeyFault, match=f"others can read this key: chmod 600 {path}"):
        keys.load(path, ManualClock())


def test_a_missing_key_is_a_fault(tmp_path: Path) -> None:
    """A key file that is not there is named."""
    with pytest.raises(KeyFault, match="can't be read: No such file or directory"):
        keys.load(tmp_path / "flag.key", ManualClock())


def test_a_damaged_key_file_is_named(tmp_path: Path) -> None:
    """What is wrong with a key is said together with its path."""
    path = tmp_path / "flag.key"
    path.write_bytes(SECRET[:60])
    path.chmod(0o600)
    with pytest.raises(KeyFault, match=f"^{path}: expected a private key in PKCS#8 PEM: this one is damaged$"):
        keys.load(path, ManualClock())


def test_a_demos_key_says_so_before_its_pem(tmp_path: Path) -> None:
    """The mark is a line of text, comes back on loading, and other tools read the key all the same."""
    made = keys.create(tmp_path / "flag.key", is_demo=True)
    written = (tmp_path / "flag.key").read_bytes()
    assert written.startswith(b"glasswatch demo key: ")
    assert keys.load(tmp_path / "flag.key", ManualClock()).is_demo
    assert keys.parse(b"\n" + written).kid == made.kid
    assert OKPKey.import_key(written.decode()).as_dict(private=False)["x"] == jwk(made)["x"]
    assert not keys.parse(SECRET).is_demo


def test_any_other_line_before_the_pem_is_refused() -> None:
    """A mark that was altered does not turn a demo's key into a real one: it is no key of ours."""
    written = keys.generate(is_demo=True).pem()
    with pytest.raises(KeyFault, match="PKCS#8 PEM"):
        keys.parse(written.replace(b"demo key", b"dem0 key"))


WRONG = {
    "nothing": (b"", "PKCS#8 PEM"),
    "a public key": (
        KEY._private.public_key().public_bytes(PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
        "PKCS#8 PEM",
    ),
    "an encrypted key": (
        KEY._private.private_bytes(PEM, PKCS8, serialization.BestAvailableEncryption(b"x")),
        "unencrypted",
    ),
    "an EC key": (
        ec.generate_private_key(ec.SECP256R1()).private_bytes(PEM, PKCS8, serialization.NoEncryption()),
        "another kind",
    ),
    "an Ed448 key": (
        ed448.Ed448PrivateKey.generate().private_bytes(PEM, PKCS8, serialization.NoEncryption()),
        "another kind",
    ),
    "an OpenSSH key": (
        ed25519.Ed25519PrivateKey.generate().private_bytes(
            PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
        ),
        "PKCS#8 PEM",
    ),
    "a damaged key": (SECRET.replace(b"MC4C", b"MC4D"), "damaged"),
    "half a key": (SECRET[:60], "damaged"),
    "too much": (SECRET + b"x" * 20_000, "more than"),
}


@pytest.mark.parametrize(("pem", "why"), WRONG.values(), ids=WRONG)
def test_what_is_not_our_kind_of_key_is_refused(pem: bytes, why: str) -> None:
    """Anything but one unencrypted Ed25519 key in PKCS#8 PEM is a fault, in one line without its content."""
    with pytest.raises(KeyFault, match=why) as caught:
        keys.parse(pem)
    message = str(caught.value)
    assert "\n" not in message
    assert not any(line in message for line in pem.decode(errors="ignore").splitlines() if len(line) > 20)


def test_a_key_does_not_show_itself() -> None:
    """Neither repr nor str of a key hold anything but its name."""
    assert repr(KEY) == str(KEY) == f"SigningKey(kid='{KEY.kid}')"


def test_the_public_half_is_the_public_half() -> None:
    """The 32 bytes are those other tools see in the key file."""
    exported = OKPKey.import_key(SECRET.decode()).as_dict(private=False)
    assert json.dumps(exported["x"]) == json.dumps(base64.urlsafe_b64encode(KEY.public).rstrip(b"=").decode())
