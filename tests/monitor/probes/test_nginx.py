"""The `http` probe against nginx: a server that nobody of us wrote."""

from pathlib import Path

from monitor.probes.context import ProbeContext
from tests.support.nginx import nginx
from tests.support.probing import attempt
from tests.support.tls import Authority, Certificate

_SERVERS = """
  gzip on; gzip_min_length 1; gzip_types application/json;
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {cert}; ssl_certificate_key {key};
    location = /health {{ default_type application/json; return 200 '{{"status": "ok"}}'; }}
    location = /moved {{ return 301 /health; }}
  }}
"""


async def test_nginx_is_good(
    context: ProbeContext, tmp_path: Path, authority: Authority, certificate: Certificate
) -> None:
    """TLS, a redirect, a compressed answer and a JSON value, all at once."""
    files = {"cert": certificate.cert_file, "key": certificate.key_file}
    async with nginx(tmp_path, _SERVERS, **files) as port:
        outcome = await attempt(
            context,
            f"https://localhost:{port}/moved",
            follow_redirects="1",
            tls={"ca_file": str(authority.ca_file)},
            expect={"headers": {"Server": "nginx", "Content-Encoding": "gzip"}, "json": {"status": "ok"}},
        )
    assert outcome.is_good, outcome.detail
    assert set(outcome.phases) == {"resolve", "connect", "tls", "processing", "transfer"}
    assert outcome.tls_expiry_at == certificate.ends_at
