"""How probes of sockets go over to TLS, and as whom, by their settings."""

from glasswatch.settings.tls import IdentifiedTlsSettings
from monitor.probes.secrets import SecretSource
from platforms.transport.conversation import Securing
from platforms.transport.starttls import StartTls
from platforms.transport.tls import Identity, TlsOptions


def securing_of(host: str, tls: IdentifiedTlsSettings | None, starttls: StartTls | None) -> Securing:
    """Return how a connection to this host goes over to TLS. Nothing is said about what is spoken inside."""
    settings = tls or IdentifiedTlsSettings()
    options = TlsOptions(settings.ca_file, settings.min_version, alpn=())
    # A name may end in a dot, a certificate's never does.
    return Securing(options, settings.server_name or host.rstrip("."), starttls)


async def identity_of(tls: IdentifiedTlsSettings | None, source: SecretSource) -> Identity | None:
    """Return the client certificate that is shown, if there is one.

    Raises:
        SecretUnavailable: its key can't be had.
    """
    settings = tls.identity if tls is not None else None
    if settings is None:
        return None
    return Identity(settings.certificate, (await source.get(settings.key)).reveal())
