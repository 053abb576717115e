"""What is broken on purpose, what glasswatch does then, and the scenario that shows it: what the guide's page says."""

from dataclasses import dataclass

from tests.faults.test_reload import HAS_RELOAD


@dataclass(frozen=True, slots=True)
class Row:
    """One fault. `scenario` is the test's file and name, without what both begin with."""

    fault: str
    does: str
    scenario: str
    is_there: bool = True


PAGES = (
    Row(
        "takes the page, and never answers",
        "tries again, 1 s later and then at growing distances, until it is taken; others are told at once",
        "pages/providers_that_fail",
    ),
    Row("answers 500", "the same", "pages/providers_that_fail"),
    Row("answers 429 with `Retry-After`", "the same, and not before it may", "pages/providers_that_fail"),
    Row(
        "resets or closes the connection, or answers something else than HTTP",
        "the same: nobody knows whether the page was taken, so it may come twice, with one `dedup_key`",
        "pages/providers_that_fail",
    ),
    Row(
        "answers 202, and tells nobody",
        "believes it, because a receipt is all there is: have two channels at different providers",
        "pages/a_provider_that_loses_pages",
    ),
)
NETWORK = (
    Row(
        "no control answers while the platform is down",
        "`unknown`, and a page that says so; no ready until a control answers and the outage is confirmed",
        "network/controls_gone",
    ),
    Row("no name resolves", "the same", "network/dns_dead"),
    Row(
        "every name leads to one machine that says that all is well",
        "the same: a control must prove who it is. What was told is forgotten as long as no control answers, so that "
        "no lie outlives the liar",
        "network/dns_lies",
    ),
    Row(
        "the platform answers byte by byte, or never",
        "down, after the `timeout` of three attempts; no other probe waits for it",
        "network/platform_trickles",
    ),
)
STORE = (
    Row(
        "the disk of store, flag and log is full",
        "pages go out marked `unrecorded`, with a `store` page; the interface and targets elsewhere show the flag, the "
        "file stays as it was. With room again all of it is written",
        "store/disk_full",
    ),
    Row("the store's disk is read-only", "does not start, and says why", "store/disk_read_only"),
    Row(
        "the disk of the published flag becomes read-only",
        "the interface, other targets and pages go on; the file follows as soon as it can",
        "store/flag_on_a_disk_that_became_read_only",
    ),
    Row("another program has locked the store", "as with a full disk", "store/store_locked"),
    Row("another monitor has it", "the second one does not start, and says who has it", "store/second_monitor"),
    Row("the store is damaged", "does not start, and says so; goes on with a backup", "store/store_damaged_or_newer"),
    Row(
        "it is damaged while the monitor runs",
        "goes on, because SQLite does not notice: what is written meanwhile is lost at the next start",
        "store/store_damaged_or_newer",
    ),
    Row(
        "it was written by a newer version",
        "does not start, and leaves it as it is",
        "store/store_damaged_or_newer",
    ),
    Row(
        "an old backup was put in its place",
        "versions and changes go on from the flag that is published; readers see in `log` that the audit went back",
        "store/store_restored_from_an_old_backup",
    ),
)
PROCESS = (
    Row(
        "no descriptor is left for sockets and files",
        "`unknown`: what it can't open is not measured; it finds the outage and sends pages when it can again",
        "process/descriptors_exhausted",
    ),
    Row(
        "it stands still for a while",
        "goes on; for longer than `ready_ttl`, standby until the outage is confirmed again",
        "process/frozen",
    ),
    Row(
        "its clock goes ahead by an hour, and back",
        "pages as ever, and a `clock` page; readers refuse its flags until time has caught up: an order is the way in",
        "process/clock_ahead",
    ),
    Row(
        "its clock goes back by an hour, and is set right",
        "pages as ever, and a `clock` page; readers refuse its flags until the clock is right",
        "process/clock_behind",
    ),
    Row(
        "a thousand other probes run, and a channel hangs",
        "the page is [as early](../performance.md#in-a-crowd) as without them",
        "load/a_thousand_probes_and_a_channel_that_hangs",
    ),
    Row(
        "settings that can't be used are to be taken up while it runs",
        "says what is wrong with them, and goes on with those it has",
        "reload/reload_with_a_bad_file",
        is_there=HAS_RELOAD,
    ),
    Row(
        "any of the above at random, several at once, and kills in between",
        "nothing false, nothing missed, all told in the end",
        "weather/weather",
    ),
)
GROUPS = {"A page provider": PAGES, "The network": NETWORK, "Disk and store": STORE, "The process": PROCESS}
