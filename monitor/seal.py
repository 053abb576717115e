"""Signs one platform's flag: what it says is built by the rules, then signed with this monitor's key."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from monitor.model.record import ChainHead, FlagDocument, FlagLedger
from monitor.model.state import PlatformState
from monitor.rules.flag_document import Past, Terms, payload
from monitor.signing import Signer


@dataclass(frozen=True, slots=True)
class FlagSeal:
    """Signs the flag of one platform. `chain` returns where the audit chain ends, as last written."""

    signer: Signer
    terms: Terms
    chain: Callable[[], ChainHead]

    def __call__(self, state: PlatformState, ledger: FlagLedger, now: datetime, *, is_change: bool) -> FlagDocument:
        """Return the signed document for this state; its version is above the ledger's."""
        claims = payload(state, self.terms, Past(ledger, self.chain()), now, is_change=is_change)
        return self.signer.sign(claims, is_change=is_change)
