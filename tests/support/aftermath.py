"""What must hold of a store, and of what went out, after a monitor was killed any number of times."""

from collections.abc import Mapping, Sequence
from urllib.parse import unquote

from glasswatch.clock import SystemClock
from monitor.store.identity import Identity
from monitor.store.reading import Reading
from monitor.store.store import make_store
from tests.support.monitors import DEPLOYMENT, Home
from tests.support.receiver import Receiver
from tests.support.siege import Witness, leftovers

Rows = Sequence[Mapping[str, object]]


def wrong_pages(pages: Receiver, decided: Rows) -> list[str]:
    """Return what contradicts that every page that was decided arrived, in the order of its key, and no other."""
    taken = [unquote(request.headers["webhook-id"]) for request in pages.accepted]
    arrived = [unquote(request.headers["webhook-id"]) for request in pages.received]
    known = [str(page["page"]) for page in decided]
    wrong = [f"page {page} was decided and never arrived" for page in known if page not in taken]
    wrong += [f"page {page} arrived and was never decided" for page in arrived if page not in known]
    keys: dict[object, list[str]] = {}
    for page in decided:
        keys.setdefault(page["dedup_key"], []).append(str(page["page"]))
    for ids in keys.values():
        came = sorted(ids, key=lambda page: arrived.index(page) if page in arrived else -1)
        if came != ids:
            wrong.append(f"pages of one key were decided as {ids}, but came as {came}")
    return wrong if decided else [*wrong, "no page was ever decided"]


def wrong_flags(witness: Witness, home: Home, kills: int) -> list[str]:
    """Return what contradicts that everything published is on record."""
    wrong = []
    changes = {document["change"] for document in home.rows("SELECT change FROM flag_documents")}
    seen = {claims.change for claims in witness.claims} - {0}
    wrong += [f"change {change} of the flag was published, but is not on record" for change in seen - changes]
    (ledger,) = home.rows("SELECT ver FROM flag_ledger")
    if int(str(ledger["ver"])) < max(claims.ver for claims in witness.claims):
        wrong.append("a higher version was published than is on record")
    if len(leftovers(home.flag.parent)) > kills + 1:
        wrong.append(f"half-written files pile up: {leftovers(home.flag.parent)}")
    return wrong


async def wrong_audit(home: Home) -> list[str]:
    """Return what contradicts that the audit's chain is whole, and that what is on record fits together."""
    store = make_store(f"sqlite:///{home.store}", deployment=DEPLOYMENT, vantage="main", clock=SystemClock())
    try:
        loaded = await store.open()
        problem = await store.verify_audit()
    finally:
        await store.close()
    if loaded.chain.seq == 0:
        return ["the audit is empty"]
    broken = [f"the audit's chain is broken: {problem}"] if problem else []
    reading = Reading(f"sqlite:///{home.store}", Identity(DEPLOYMENT, "main", "aftermath"))
    try:
        flaws = reading.flaws()
    finally:
        reading.close()
    return [*broken, *flaws["database"], *flaws["records"], *flaws["hours"]]
