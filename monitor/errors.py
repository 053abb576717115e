"""Everything the monitor raises on purpose.

GlasswatchError
└── MonitorError
    ├── StoreError               the store
    │   ├── StoreUnavailable     can't be read or written now; trying again may help
    │   ├── StoreConflict        another writer came between: our picture of a platform is out of date
    │   └── StoreUnusable        corrupt, foreign, or written by a newer version: trying again can't help
    │       └── StoreDamaged     corrupt: the database itself says so
    ├── RequestRefused           a running monitor refused what a command asked of it; says with which code
    ├── LeftOpen                 a journey was interrupted, and something it opened is not known closed
    ├── Interrupted              a command was told to stop, and has cleaned up
    ├── ReloadRefused            settings can't be taken over while the monitor runs; says with which code
    ├── DeliveryFailed           a page did not get through; says whether trying again may help
    │   └── PageLost             a provider that took a page knows nothing of it
    ├── PublishFailed            a signed flag did not reach one of its targets
    ├── CannotSee                a watcher can't read its log
    └── ListenFailed             the address of `listen` can't be had
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from glasswatch.errors import ExitCode, GlasswatchError

_ENDS: Final[Mapping[int, ExitCode]] = {
    409: ExitCode.FINDING,
    400: ExitCode.USAGE,
    404: ExitCode.USAGE,
    413: ExitCode.USAGE,
    415: ExitCode.USAGE,
}


class MonitorError(GlasswatchError):
    """Root of what the monitor raises."""


class LeftOpen(MonitorError):
    """A journey was interrupted, and something it opened is not known closed; the message names it."""

    exit_code = ExitCode.RESIDUE


class Interrupted(MonitorError):
    """A command was told to stop (Ctrl-C, SIGTERM, SIGHUP), and has cleaned up."""

    exit_code = ExitCode.INTERRUPTED


class StoreError(MonitorError):
    """Something about the store."""

    exit_code = ExitCode.NOT_MEASURED


class StoreUnavailable(StoreError):
    """The store can't be read or written now."""


class StoreConflict(StoreError):
    """A platform's row was changed by somebody else since we read it."""


class StoreUnusable(StoreError):
    """The store is corrupt, not ours, or written by a newer version."""

    exit_code = ExitCode.INVALID


class StoreDamaged(StoreUnusable):
    """The database itself says that it is damaged."""


class RequestRefused(MonitorError):
    """A running monitor refused what was asked of it. `code` is one of the codes in docs/reference/http.md.

    As a command's end: what can't be done as things stand is a finding (1); what was asked wrongly is wrong usage
    (2); who was not let in, or not served, could not find out (4).
    """

    def __init__(self, code: str, message: str, status: int) -> None:
        super().__init__(message)
        self.code = code
        self.exit_code = _ENDS.get(status, ExitCode.NOT_MEASURED)


class ReloadRefused(MonitorError):
    """Settings were not taken over while the monitor runs. `code` is one of the codes in docs/reference/http.md."""

    exit_code = ExitCode.INVALID

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class DeliveryFailed(MonitorError):
    """A page did not get through.

    `is_permanent`: trying again can't help. `retry_after`: how long the provider asked us to wait, if it did.
    """

    exit_code = ExitCode.NOT_MEASURED

    def __init__(self, message: str, *, is_permanent: bool = False, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.is_permanent = is_permanent
        self.retry_after = retry_after


class PageLost(DeliveryFailed):
    """A provider that took a page knows nothing of it."""


class PublishFailed(MonitorError):
    """A signed flag did not reach one of its targets."""

    exit_code = ExitCode.EVIDENCE_UNWRITABLE


class CannotSee(MonitorError):
    """A watcher can't read its log: what happened there is not measured."""

    exit_code = ExitCode.NOT_MEASURED


class ListenFailed(MonitorError):
    """The address of `listen` can't be had."""

    exit_code = ExitCode.INVALID
