"""The parts of a break-glass drill, by the ids that steps name in `evidences`. In our own words."""

from collections.abc import Mapping
from typing import Final

PARTS: Final[Mapping[str, str]] = {
    "D0": "The drill was authorised, and those who watch over security knew of it",
    "D1": "The platform was out of reach, really or by exercise",
    "D2": "The outage was detected",
    "D3": "Somebody was paged: the page arrived at the pager",
    "D4": "The glass was opened: a signed flag or order, by those who may",
    "D5": "Access was had on the targets, by break-glass",
    "D6": "The access stands in the audit at its source",
    "D7": "It reached those who watch over security, and they were alerted",
    "D8": "The access was taken back, and is refused again",
    "D9": "The credential was changed, and the old one is refused",
    "D10": "The platform grants access again as it does every day",
    "D11": "People reviewed what happened, and what is to be done",
    "D12": "The evidence was sealed, and this report made from it",
}
