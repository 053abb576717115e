"""The heads of drills' journals that a demo's monitor held, read from its store once it is gone."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from monitor.errors import StoreUnavailable, StoreUnusable
from monitor.store import drillruns
from monitor.store.engine import Database
from monitor.store.identity import Identity, Limits
from monitor.web.drillshaping import known
from monitor.wire.drills import HeadsAnswer


def heads_in(store: Path, whose: tuple[str, str], runs: Sequence[str]) -> Mapping[str, bytes]:
    """Return what the monitor would answer of each run that it held; `whose`: its deployment and vantage.

    Nothing where the store can't be read, such as one of another version.
    """
    database = Database(f"sqlite:///{store}", Identity(*whose, "evidence"), Limits())
    try:
        held = database.transact(
            lambda connection: {run: drillruns.heads(connection, whose[1], run) for run in runs},
        )
    except (StoreUnavailable, StoreUnusable):
        return {}
    finally:
        database.close()
    answers = {run: HeadsAnswer(run=run, heads=tuple(map(known, heads))) for run, heads in held.items() if heads}
    return {run: answer.model_dump_json().encode() + b"\n" for run, answer in answers.items()}
