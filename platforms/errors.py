"""Everything that talking to the outside raises on purpose.

    GlasswatchError
    └── PlatformError
        ├── NotKept              what is about to be opened can't be put on record, or the record can't be read
        └── TransportFault       one exchange with a server failed; `kind` says how, the message why
            ├── Unanswered           its kind is RESOLVE: no DNS server said whether the name has an address
            ├── CertificateAsked     its kind is TLS: the server wants a client certificate, or another one
            └── Unwelcomed           its kind is LOST: the server broke off once it could have seen our certificate

The message of a TransportFault is one short line for a person. It holds nothing a server sent: OpenSSL's, the parser's
and the operating system's own words only.
"""

from enum import StrEnum

from glasswatch.errors import ExitCode, GlasswatchError


class PlatformError(GlasswatchError):
    """Root of what talking to the outside raises."""

    exit_code = ExitCode.NOT_MEASURED


class NotKept(PlatformError):
    """What a journey opens can't be put on record, or the record can't be read; the message says why."""


class FaultKind(StrEnum):
    """In which way an exchange with a server failed."""

    OWN = (
        "own"  # this machine could not try: no descriptors, no memory, no local address, no DNS server, no trust store
    )
    RESOLVE = "resolve"  # the name has no address, or none that anybody tells
    REFUSED = "refused"  # nothing listens there
    UNREACHABLE = "unreachable"  # no way there, or no answer to the connection attempt
    TLS = "tls"  # the handshake or the certificate was not right
    LOST = "lost"  # closed or reset before the answer was whole
    PROTOCOL = "protocol"  # what came is not valid
    TOO_LARGE = "too_large"  # what came is more than the bounds allow
    REDIRECT = "redirect"  # a redirect that may not be followed
    ANSWER = "answer"  # valid, but not what had to be said for the exchange to go on
    CREDENTIAL = "credential"  # our own client certificate was refused


class TransportFault(PlatformError):
    """One exchange with a server failed."""

    def __init__(self, kind: FaultKind, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class Unanswered(TransportFault):
    """The DNS servers that this machine asks did not say whether a name has an address.

    That may be the fault of the name's own servers, or of ours: this alone can't tell.
    """

    def __init__(self, message: str) -> None:
        super().__init__(FaultKind.RESOLVE, message)


class CertificateAsked(TransportFault):
    """The server ended TLS because it wants a client certificate, or another one than it was shown."""

    def __init__(self, message: str) -> None:
        super().__init__(FaultKind.TLS, message)


class Unwelcomed(TransportFault):
    """The server broke off after our side of the handshake, before it said what servers say first.

    In TLS 1.3 it stands for us before a server has looked at our certificate, and some refuse one without an alert.
    """

    def __init__(self, message: str) -> None:
        super().__init__(FaultKind.LOST, message)
