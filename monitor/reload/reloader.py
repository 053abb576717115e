"""Takes the settings' file over while the monitor runs, whenever somebody wants it.

1. The file is read and checked as `monitor check` does it, beside the loop. Then everything new is built. Up to there a
   mistake, a secret that hangs or a store that can't be read changes nothing; each part has its deadline.
2. Then all of it is put in place in one step (`swap`), and what is no longer used is let go of (`farewell`).
3. A file that says what is in force changes nothing, but that programs that print secrets are run again.
4. What became of it is logged, shown in the metrics, noted in the audit and told to whoever asked.
"""

import asyncio
import logging
from datetime import timedelta
from pathlib import Path
from typing import Final

from glasswatch.errors import GlasswatchError
from glasswatch.settings.load import load
from glasswatch.settings.mistake import SettingsFault
from glasswatch.sidethread import SideThread
from monitor import lookedfor, procedure
from monitor.errors import ReloadRefused
from monitor.model.record import AuditEntry
from monitor.model.reloaded import Reloaded
from monitor.parts import Assembly
from monitor.reload.farewell import Farewell
from monitor.reload.plan import Plan, Planner, Wanted
from monitor.reload.swap import Crews, Swap
from monitor.rules.reloading import change, lines
from monitor.servicemanager import ServiceManager
from monitor.settings.outline import outline_of
from monitor.settings.root import MonitorSettings

log = logging.getLogger("glasswatch.reload")

READ_WITHIN: Final = timedelta(seconds=15)
BUILD_WITHIN: Final = timedelta(seconds=15)
_MOST_TOLD: Final = 50  # lines of what changed that are logged and noted; a person reads no more


class Reloader:
    """Reloads; `run` it while the monitor watches."""

    def __init__(self, parts: Assembly, crews: Crews, config: Path, manager: ServiceManager) -> None:
        self._parts = parts
        self._crews = crews
        self._config = config
        self._manager = manager
        self._builder = parts.builder
        self._farewell = Farewell(parts, crews)
        self._thread = _reading()

    async def run(self) -> None:
        """Reload whenever it is wanted. Only cancellation ends it, and a fault of ours in the midst of a swap."""
        requests = self._builder.requests
        while True:
            by, waiting = await requests.next()
            self._manager.reloading()
            try:
                result: Reloaded | GlasswatchError = await self._reloaded(by)
            except BaseException:
                for answer in waiting:
                    if not answer.done():
                        answer.set_exception(ReloadRefused("not_possible", "the monitor is ending"))
                raise
            self._manager.ready()
            for answer in waiting:
                if answer.done():
                    continue
                if isinstance(result, Reloaded):
                    answer.set_result(result)
                else:
                    answer.set_exception(result)

    async def _reloaded(self, by: str) -> Reloaded | GlasswatchError:
        try:
            plan = await self._planned()
        except GlasswatchError as fault:
            self._refused(by, fault)
            return fault
        except Exception as fault:
            log.exception("reload_fault")
            refusal = ReloadRefused("own_fault", f"a fault of glasswatch: {type(fault).__name__}; see its log")
            self._refused(by, refusal)
            return refusal
        self._builder.renew_secrets()
        if plan is None:
            return self._told(by, Reloaded())
        left = Swap(self._parts, self._crews, plan).apply()
        result = self._told(by, Reloaded(lines(plan.wanted.change)))
        await self._farewell.see_off(left)
        return result

    async def _planned(self) -> Plan | None:
        """Return what is to be put in place; None: what is in force is what the file says.

        Raises:
            GlasswatchError: the file can't be taken over.
        """
        wanted = await self._wanted()
        if wanted.change.restart:
            raise ReloadRefused(
                "restart_needed", f"restart needed: {', '.join(wanted.change.restart)} changed; nothing was taken over"
            )
        if wanted.change.is_nothing:
            return None
        try:
            async with asyncio.timeout(BUILD_WITHIN.total_seconds()):
                plan = await Planner(self._parts, self._farewell.leaving).plan(wanted)
        except TimeoutError:
            raise ReloadRefused("not_possible", "what the settings name could not be built in time") from None
        if self._crews.watching.is_dismissed:  # told to end meanwhile: nothing must begin any more
            await plan.aclose()
            raise ReloadRefused("not_possible", "the monitor is ending")
        return plan

    async def _wanted(self) -> Wanted:
        try:
            return await self._thread.run(self._read, READ_WITHIN)
        except (TimeoutError, OSError):
            self._thread = _reading()  # what hangs there holds up no later reload
            what = f"{self._config}, or a file that it names, could not be read in time"
            raise ReloadRefused("not_possible", what) from None

    def _read(self) -> Wanted:
        settings = load(self._config, MonitorSettings, look=lookedfor.unreadable)
        procedures = {
            name: procedure.read(platform.procedure.url, platform.procedure.file, name)
            for name, platform in settings.platforms.items()
        }
        before = outline_of(self._builder.settings, self._builder.procedures)
        return Wanted(settings, procedures, change(before, outline_of(settings, procedures)))

    def _told(self, by: str, result: Reloaded) -> Reloaded:
        now = self._parts.clock.now()
        self._parts.metrics.reloaded(now)
        told = list(result.lines[:_MOST_TOLD])
        if not result.is_changed:
            log.info("settings_unchanged", extra={"fields": {"by": by}})
            return result
        fields = {"by": by, "changes": len(result.lines), "what": "; ".join(told)}
        log.info("settings_reloaded", extra={"fields": fields})
        self._parts.auditor.note(
            AuditEntry("settings_reloaded", by, {"changes": len(result.lines), "what": told}, now), None
        )
        return result

    def _refused(self, by: str, fault: GlasswatchError) -> None:
        self._parts.metrics.not_reloaded()
        log.error("settings_not_reloaded", extra={"fields": {"by": by, "error": _code(fault)}})
        for line in str(fault).splitlines():
            log.error("settings_mistake", extra={"fields": {"what": line}})
        entry = AuditEntry("settings_refused", by, {"code": _code(fault)}, self._parts.clock.now())
        self._parts.auditor.note(entry, None)


def _code(fault: GlasswatchError) -> str:
    if isinstance(fault, ReloadRefused):
        return fault.code
    return "invalid_settings" if isinstance(fault, SettingsFault) else "not_possible"


def _reading() -> SideThread:
    return SideThread("settings")
