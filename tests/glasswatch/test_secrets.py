"""Secrets are read by reference, within bounds, and never shown."""

import os
import pickle
from datetime import UTC, datetime
from pathlib import Path

import pytest

from glasswatch.errors import ExitCode, SecretUnavailable
from glasswatch.secrets import LARGEST_BYTES, Secret, SecretReference, resolve

PLANTED = "hunter2-planted"


def _file(directory: Path, data: bytes, mode: int = 0o600) -> SecretReference:
    path = directory / "secret"
    path.write_bytes(data)
    path.chmod(mode)
    return SecretReference(file=path)


def _complaint(reference: SecretReference) -> str:
    with pytest.raises(SecretUnavailable) as caught:
        resolve(reference)
    assert PLANTED not in str(caught.value)
    assert caught.value.exit_code is ExitCode.NOT_MEASURED
    return str(caught.value)


def test_reads_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable's value is the secret as it is."""
    monkeypatch.setenv("GLASSWATCH_TEST_SECRET", PLANTED + "\n")
    assert resolve(SecretReference(env="GLASSWATCH_TEST_SECRET")).reveal() == PLANTED + "\n"


def test_a_variable_that_is_missing_or_empty_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the variable."""
    monkeypatch.delenv("GLASSWATCH_TEST_SECRET", raising=False)
    reference = SecretReference(env="GLASSWATCH_TEST_SECRET")
    assert _complaint(reference) == "secret from environment variable GLASSWATCH_TEST_SECRET: it is not set"
    monkeypatch.setenv("GLASSWATCH_TEST_SECRET", "")
    assert _complaint(reference) == "secret from environment variable GLASSWATCH_TEST_SECRET: it is empty"


@pytest.mark.parametrize(
    ("data", "secret"),
    [
        (b"s3", "s3"),
        (b"s3\n", "s3"),
        (b"s3\r\n", "s3"),
        (b"s3\n\n", "s3\n"),
        (b" s3 ", " s3 "),
        ("schlüssel".encode(), "schlüssel"),
        (b"one\ntwo\n", "one\ntwo"),
    ],
)
def test_reads_a_file_without_its_last_newline(tmp_path: Path, data: bytes, secret: str) -> None:
    """One trailing newline is the editor's, not the secret's."""
    assert resolve(_file(tmp_path, data)).reveal() == secret


@pytest.mark.parametrize("mode", [0o400, 0o600, 0o440, 0o640])
def test_reads_a_file_that_its_group_may_read(tmp_path: Path, mode: int) -> None:
    """A group may read it: that is how secrets are mounted for a service's user."""
    assert resolve(_file(tmp_path, b"s3", mode)).reveal() == "s3"


def test_reads_through_a_link(tmp_path: Path) -> None:
    """A mounted secret is a link to a file."""
    _file(tmp_path, b"s3")
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "secret")
    assert resolve(SecretReference(file=link)).reveal() == "s3"


@pytest.mark.parametrize("mode", [0o604, 0o644, 0o666])
def test_refuses_a_file_that_everybody_can_read(tmp_path: Path, mode: int) -> None:
    """What everybody can read is no secret; the message says what to run."""
    reference = _file(tmp_path, PLANTED.encode(), mode)
    path = tmp_path / "secret"
    assert _complaint(reference) == f"secret from file {path}: everybody can read it; run: chmod o-rwx {path}"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "it is empty"),
        (b"\n", "it is empty"),
        (PLANTED.encode() + b"\xff", "it is not UTF-8 text"),
        (b"x" * (LARGEST_BYTES + 1), "it is larger than 64 KiB"),
    ],
)
def test_refuses_a_file_that_holds_no_secret(tmp_path: Path, data: bytes, why: str) -> None:
    """Empty, binary and huge files are refused."""
    assert _complaint(_file(tmp_path, data)).endswith(why)


def test_reads_a_file_of_just_the_largest_size(tmp_path: Path) -> None:
    """64 KiB are read."""
    assert len(resolve(_file(tmp_path, b"x" * LARGEST_BYTES)).reveal()) == LARGEST_BYTES


def test_a_file_that_is_none_is_refused_at_once(tmp_path: Path) -> None:
    """A missing file, a directory and a pipe that nobody writes to are refused without waiting."""
    path = tmp_path / "secret"
    assert _complaint(SecretReference(file=path)) == f"secret from file {path}: No such file or directory"
    assert _complaint(SecretReference(file=tmp_path)).endswith(("it is not a regular file", "Is a directory"))
    os.mkfifo(path, 0o600)
    assert _complaint(SecretReference(file=path)).endswith("it is not a regular file")


def test_shows_itself_only_when_asked() -> None:
    """Neither text, repr, format nor an f-string shows a secret, and it can't be pickled."""
    secret = Secret(PLANTED)
    assert secret.reveal() == PLANTED
    assert PLANTED not in f"{secret} {secret!r} {secret!s:>40} {[secret]}"
    with pytest.raises(TypeError):
        pickle.dumps(secret)


def test_a_reference_shows_where_the_secret_is() -> None:
    """A reference's text names its place; of a command only the program, for arguments may hold too much."""
    stated = SecretReference.model_validate({"env": "TOKEN", "expires": "2027-03-01"})
    assert str(stated) == "environment variable TOKEN"
    assert str(SecretReference(env="TOKEN")) == "environment variable TOKEN"
    assert str(SecretReference(file="/run/token")) == "file /run/token"
    command = SecretReference(command=["/usr/bin/pass", PLANTED])
    assert str(command) == "command /usr/bin/pass"
    assert PLANTED not in repr(command)


def test_a_stated_end_makes_it_no_other_secret() -> None:
    """Whoever keeps secrets, or compares two principals', sees the same one."""
    plain = SecretReference(env="TOKEN")
    stated = SecretReference.model_validate({"env": "TOKEN", "expires": "2027-03-01"})
    assert plain == stated
    assert len({plain, stated}) == 1
    assert stated.expires == datetime(2027, 3, 2, tzinfo=UTC)
    assert plain != SecretReference(env="OTHER")
    assert plain != SecretReference(file="/TOKEN")
    assert plain != "environment variable TOKEN"
