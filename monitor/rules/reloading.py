"""What a reload of the settings has to do: what stays, what comes, what goes, and what needs a restart.

1. What says the same stays, whatever else changes: it is not touched.
2. What is known by the same name and says something else is ended, and built anew.
3. If anything changed that can't while the monitor runs, nothing is done at all: settings are taken over whole.
4. A platform that went takes its probes with it; one that came brings all of its own.
"""

from collections.abc import Iterator, Mapping

from monitor.model.outline import Difference, Outline, SettingsChange


def difference(before: Mapping[str, object], after: Mapping[str, object]) -> Difference:
    """Return how one mapping differs from another. The order of either says nothing."""
    return Difference(
        came=tuple(name for name in after if name not in before),
        went=tuple(name for name in before if name not in after),
        changed=tuple(name for name, each in after.items() if name in before and before[name] != each),
    )


def change(before: Outline, after: Outline) -> SettingsChange:
    """Return what leads from one outline to another."""
    stayed = [name for name in after.platforms if name in before.platforms]
    own = difference(
        {name: each.own for name, each in before.platforms.items()},
        {name: each.own for name, each in after.platforms.items()},
    )
    sorts = dict.fromkeys((*before.parts, *after.parts))
    return SettingsChange(
        restart=_named(difference(before.fixed, after.fixed)),
        free=_named(difference(before.free, after.free)),
        platforms=own,
        probes={name: difference(before.platforms[name].probes, after.platforms[name].probes) for name in stayed},
        parts={sort: difference(before.parts.get(sort, {}), after.parts.get(sort, {})) for sort in sorts},
    )


def lines(found: SettingsChange) -> tuple[str, ...]:
    """Return what a change does, one line each, by names alone."""
    return tuple(_lines(found))


def _lines(found: SettingsChange) -> Iterator[str]:
    yield from _told("platform", found.platforms)
    for platform, probes in found.probes.items():
        yield from _told("probe", probes, f"{platform}/")
    for sort, parts in found.parts.items():
        yield from _told(sort, parts)
    for place in found.free:
        yield f"{place} changed"


def _told(what: str, found: Difference, before: str = "") -> Iterator[str]:
    for names, verb in ((found.came, "added"), (found.went, "removed"), (found.changed, "changed")):
        for name in names:
            yield f"{what} {before}{name} {verb}"


def _named(found: Difference) -> tuple[str, ...]:
    return tuple(sorted((*found.came, *found.went, *found.changed)))
