"""One commit on one platform: all of it in one transaction, or nothing.

1. The platform's row is compared and set: exactly one row must change, or somebody else wrote in between.
2. Then everything else the commit holds is written, and last the audit, which says where the chain ends now.
3. A commit whose answer was lost may have been written all the same. The same commit given again is then recognised
   by the row's revision and run, and answered without being written twice.
4. Rows of probes that failed to be written are owed to the next commit; rows of probes no longer held are removed.
"""

from dataclasses import replace

from sqlalchemy import Connection, bindparam, delete, select, update

from monitor.errors import StoreConflict
from monitor.model.fact import FlagTakenUp
from monitor.model.record import ChainHead, Commit
from monitor.store import audit, flags, history, pages
from monitor.store.codec import encode
from monitor.store.columns import checksum
from monitor.store.history import Scope
from monitor.store.identity import Identity
from monitor.store.schema import platforms, probe_states
from monitor.store.upserts import adding, replacing
from monitor.store.writer import Ending

_SET = (
    update(platforms)
    .where(platforms.c.vantage == bindparam("for_vantage"), platforms.c.platform == bindparam("for_platform"))
    .where(platforms.c.revision == bindparam("expected"))
)


class Commits:
    """Writes commits, and remembers what is stored and what is owed. Lives on the writer's thread."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        self._stored_probes: dict[str, frozenset[str]] = {}
        self._owed_probes: dict[str, frozenset[str]] = {}
        self._doubtful: dict[str, Commit] = {}

    def write(self, connection: Connection, commit: Commit) -> ChainHead:
        """Write the commit; return where the audit chain ends.

        Raises:
            StoreConflict: the platform's row isn't the one the commit was made from.
        """
        scope = Scope(self._identity.vantage, commit.platform)
        if self._doubtful.get(commit.platform) == commit and self._has_landed(connection, scope, commit):
            return audit.head(connection, scope.vantage)
        self._compare_and_set(connection, scope, commit)
        self._write_probes(connection, scope, commit)
        history.write(connection, scope, commit)
        for fact in commit.facts:
            if isinstance(fact, FlagTakenUp):
                flags.take_up(connection, scope, fact.published)
        if commit.flag is not None:
            flags.keep(connection, scope, commit.flag)
        pages.write(connection, scope.vantage, commit.pages)
        return audit.append(connection, self._identity, commit.platform, commit.audit)

    def ended(self, commit: Commit, ending: Ending) -> None:
        """Take note of how writing it ended."""
        name = commit.platform
        if ending is Ending.WRITTEN:
            self._stored_probes[name] = frozenset(commit.after.probes)
            self._owed_probes.pop(name, None)
            self._doubtful.pop(name, None)
            return
        self._owed_probes[name] = self._owed_probes.get(name, frozenset()).union(commit.changed_probes)
        if ending is Ending.DOUBTFUL:
            self._doubtful[name] = commit
            self._stored_probes.pop(name, None)

    def _has_landed(self, connection: Connection, scope: Scope, commit: Commit) -> bool:
        row = connection.execute(
            select(platforms.c.revision, platforms.c.run).where(
                platforms.c.vantage == scope.vantage, platforms.c.platform == scope.platform
            )
        ).first()
        return row is not None and (row.revision, row.run) == (commit.expected_revision + 1, self._identity.run)

    def _compare_and_set(self, connection: Connection, scope: Scope, commit: Commit) -> None:
        revision = commit.expected_revision + 1
        state = encode(replace(commit.after, probes={}))
        new = {
            "revision": revision,
            "run": self._identity.run,
            "state": state,
            "checksum": checksum(scope.vantage, scope.platform, revision, state),
            "updated_at": commit.at,
        }
        if commit.expected_revision == 0:
            added = adding(connection, platforms).returning(platforms.c.revision)
            is_set = connection.execute(added, scope.row(**new)).first() is not None
        else:
            expected = {
                "for_vantage": scope.vantage,
                "for_platform": scope.platform,
                "expected": commit.expected_revision,
            }
            is_set = connection.execute(_SET, {**new, **expected}).rowcount == 1
        if not is_set:
            raise StoreConflict(
                f"{scope.platform}: the store no longer holds revision {commit.expected_revision}: another monitor "
                "wrote for this vantage; stop one of the two, then restart the other"
            )

    def _write_probes(self, connection: Connection, scope: Scope, commit: Commit) -> None:
        held = commit.after.probes
        stored = self._stored(connection, scope)
        owed = self._owed_probes.get(scope.platform, frozenset())
        names = sorted((held.keys() - stored) | (held.keys() & (owed | set(commit.changed_probes))))
        if names:
            rows = [_probe(scope, name, encode(held[name])) for name in names]
            connection.execute(replacing(connection, probe_states), rows)
        gone = sorted(stored - held.keys())
        if gone:
            connection.execute(
                delete(probe_states)
                .where(probe_states.c.vantage == scope.vantage, probe_states.c.platform == scope.platform)
                .where(probe_states.c.probe.in_(gone))
            )

    def _stored(self, connection: Connection, scope: Scope) -> frozenset[str]:
        known = self._stored_probes.get(scope.platform)
        if known is not None:
            return known
        return frozenset(
            connection.scalars(
                select(probe_states.c.probe).where(
                    probe_states.c.vantage == scope.vantage, probe_states.c.platform == scope.platform
                )
            )
        )


def _probe(scope: Scope, name: str, state: str) -> dict[str, object]:
    return scope.row(probe=name, state=state, checksum=checksum(scope.vantage, scope.platform, name, state))
