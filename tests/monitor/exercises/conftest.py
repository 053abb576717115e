"""What tests of exercises share."""

from tests.support.network import network
from tests.support.tls import authority, certificate

__all__ = ["authority", "certificate", "network"]
