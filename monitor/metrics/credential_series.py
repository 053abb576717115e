"""The series of the credentials that the monitor holds. What nobody knows has no line; nor has what is not read."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from glasswatch.names import CREDENTIAL, SOURCE
from monitor.metrics.exposition import Family, start
from monitor.model.credential import Held
from monitor.rules.credentials import renewal_due

EXPIRY: Final = "jit_credential_expiry_timestamp_seconds"
RENEWAL_DUE: Final = "jit_credential_renewal_due_timestamp_seconds"
READABLE: Final = "jit_credential_readable"
FAMILIES: Final = (EXPIRY, RENEWAL_DUE, READABLE)


class CredentialSeries:
    """Shows what was seen last."""

    def __init__(self, families: Mapping[str, Family]) -> None:
        self._slots = {name: families[name].slot() for name in FAMILIES}

    def show(self, held: Sequence[Held]) -> None:
        """Show these in place of those before."""
        ending = [(each.credential, each.ending) for each in held if each.ending is not None]
        labelled = [({CREDENTIAL: name, SOURCE: each.source.value}, each) for name, each in ending]
        self._put(EXPIRY, (f"{start(EXPIRY, labels)}{each.ends_at.timestamp()!r}\n" for labels, each in labelled))
        due = (f"{start(RENEWAL_DUE, labels)}{renewal_due(each).timestamp()!r}\n" for labels, each in labelled)
        self._put(RENEWAL_DUE, due)
        readable = [(each.credential, each.is_readable) for each in held if each.is_readable is not None]
        self._put(READABLE, (f"{start(READABLE, {CREDENTIAL: name})}{is_so:d}\n" for name, is_so in readable))

    def _put(self, metric: str, lines: Iterable[str]) -> None:
        self._slots[metric].lines = "".join(lines)
