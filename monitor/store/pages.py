"""Pages and their deliveries: what was decided, and how far it got through each channel."""

import logging
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select, update

from monitor.errors import StoreUnusable
from monitor.model.page import Page, PageStatus
from monitor.model.record import Delivery, DeliveryState, RoutedPage, Standing
from monitor.store.codec import decode, encode
from monitor.store.schema import deliveries, pages
from monitor.store.upserts import adding, replacing

log = logging.getLogger("glasswatch.store")

_UNSENT = (DeliveryState.PENDING, DeliveryState.SENDING)


def write(connection: Connection, vantage: str, routed: Iterable[RoutedPage]) -> None:
    """Write pages, and one pending delivery for each of their channels."""
    routed = list(routed)
    if not routed:
        return
    connection.execute(adding(connection, pages), [_page(vantage, each.page) for each in routed])
    waiting = [
        _delivery(vantage, Delivery(each.page, channel, DeliveryState.PENDING, 0, each.page.decided_at))
        for each in routed
        for channel in dict.fromkeys(each.channels)
    ]
    if waiting:
        connection.execute(adding(connection, deliveries), waiting)


def write_delivery(connection: Connection, vantage: str, delivery: Delivery) -> None:
    """Write how far a delivery got; also that of a page which could not be written when it was decided."""
    connection.execute(adding(connection, pages), _page(vantage, delivery.page))
    connection.execute(replacing(connection, deliveries), _delivery(vantage, delivery))


def settle(connection: Connection, vantage: str) -> None:
    """Have every delivery that was under way when the monitor ended tried again."""
    connection.execute(
        update(deliveries)
        .where(deliveries.c.vantage == vantage, deliveries.c.state == DeliveryState.SENDING)
        .values(state=DeliveryState.PENDING.value)
    )


def unsent(connection: Connection, vantage: str) -> list[Delivery]:
    """Return every delivery still to be made, in the order their pages were decided."""
    chosen = _all(vantage).where(deliveries.c.state.in_([state.value for state in _UNSENT]))
    return _deliveries(connection, chosen)


def standing(connection: Connection, vantage: str) -> Standing:
    """Return what channels were told that still matters."""
    unsent_pages = select(deliveries.c.page).where(
        deliveries.c.vantage == vantage, deliveries.c.state.in_([state.value for state in _UNSENT])
    )
    ended = [DeliveryState.SENT.value, DeliveryState.FAILED.value]
    settled = _all(vantage).where(deliveries.c.page.in_(unsent_pages), deliveries.c.state.in_(ended))
    firing = _deliveries(connection, _firing(vantage))
    return Standing(
        settled=tuple(_deliveries(connection, settled)),
        firing=tuple(firing),
        over=tuple(_over(connection, vantage, {delivery.page.dedup_key for delivery in firing})),
    )


def _all(vantage: str) -> Select[Any]:
    return (
        select(pages.c.record, deliveries)
        .join(pages, (pages.c.vantage == deliveries.c.vantage) & (pages.c.page == deliveries.c.page))
        .where(deliveries.c.vantage == vantage)
        .order_by(pages.c.id, deliveries.c.channel)
    )


def _firing(vantage: str) -> Select[Any]:
    """Return what a channel took last of each key, where that fires."""
    last = (
        select(func.max(pages.c.id).label("id"), deliveries.c.channel)
        .join(pages, (pages.c.vantage == deliveries.c.vantage) & (pages.c.page == deliveries.c.page))
        .where(deliveries.c.vantage == vantage, deliveries.c.state == DeliveryState.SENT.value)
        .group_by(deliveries.c.channel, pages.c.dedup_key)
        .subquery()
    )
    return (
        _all(vantage)
        .join(last, (last.c.id == pages.c.id) & (last.c.channel == deliveries.c.channel))
        .where(pages.c.status == PageStatus.FIRING.value)
    )


def _over(connection: Connection, vantage: str, keys: set[str]) -> Iterator[Page]:
    """Yield the last page of each of these keys that says that it is over."""
    last = (
        select(func.max(pages.c.id))
        .where(pages.c.vantage == vantage, pages.c.dedup_key.in_(keys))
        .group_by(pages.c.dedup_key)
    )
    rows = connection.execute(
        select(pages.c.page, pages.c.record).where(pages.c.id.in_(last), pages.c.status == PageStatus.RESOLVED.value)
    )
    for row in rows:
        page = _read(row)
        if page is not None:
            yield page


def _deliveries(connection: Connection, chosen: Select[Any]) -> list[Delivery]:
    found = []
    for row in connection.execute(chosen):
        page = _read(row)
        if page is None:
            continue
        found.append(
            Delivery(
                page=page,
                channel=row.channel,
                state=DeliveryState(row.state),
                attempts=row.attempts,
                next_at=row.next_at,
                last_error=row.last_error,
                receipt=row.receipt,
            )
        )
    return found


def _read(row: Row[Any, Any]) -> Page | None:
    """Return the page of a row; None if it is damaged, which must not keep the others from being sent."""
    try:
        return decode(Page, row.record, what=f"page {row.page}")
    except StoreUnusable as fault:
        log.error("page_unreadable", extra={"fields": {"error": str(fault)}})  # noqa: TRY400 - no traceback for damage
        return None


def _page(vantage: str, page: Page) -> dict[str, object]:
    return {
        "vantage": vantage,
        "page": page.id,
        "platform": page.platform,
        "kind": page.kind,
        "status": page.status,
        "dedup_key": page.dedup_key,
        "decided_at": page.decided_at,
        "record": encode(page),
    }


def _delivery(vantage: str, delivery: Delivery) -> dict[str, object]:
    return {
        "vantage": vantage,
        "page": delivery.page.id,
        "channel": delivery.channel,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "next_at": delivery.next_at,
        "last_error": delivery.last_error,
        "receipt": delivery.receipt,
    }
