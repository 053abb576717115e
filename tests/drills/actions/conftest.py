from tests.support.tls import authority, certificate, stranger

__all__ = ["authority", "certificate", "stranger"]
