"""Signs receipts with the monitor's evidence key. Without a key they are empty. What they say is `drillreceipts`'."""

from glasswatch.canonical import canonical
from glasswatch.flag import jws
from monitor.model.drill import DrillRun, KnownHead
from monitor.rules.drillreceipts import claims


class Receipts:
    """Makes receipts in one monitor's name. The key is asked to sign and never shown."""

    def __init__(self, issuer: str, key: jws.Signer | None = None) -> None:
        self._issuer = issuer
        self._key = key

    def use(self, key: jws.Signer | None) -> None:
        """Sign with this key from now on."""
        self._key = key

    def sign(self, run: DrillRun, known: KnownHead) -> str:
        """Return the receipt for a head, as a compact JWS."""
        if self._key is None:
            return ""
        return jws.sign(canonical(claims(self._issuer, run, known)), self._key, jws.EVIDENCE_TYP)
