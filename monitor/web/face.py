"""Puts the web face together: what the daemon builds, tells of changes, and ends.

face = WebFace(site, Sources(reader, store, book.render, clock, auditor.note, acting.act, register), static_file)
server = WebServer(face.app, face.close)
server.bind(host, port)
# in the TaskGroup: server.run(), face.static.run()
face.changed(platform, facts, at)     # after each commit
face.renewed()                        # after each renewal of a flag
"""

import logging
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from monitor.model.fact import Fact
from monitor.model.use import Happening, Use
from monitor.web.app import Desk, create_app
from monitor.web.events import Hub
from monitor.web.handlers import Handlers
from monitor.web.outages import LastOutages
from monitor.web.pages import Pages
from monitor.web.site import Site
from monitor.web.sources import Sources
from monitor.web.static import StaticPage

_log = logging.getLogger("glasswatch.web")


class WebFace:
    """The application, the event stream and the page as a file."""

    def __init__(self, site: Site, sources: Sources, static_file: Path) -> None:
        self._outages = LastOutages(sources.store, lambda: tuple(site.platforms), sources.clock)
        self._pages = Pages(site, sources, self._outages)
        self.hub = Hub(mark=f"{sources.clock.now():%Y%m%dT%H%M%S}")
        self.static = StaticPage(static_file, self._pages.for_file)
        self._desk = Desk(site, sources)
        self.app = create_app(site, Handlers(site, sources, self._pages, self.hub), self._desk)

    def changed(self, platform: str, facts: Iterable[Fact], at: datetime) -> None:
        """Tell of what changed: to those who listen, and on both pages. Never blocks, never raises."""
        self._outages.forget(platform)
        self._pages.forget()
        self.static.request()
        try:
            self.hub.tell(platform, facts, at)
        except Exception:  # noqa: BLE001 - what only shows the monitor never ends it
            _log.exception("event_untold", extra={"fields": {"platform": platform}})

    def used(self, use: Use, happening: Happening) -> None:
        """Tell what became of a use of break-glass, as `changed` does. Never blocks, never raises."""
        self._pages.forget()
        self.static.request()
        try:
            self.hub.tell_use(use, happening)
        except Exception:  # noqa: BLE001 - what only shows the monitor never ends it
            _log.exception("event_untold", extra={"fields": {"platform": use.platform}})

    def drilled(self) -> None:
        """Have both pages made anew: something became of a drill. Never blocks."""
        self._pages.forget()
        self.static.request()

    def renewed(self) -> None:
        """Have the file written when convenient: a flag is valid for longer. Never blocks."""
        self.static.request(is_urgent=False)

    def acknowledged(self) -> None:
        """Have the file written: somebody deals with an outage. Never blocks."""
        self.static.request()

    def reloaded(self) -> None:
        """Have both pages made anew: the site has changed. Never blocks."""
        self._pages.forget()
        self.static.request()

    def close(self) -> None:
        """End every event stream, and have noted what was only counted. Repeated calls do nothing."""
        self.hub.close()
        self._desk.close()
