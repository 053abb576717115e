"""Throw-away certificate authorities, and certificates of every rightness and wrongness."""

import ipaddress
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from glasswatch.clock import SystemClock

_NUMBERS = count(1)


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate with its key, in one file each."""

    cert_file: Path
    key_file: Path
    ends_at: datetime

    def context(self) -> ssl.SSLContext:
        """Return what a server needs to show this certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.cert_file, self.key_file)
        return context


class Authority:
    """Signs certificates. `ca_file` is what a client trusts it by.

    One that is `below` another is not trusted by itself: what it signs is shown with its own certificate, which ends
    after `ends`.
    """

    def __init__(
        self,
        directory: Path,
        name: str = "throw-away authority",
        below: "Authority | None" = None,
        ends: timedelta = timedelta(days=365),
    ) -> None:
        self._directory = directory
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named(name)
        now = SystemClock().now().replace(microsecond=0)
        above = below or self
        self.ends_at = now.astimezone(UTC) + ends
        certificate = (
            _builder(self._name, above._name, now - timedelta(days=30), now + ends)
            .public_key(self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(above._key, hashes.SHA256())
        )
        pem = certificate.public_bytes(serialization.Encoding.PEM)
        self._shown = b"" if below is None else pem
        self.ca_file = directory / f"ca-{certificate.serial_number}.pem"
        self.ca_file.write_bytes(pem)

    def below(self, name: str = "an authority below", ends: timedelta = timedelta(days=365)) -> "Authority":
        """Return an authority that this one vouches for."""
        return Authority(self._directory, name, self, ends)

    def issue(
        self,
        *names: str,
        starts: timedelta = timedelta(days=-1),
        ends: timedelta = timedelta(days=60),
    ) -> Certificate:
        """Return a certificate for these names (DNS or IP; `localhost` and 127.0.0.1 if none are given)."""
        now = SystemClock().now().replace(microsecond=0)
        builder = _builder(_named("server"), self._name, now + starts, now + ends).add_extension(
            x509.SubjectAlternativeName(_general(names or ("localhost", "127.0.0.1"))), critical=False
        )
        return self._signed(builder, now + ends)

    def issue_to(self, person: str, second: str | None = None) -> Certificate:
        """Return a person's certificate, with the second person of two as its organizational unit."""
        now = SystemClock().now().replace(microsecond=0)
        units = [] if second is None else [x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, second)]
        subject = x509.Name([*units, x509.NameAttribute(NameOID.COMMON_NAME, person)])
        ends = now + timedelta(days=1)
        return self._signed(_builder(subject, self._name, now - timedelta(days=1), ends), ends)

    def _signed(self, builder: x509.CertificateBuilder, ends: datetime) -> Certificate:
        key = ec.generate_private_key(ec.SECP256R1())
        made = builder.public_key(key.public_key()).sign(self._key, hashes.SHA256())
        cert_file = self._directory / f"cert-{made.serial_number}.pem"
        cert_file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + self._shown)
        key_file = self._directory / f"cert-{made.serial_number}.key"
        key_file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return Certificate(cert_file, key_file, ends.astimezone(UTC))


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority that the test's client trusts."""
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority that nobody trusts."""
    return Authority(tmp_path_factory.mktemp("tls"), "a stranger")


@pytest.fixture(scope="session")
def certificate(authority: Authority) -> Certificate:
    """A certificate with nothing wrong."""
    return authority.issue()


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _builder(subject: x509.Name, issuer: x509.Name, starts: datetime, ends: datetime) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .serial_number(next(_NUMBERS))
        .not_valid_before(starts)
        .not_valid_after(ends)
    )


def _general(names: Sequence[str]) -> list[x509.GeneralName]:
    made: list[x509.GeneralName] = []
    for name in names:
        try:
            made.append(x509.IPAddress(ipaddress.ip_address(name)))
        except ValueError:
            made.append(x509.DNSName(name))
    return made
