"""Worlds as they are written on a command line: `--loss 0.001`, `--burst every=6h,lasting=20s,loss=0.8`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from glasswatch.durations import parse, render
from glasswatch.errors import UsageFault
from monitor.backtest.world import Stretch, World

MOST_CALM: Final = 0.2
"""What is lost more often than this all the time is no platform that is up: it is an outage."""
_LONGEST_SPELL: Final = timedelta(days=1)

_KEYS: Final[Mapping[str, Callable[[str], Any]]] = {
    "every": parse,
    "lasting": parse,
    "loss": float,
    "else": float,
    "controls": float,
}
_NEEDED: Final = ("every", "lasting", "loss")


@dataclass(frozen=True, slots=True)
class Given:
    """What a command line says of worlds. `unmeasured`: so many attempts can't be measured, in all of them."""

    losses: Sequence[float] = ()
    bursts: Sequence[str] = ()
    brownouts: Sequence[str] = ()
    unmeasured: float = 0.0


DEFAULT: Final = Given(
    (0.001,),
    ("every=1d,lasting=10s,loss=0.9", "every=1d,lasting=10s,loss=0.9,controls=0.9"),
    ("every=30d,lasting=20m,loss=0.2",),
)


def worlds_of(given: Given) -> list[World]:
    """Return the worlds, each once.

    Raises:
        UsageFault: one of them can't be; the message says which, and why.
    """
    if not (given.losses or given.bursts or given.brownouts):
        given = replace(DEFAULT, unmeasured=given.unmeasured)
    _within("--unmeasured", given.unmeasured, MOST_CALM)
    found = [
        *(_calm(loss, given.unmeasured) for loss in given.losses),
        *(_rough("--burst", text, given.unmeasured) for text in given.bursts),
        *(_rough("--brownout", text, given.unmeasured) for text in given.brownouts),
    ]
    return list({world.name: world for world in found}.values())


def share(value: float) -> str:
    """Return a share as people read it."""
    return f"{100 * value:.4g} %"


def _calm(loss: float, unmeasured: float) -> World:
    _within("--loss", loss, MOST_CALM)
    return World(f"{share(loss)} lost", Stretch(loss, unmeasured))


def _rough(option: str, text: str, unmeasured: float) -> World:
    """Return a world with rough spells; what it says is in its name."""
    read = _read(option, text)
    every, lasting, loss = read["every"], read["lasting"], read["loss"]
    calm, controls = read.get("else", 0.0), read.get("controls", 0.0)
    _within(f"{option} loss", loss, 1.0)
    _within(f"{option} else", calm, MOST_CALM)
    _within(f"{option} controls", controls, 1.0)
    if loss <= calm:
        raise UsageFault(f"{option}: loss is more than else")
    if 2 * lasting > every or lasting > _LONGEST_SPELL:
        raise UsageFault(f"{option}: lasting is half of every at most, and a day at most")
    is_even = option == "--brownout"
    what = "brown-outs" if is_even else "bursts"
    more = (f", else {share(calm)}" if calm else "") + (f", controls too {share(controls)}" if controls else "")
    return World(
        f"{what} of {render(lasting)} every {render(every)}, {share(loss)} lost{more}",
        Stretch(calm, unmeasured),
        Stretch(loss, unmeasured, controls),
        every,
        lasting,
        is_even,
    )


def _read(option: str, text: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for part in text.split(","):
        key, _, value = part.partition("=")
        read = _KEYS.get(key)
        if read is None or key in found:
            raise UsageFault(f"{option}: expected each of every, lasting, loss, and of else, controls, once at most")
        try:
            found[key] = read(value)
        except ValueError:
            wanted = "a duration such as 20s" if read is parse else "a share such as 0.8"
            raise UsageFault(f"{option}: {key} is not {wanted}") from None
    missing = [key for key in _NEEDED if key not in found]
    if missing:
        raise UsageFault(f"{option}: {', '.join(missing)} is missing, as in every=6h,lasting=20s,loss=0.8")
    return found


def _within(what: str, value: float, most: float) -> None:
    if not 0.0 <= value <= most:  # also what is no number
        raise UsageFault(f"{what}: expected a share from 0 to {most:g}")
