"""What in a deployment would lock engineers out when the platform is down, or let one person alone open the glass.

1. The flag must be readable with this machine gone: published somewhere else too, and not on the platform's own host.
2. It must be true: more than one vantage, and controls that tell an outage from our own blindness.
3. With the monitor gone an order must be possible: keys of as many persons as the trust file asks for.
4. Somebody must notice that the monitor is gone: a dead man's switch elsewhere.
5. Procedure, pager and store must not go down with the platform: neither its host nor its identity provider's, nor a
   name below or above one of them.
6. What must survive a restart lies on a disk that does.
7. Somebody can raise by hand, a second person can confirm, and not only from this machine, which may be reached through
   the platform itself.
8. One person alone does not raise.
9. Pages have two ways out, and the kinds that are never suppressed are routed on purpose.

What can't be told is a finding as well: nothing is taken to be well because nobody looked.
"""

from collections.abc import Iterable, Iterator

from glasswatch.flag.persons import is_same_person
from monitor.model.lockout import Deployment, LockoutCode, LockoutFinding, Part

# File systems that are gone, or may be, after a restart: memory, and the layers of a container.
EPHEMERAL = frozenset({"tmpfs", "ramfs", "devtmpfs", "overlay", "aufs", "overlayfs", "fuse-overlayfs"})
_LEAST_CHANNELS = 2


def findings(deployment: Deployment) -> tuple[LockoutFinding, ...]:
    """Return everything that is found, in the order of the rules."""
    rules = (_flag, _truth, _orders, _alive, _neighbours, _disk, _hands, _persons, _pages)
    return tuple(found for rule in rules for found in rule(deployment))


def goes_with(host: str, other: str) -> bool:
    """Whether two hosts are one, or one is a name below the other."""
    mine, theirs = host.lower().rstrip("."), other.lower().rstrip(".")
    return mine == theirs or mine.endswith(f".{theirs}") or theirs.endswith(f".{mine}")


def _flag(of: Deployment) -> Iterator[LockoutFinding]:
    if not of.copies:
        yield LockoutFinding(
            LockoutCode.FLAG_ONLY_LOCAL,
            "flag.publish",
            "the flag is published on this machine only: with it gone no reader learns that break-glass is ready",
            "publish it to a second place with `put` or `command`, or have every reader's host fetch it",
        )


def _truth(of: Deployment) -> Iterator[LockoutFinding]:
    if of.configured_vantages <= 1:
        yield LockoutFinding(
            LockoutCode.SINGLE_VANTAGE,
            "vantage",
            "one vantage alone decides: what it can't see nobody sees",
            "have a way to raise by hand that needs no vantage, and check it in every drill",
        )
    if not of.has_controls:
        yield LockoutFinding(
            LockoutCode.NO_CONTROLS,
            "controls",
            "nothing tells an outage of the platform from one of our own network: either is believed",
            "name two https addresses at independent operators",
        )


def _orders(of: Deployment) -> Iterator[LockoutFinding]:
    if of.order_persons is None:
        yield LockoutFinding(
            LockoutCode.NO_TRUST_FILE,
            "flag.key",
            "no trust.json was found beside the key, so nobody can say whether an order is possible",
            "keep a copy of the readers' trust file beside the key",
        )
    elif of.order_persons < of.order_threshold:
        yield LockoutFinding(
            LockoutCode.NO_ORDER_KEYS,
            of.trust_file,
            f"order keys of {of.order_persons} persons, {of.order_threshold} are needed: with the monitor gone nobody "
            "can open by order",
            "copy the joined trust file there, or make order keys: monitor flag keygen DIR --role order --person NAME",
        )


def _alive(of: Deployment) -> Iterator[LockoutFinding]:
    if not of.has_heartbeat:
        yield LockoutFinding(
            LockoutCode.NO_HEARTBEAT,
            "",
            "this monitor beats to no dead man's switch: when it dies, silence looks like health",
            "name one elsewhere under `dead_man`, or alert elsewhere on the absence of jit_monitor_build_info",
        )


