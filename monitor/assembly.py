"""Builds the daemon's parts and joins them. Nothing here decides; nothing runs until the daemon runs it."""

import logging
from pathlib import Path

from glasswatch.clock import Clock
from monitor import procedure, takeup, unlock
from monitor.builder import Builder
from monitor.exercises.shadow import Ground
from monitor.parts import Assembly
from monitor.settings.root import MonitorSettings
from monitor.store.identity import Limits
from monitor.store.store import make_store

log = logging.getLogger("glasswatch.daemon")


async def assemble(settings: MonitorSettings, clock: Clock, config: Path | None = None) -> Assembly:
    """Build everything and take up what the store holds. `config`: where the settings stand, for showing.

    Raises:
        GlasswatchError: a procedure, the key, the port or the store can't be had.
    """
    procedures = {
        name: procedure.read(platform.procedure.url, platform.procedure.file, name)
        for name, platform in settings.platforms.items()
    }
    key = await unlock.flag_key(settings.flag, clock)
    unlock.refuse_demo_key(key, settings)
    store = make_store(
        await unlock.store_url(settings.store),
        deployment=settings.deployment,
        vantage=settings.vantage,
        clock=clock,
        limits=Limits(
            keep_good=settings.store.keep_good,
            keep_failures=settings.store.keep_failures,
            keep_hours=settings.store.keep_hours,
        ),
    )
    for token in settings.tokens:
        if token.expires <= clock.now():
            log.warning("token_expired", extra={"fields": {"token": token.name}})
    certificate = await unlock.certificate(settings.listen.tls)
    await unlock.try_channel_secrets(settings.paging)
    builder = Builder(settings, clock, store, key, procedures)
    builder.config = str(config or "")
    builder.drills.sign_with(await unlock.evidence_key(settings, clock))
    server = builder.server(certificate)
    server.bind(settings.listen.address.host, settings.listen.address.port)
    try:
        loaded = await store.open()
        await takeup.leave(store, loaded, frozenset(settings.platforms), clock)
        await takeup.pages_left(store, settings)
        builder.forgotten(await takeup.forgotten(store, settings))
        await builder.heartbeats.take_up()
        await builder.clockwatch.take_up(loaded.last_alive_at)
        flags = await takeup.published_flags(settings, key, clock)
        builder.distrusted = await takeup.distrusted(settings, key, clock)
    except BaseException:
        server.close()
        await builder.network.resolver.aclose()
        await store.close()
        raise
    parts = builder.join(loaded, flags, server)
    parts.certificate = certificate
    builder.exercises.attach(
        Ground(parts.network, parts.sight, clock, lambda: parts.grid, lambda: builder.settings.platforms)
    )
    return parts
