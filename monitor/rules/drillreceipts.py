"""The claims of a receipt: that the monitor holds a head of a run's journal. Described in `monitor.wire.drills`."""

from monitor.model.drill import DrillRun, HeadAct, KnownHead

VERSION = 1


def claims(issuer: str, run: DrillRun, known: KnownHead) -> dict[str, object]:
    """Return what is signed. `run` is as it is after what was told."""
    found: dict[str, object] = {
        "v": VERSION,
        "iss": issuer,
        "sub": run.id,
        "iat": int(known.at.timestamp()),
        "act": known.act.value,
        "seq": known.head.seq,
        "hash": known.head.hash,
    }
    if known.act is HeadAct.OPEN:
        opening = run.opening
        found |= {
            "scenario": opening.scenario,
            "scenario_sha256": opening.scenario_sha256,
            "operator": opening.operator,
        }
    if known.act is HeadAct.CLOSE and run.verdict is not None:
        found["verdict"] = run.verdict.value
    return found
