"""Takes connections in, and bounds them from the very first: before a handshake, before a byte was sent.

1. Every connection has a place from when it is taken until it is gone, TLS handshakes included. Who gets one, and who
   gives way, is decided by `rules/places`.
2. Who gives way is cut off. Who gets no place is told so where nothing but HTTP is spoken, and let go at once.
3. Where proxies are declared, a connection from anywhere else is cut off without a word.
4. A handshake has as long as a request; saying goodbye in TLS as long as taking an answer.
5. Out of descriptors it waits a moment and goes on: what runs gives some back.
"""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from monitor.rules.forwarded import Network
from monitor.rules.places import Holder, Newcomer, Room, judge, newcomer
from monitor.web.deadlines import Bounds, DeadlineProtocol, refusal

_AT_A_TIME: Final = 32  # then others have their turn
_PAUSE_SECONDS: Final = 1.0

_log = logging.getLogger("glasswatch.web")


@dataclass(frozen=True, slots=True)
class Front:
    """What stands between us and whoever asks: TLS, declared proxies, both, or nothing."""

    tls: ssl.SSLContext | None = None
    proxies: tuple[Network, ...] = ()

    @property
    def is_there(self) -> bool:
        """Whether anything does."""
        return self.tls is not None or bool(self.proxies)


@dataclass(eq=False, slots=True)
class _Place:
    """One connection, from when it was taken. `protocol` has a transport once there is something to say."""

    who: Newcomer
    taken: socket.socket
    protocol: DeadlineProtocol
    since: float = field(default_factory=lambda: asyncio.get_running_loop().time())

    @property
    def is_in(self) -> bool:
        """Whether the connection is there to be spoken on: past its handshake, if it has one."""
        return self.protocol.transport is not None

    def holder(self, number: int) -> Holder:
        """Return it as the rules see it."""
        if self.is_in:
            return Holder(number, self.who, self.protocol.waits_since, self.protocol.has_begun)
        return Holder(number, self.who, self.since)

    def cut(self) -> None:
        """Have it end now."""
        if self.is_in:
            self.protocol.cut()
            return
        # Whatever has hold of it by now finds it closed, and lets go.
        with suppress(OSError):
            self.taken.shutdown(socket.SHUT_RDWR)


class Door:
    """Takes connections from sockets that listen, and gives each a protocol."""

    def __init__(self, protocol: Callable[[], DeadlineProtocol], bounds: Bounds, front: Front) -> None:
        self._protocol = protocol
        self._bounds = bounds
        self._front = front
        self._room = Room(bounds.connections, bounds.connections_of_one, bounds.connections_kept)
        self._listeners: list[socket.socket] = []
        self._places: set[_Place] = set()
        self._entering: set[asyncio.Task[None]] = set()
        self._pause: asyncio.TimerHandle | None = None

    @property
    def taken(self) -> int:
        """How many places are taken."""
        return len(self._places)

    def open(self, listener: socket.socket) -> None:
        """Begin to take connections from a socket that listens and doesn't block."""
        self._listeners.append(listener)
        asyncio.get_running_loop().add_reader(listener, self._take, listener)

    async def close(self) -> None:
        """Take no more, and end what has not got in yet. Repeated calls do nothing."""
        loop = asyncio.get_running_loop()
        if self._pause is not None:
            self._pause.cancel()
        for listener in self._listeners:
            loop.remove_reader(listener)
            listener.close()
        self._listeners.clear()
        for place in self._places:
            if not place.is_in:
                place.cut()
        if self._entering:
            await asyncio.wait(set(self._entering), timeout=self._bounds.stop_seconds * 0.2)

    def _take(self, listener: socket.socket) -> None:
        for _ in range(_AT_A_TIME):
            try:
                taken, peer = listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                self._wait_a_moment(listener, error)
                return
            try:
                self._let_in(taken, str(peer[0]))
            except Exception:  # noqa: BLE001 - logged whole
                # A mistake of ours about one must not shut the door on all.
                _log.exception("connection_fault")
                taken.close()

    def _wait_a_moment(self, listener: socket.socket, error: OSError) -> None:
        _log.error("connections_not_taken", extra={"fields": {"error": error.strerror or type(error).__name__}})
        loop = asyncio.get_running_loop()
        loop.remove_reader(listener)
        self._pause = loop.call_later(_PAUSE_SECONDS, loop.add_reader, listener, self._take, listener)

    def _let_in(self, taken: socket.socket, peer: str) -> None:
        taken.setblocking(False)
        who = newcomer(peer, self._front.proxies)
        if who is None:
            taken.close()
            return
        places = list(self._places)
        ruling = judge(who, [place.holder(number) for number, place in enumerate(places)], self._room)
        if ruling.gives_way is not None:
            out = places[ruling.gives_way.number]
            self._places.discard(out)
            out.cut()
        if not ruling.is_let_in:
            self._turn_away(taken)
            return
        place = _Place(who, taken, self._protocol())
        self._places.add(place)
        place.protocol.when_lost = lambda: self._places.discard(place)
        task = asyncio.get_running_loop().create_task(self._enter(place))
        self._entering.add(task)
        task.add_done_callback(self._entering.discard)

    def _turn_away(self, taken: socket.socket) -> None:
        if self._front.tls is None:
            with suppress(OSError):
                taken.send(refusal("busy", "as many connections as are served at once; try again"))
        taken.close()

    async def _enter(self, place: _Place) -> None:
        tls: dict[str, Any] = {}
        if self._front.tls is not None:
            tls = {
                "ssl": self._front.tls,
                "ssl_handshake_timeout": self._bounds.request_seconds,
                "ssl_shutdown_timeout": self._bounds.write_seconds,
            }
        try:
            await asyncio.get_running_loop().connect_accepted_socket(lambda: place.protocol, place.taken, **tls)
        except OSError:
            pass  # gone, given way, too slow, or no TLS: no news of ours
        except Exception:  # noqa: BLE001 - as above: nobody else would hear of it
            _log.exception("connection_fault")
        finally:
            if not place.is_in:
                self._places.discard(place)