def _neighbours(of: Deployment) -> Iterator[LockoutFinding]:
    for code, parts, what in (
        (LockoutCode.PROCEDURE_ON_PLATFORM, of.procedures, "the procedure can't be read when it is needed"),
        (LockoutCode.PAGER_ON_PLATFORM, of.channels, "nobody is paged when it goes down"),
        (LockoutCode.STORE_ON_PLATFORM, of.stores, "the monitor loses its store when it goes down"),
        (LockoutCode.COPIES_ON_PLATFORM, of.copies, "this copy of the flag goes down with it"),
    ):
        yield from _beside(of, code, parts, what)


def _beside(of: Deployment, code: LockoutCode, parts: Iterable[Part], what: str) -> Iterator[LockoutFinding]:
    for part in parts:
        shared = [each.platform for each in of.platforms if any(goes_with(part.host, host) for host in each.hosts)]
        if shared:
            yield LockoutFinding(
                code,
                part.where,
                f"it lives on the host of {', '.join(shared)} or of its identity provider: {what}",
                "move it to a host that neither the platform nor its sign-in needs",
            )


def _disk(of: Deployment) -> Iterator[LockoutFinding]:
    if of.store_filesystem is None:
        what = "what kind of disk the store lies on can't be told"
    elif of.store_filesystem in EPHEMERAL:
        what = f"the store lies on {of.store_filesystem}, which does not survive a restart of machine or container"
    else:
        return
    yield LockoutFinding(
        LockoutCode.STORE_EPHEMERAL, "store", what, "put it on a disk or volume that stays, or into PostgreSQL"
    )


def _hands(of: Deployment) -> Iterator[LockoutFinding]:
    if not of.raisers:
        yield LockoutFinding(
            LockoutCode.NOBODY_CAN_RAISE,
            "tokens",
            "no person holds a token with flag:raise that is still valid: nobody can raise by hand",
            "give tokens to those on call: monitor token NAME --person PERSON --scope flag:raise",
        )
    if of.is_loopback_only:
        yield LockoutFinding(
            LockoutCode.RAISE_ONLY_FROM_HERE,
            "listen",
            "raising by hand needs a login on this machine: if that leads through the platform, it is lost with it",
            "listen beyond loopback with TLS, or make sure that this machine is reached without the platform",
        )


def _persons(of: Deployment) -> Iterator[LockoutFinding]:
    if of.manual_persons == 1:
        if of.raisers:
            yield LockoutFinding(
                LockoutCode.ONE_PERSON_RAISE,
                "flag.manual_persons",
                "one person alone can open break-glass",
                "set manual_persons: 2, unless your on-call is one person at night and your readers need a second one",
            )
        return
    if of.raisers and not _has_second_person(of):
        yield LockoutFinding(
            LockoutCode.NO_SECOND_PERSON,
            "tokens",
            "two persons are needed to raise, but no second one holds a token with flag:confirm",
            "give flag:confirm to at least two persons",
        )


def _has_second_person(of: Deployment) -> bool:
    return any(not is_same_person(second, first) for first in of.raisers for second in of.confirmers)


def _pages(of: Deployment) -> Iterator[LockoutFinding]:
    if not of.channels:
        yield LockoutFinding(
            LockoutCode.NO_CHANNEL, "paging.channels", "nobody is told of anything", "configure two page channels"
        )
        return
    # A host that can't be told is taken for one that no other channel has.
    if len({part.host or part.where for part in of.channels}) < _LEAST_CHANNELS:
        yield LockoutFinding(
            LockoutCode.SINGLE_CHANNEL,
            "paging.channels",
            "all pages go through one host: with it gone nobody is told",
            "configure a second channel at another provider",
        )
    for kind in of.unrouted_kinds:
        yield LockoutFinding(
            LockoutCode.UNROUTED_KIND,
            "paging.routes",
            f"no route names pages of kind {kind}, which are never suppressed: they go to every channel, tickets' too",
            f"route {kind} to those who must be woken",
        )
