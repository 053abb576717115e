"""Files of orders: read within their bounds, written whole, and never over anything else."""

from pathlib import Path

from glasswatch.clock import Clock
from glasswatch.flag import disk
from glasswatch.flag.errors import NotWritten, OrderExists, OrderFault, plain
from glasswatch.flag.order import MAX_FILE_BYTES, OrderLine, OrderLines, lines_of

_MODE = 0o644


def load(path: Path, clock: Clock) -> OrderLines:
    """Return the lines of a file of orders.

    Raises:
        OrderFault: it can't be read.
    """
    try:
        return lines_of(str(path), disk.read(path, MAX_FILE_BYTES, clock).data)
    except (OSError, ValueError) as error:
        raise OrderFault(f"{plain(path)}: can't be read: {getattr(error, 'strerror', None) or error}") from None


def write_new(path: Path, lines: tuple[OrderLine, ...]) -> None:
    """Write lines to a file that must not exist yet.

    Raises:
        OrderExists: there is something at that path.
        NotWritten: the file can't be written.
    """
    try:
        disk.place(path, _bytes(lines), _MODE)
    except FileExistsError:
        raise OrderExists(
            f"{plain(path)} exists and is not overwritten: choose another name, or move it away"
        ) from None
    except (OSError, ValueError) as error:
        raise _not_written(path, error) from None


def rewrite(path: Path, lines: tuple[OrderLine, ...]) -> None:
    """Put lines in the place of the file that others of them were read from.

    Raises:
        NotWritten: the file can't be written; it is as it was.
    """
    try:
        disk.replace(path, _bytes(lines), _MODE)
    except (OSError, ValueError) as error:
        raise _not_written(path, error) from None


def _bytes(lines: tuple[OrderLine, ...]) -> bytes:
    return b"".join(line.document + b"\n" for line in lines)


def _not_written(path: Path, error: OSError | ValueError) -> NotWritten:
    return NotWritten(f"{plain(path)}: can't be written: {getattr(error, 'strerror', None) or error}")
