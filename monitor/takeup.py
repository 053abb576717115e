"""Takes up what the last run left: in the store, and in the flags that it published."""

import logging
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from glasswatch.clock import Clock
from glasswatch.flag import keys
from monitor import published, trusted
from monitor.model.fact import PlatformLeft
from monitor.model.published import PublishedFlag
from monitor.model.record import AuditEntry, Commit, FlagLedger, Loaded, LoadedPlatform
from monitor.model.state import PlatformState
from monitor.published import Own
from monitor.settings.root import MonitorSettings
from monitor.store.store import SqlStore

log = logging.getLogger("glasswatch.daemon")


def taken_up(loaded: Loaded, name: str) -> tuple[LoadedPlatform, datetime | None]:
    """Return a platform as it was last written, and when it was last watched; None: never, or nobody knows."""
    held = loaded.platforms.get(name)
    if held is None:
        return LoadedPlatform(PlatformState(name), 0, FlagLedger()), None
    left_at = held.state.unwatched_since
    back = replace(held, state=replace(held.state, unwatched_since=None))
    return back, loaded.last_alive_at if left_at is None else left_at


async def published_flags(
    settings: MonitorSettings, key: keys.SigningKey, clock: Clock
) -> dict[str, PublishedFlag | None]:
    """Return each platform's flag as it stands where readers look."""
    own = Own(key, settings.deployment, settings.vantage)
    files = [target for target in settings.flag.publish if target.kind == "file"]
    return {
        name: await published.read(own, name, [Path(file.place_for(name)) for file in files], clock)
        for name in settings.platforms
    }


async def distrusted(settings: MonitorSettings, key: keys.SigningKey, clock: Clock) -> list[str]:
    """Return why readers who pin the trust file beside the key would refuse our flags, one line each."""
    own, file = Own(key, settings.deployment, settings.vantage), settings.flag.key.file
    return [] if file is None else await trusted.look(own, file, clock)


async def leave(store: SqlStore, loaded: Loaded, watched: frozenset[str], clock: Clock) -> None:
    """Note of each platform that is no longer in the settings since when it isn't watched.

    Without it, a platform that comes back after days would be believed as if it had been watched all the time.
    """
    now = clock.now()
    for name, held in loaded.platforms.items():
        if name in watched or held.state.unwatched_since is not None:
            continue
        since = loaded.last_alive_at or now
        entry = AuditEntry("platform_unwatched", "monitor", {"platform": name, "since": since.isoformat()}, now)
        after = replace(held.state, unwatched_since=since)
        await store.commit(
            Commit(
                platform=name,
                expected_revision=held.revision,
                at=now,
                after=after,
                facts=(PlatformLeft(since),),
                changed_probes=(),
                flag=None,
                pages=(),
                audit=(entry,),
            )
        )


async def forgotten(store: SqlStore, settings: MonitorSettings) -> list[str]:
    """Return and log what a journey left open that is no longer in the settings: nobody closes it any more."""
    found = []
    for platform, probe, run, step in await store.every_opening():
        watched = settings.platforms.get(platform)
        held = watched.probes.get(probe) if watched is not None else None
        if held is None or held.type != "journey":
            fields = {"platform": platform, "probe": probe, "run": run, "step": step}
            log.error("journey_forgotten", extra={"fields": fields})
            found.append(f"{platform}/{probe}: {step} of run {run}")
    return found


async def pages_left(store: SqlStore, settings: MonitorSettings) -> None:
    """Note which status pages nobody reads any more: what they said last holds no longer."""
    probes = ((name, probe, each) for name, one in settings.platforms.items() for probe, each in one.probes.items())
    await store.pages_left({(platform, probe) for platform, probe, each in probes if each.tells})
