"""A TLS server on blocking sockets in a thread of its own.

asyncio drops a connection whose handshake fails without telling the client why; other servers send an alert first.
This one does, because OpenSSL owns its socket.
"""

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import AsyncIterator

_PATIENCE_SECONDS = 20.0


@contextlib.asynccontextmanager
async def serving(context: ssl.SSLContext, said: bytes) -> AsyncIterator[str]:
    """Run a server that answers everybody whose handshake succeeds; yield its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(_PATIENCE_SECONDS)
        server = threading.Thread(target=_serve, args=(listener, context, said))
        server.start()
        port = listener.getsockname()[1]
        try:
            yield f"https://127.0.0.1:{port}/"
        finally:
            # A connection that says nothing is what ends it.
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), _PATIENCE_SECONDS):
                pass
            # Not in the loop: the client needs it to close its side.
            await asyncio.to_thread(server.join, _PATIENCE_SECONDS)


def _serve(listener: socket.socket, context: ssl.SSLContext, said: bytes) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection:
            connection.settimeout(_PATIENCE_SECONDS)
            if not connection.recv(1, socket.MSG_PEEK):
                return
            talk = context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
            with contextlib.suppress(OSError):
                talk.do_handshake()
                talk.recv(65536)
                talk.sendall(said)
            _linger(socket.socket(fileno=talk.detach()))


def _linger(connection: socket.socket) -> None:
    """Close once the client has: closing on unread data would reset the connection, and could overtake an alert."""
    with connection, contextlib.suppress(OSError):
        connection.settimeout(_PATIENCE_SECONDS)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass
