"""A signature under an order by a key in a file: made, checked as every reader will, and told."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import click

from glasswatch.canonical import canonical
from glasswatch.clock import Clock
from glasswatch.flag import keys, order, trust
from glasswatch.flag.errors import KeyFault, OrderFault, plain
from glasswatch.flag.jws import ORDER_TYP, sign
from glasswatch.flag.order import Order, OrderLine
from glasswatch.flag.order_reader import OrderJudgement, Signature
from glasswatch.flag.order_rules import OrderAsked
from glasswatch.flag.order_signing import Draft, signed_by
from glasswatch.flag.trust import DEMO_DEPLOYMENT, Trust


class Pen:
    """Somebody's order key with the trust file that says whose it is.

    Raises:
        TrustFault: the trust file can't be relied on.
        OrderFault: the key can't be used.
    """

    def __init__(self, key_file: Path, trust_file: Path, clock: Clock) -> None:
        self.trust: Trust = trust.load(trust_file, clock)
        self._file = key_file
        try:
            self._key = keys.load(key_file, clock)
        except KeyFault as fault:  # a file among others here, no part of any configuration
            raise OrderFault(str(fault)) from None

    @property
    def person(self) -> str:
        """Whose key it is, as the trust file spells it; empty where it does not say, and no signature counts then."""
        entry = self.trust.key(self._key.kid)
        return "" if entry is None or entry.person is None else entry.person

    def start(self, wanted: Order, now: datetime) -> Draft:
        """Return an order with this first signature under it.

        Raises:
            OrderFault: readers would not count it.
        """
        payload = canonical(order.payload(wanted))
        line, _ = self.line(payload, OrderAsked(wanted.iss, wanted.sub), now)
        return Draft(payload, wanted, (line,))

    def add(self, draft: Draft, now: datetime) -> tuple[Draft, Signature]:
        """Return an order with this signature under it too, and whose that is.

        Raises:
            OrderFault: readers would not count it.
        """
        line, whose = self.line(draft.payload, draft.asked, now)
        return replace(draft, lines=(*draft.lines, line)), whose

    def line(self, payload: bytes, asked: OrderAsked, now: datetime) -> tuple[OrderLine, Signature]:
        """Return a line over the payload, and whose signature it is.

        Raises:
            OrderFault: readers would not count it.
        """
        if self._key.is_demo and asked.deployment != DEMO_DEPLOYMENT:
            raise OrderFault(f"{plain(self._file)}: a demo made this key: it orders nothing outside the demo")
        line = OrderLine(str(self._file), sign(payload, self._key, ORDER_TYP).encode("ascii"))
        try:
            return line, signed_by(line, self.trust, asked, now)
        except OrderFault as fault:
            raise OrderFault(f"{plain(self._file)}: {fault}") from None


def tell(path: Path, draft: Draft, judgement: OrderJudgement) -> None:
    """Say where an order was written, and what it is worth now."""
    click.echo(f"{plain(path)}  signatures: {len(draft.lines)}")
    click.echo(judgement.reason if judgement.refusal is None else f"not in force yet: {judgement.reason}")
