"""nginx on loopback as the target of many probes: in clear, and under TLS with an authority of its own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from benchmarks.processes import program, started
from glasswatch.clock import SystemClock

# Fixed, because nginx must be told; unusual, so that a running one is not in the way.
CLEAR, SECURE = 39080, 39443
PACKAGE = "nginx-light"
_CLOCK = SystemClock()
_NGINX = """\
daemon off;
worker_processes 1;
error_log {folder}/error.log crit;
pid {folder}/nginx.pid;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    default_type application/json;
    server {{
        listen 127.0.0.1:{clear} backlog=4096;
        listen 127.0.0.1:{secure} ssl backlog=4096;
        ssl_certificate {folder}/server.pem;
        ssl_certificate_key {folder}/server.key;
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_session_tickets off;
        location / {{ return 200 '{{"status": "ok", "checks": [{{"name": "store", "state": "up"}}]}}'; }}
    }}
}}
"""


@dataclass(frozen=True, slots=True)
class Target:
    """Where it listens, and the authority to trust it by."""

    clear: str
    secure: str
    ca_file: Path


def is_there() -> bool:
    """Return whether nginx is installed."""
    return _program() is not None


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Target]:
    """Run nginx until the block ends."""
    folder.mkdir(parents=True, exist_ok=True)
    _certificates(folder)
    config = folder / "nginx.conf"
    config.write_text(_NGINX.format(folder=folder, clear=CLEAR, secure=SECURE))
    argv = [_program() or "nginx", "-c", str(config), "-p", str(folder), "-e", str(folder / "error.log")]
    async with started(argv, folder / "nginx.log"):
        await _listening(SECURE)
        yield Target(f"http://127.0.0.1:{CLEAR}/", f"https://127.0.0.1:{SECURE}/", folder / "ca.pem")


def _program() -> str | None:
    return program("nginx") or next((path for path in ("/usr/sbin/nginx",) if Path(path).exists()), None)


async def _listening(port: int) -> None:
    async with asyncio.timeout(10):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return


def _certificates(folder: Path) -> None:
    """Write an authority, and a server's certificate with its key: P-256, as new public certificates mostly are."""
    now = _CLOCK.now()
    authority, server = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "benchmark authority")])
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])

    def builder(subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(ca_name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=30))
        )

    root = builder(ca_name, authority).add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(IPv4Address("127.0.0.1"))])
    leaf = builder(name, server).add_extension(names, critical=False)
    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(root.sign(authority, hashes.SHA256()).public_bytes(pem))
    (folder / "server.pem").write_bytes(leaf.sign(authority, hashes.SHA256()).public_bytes(pem))
    key = server.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "server.key").write_bytes(key)
