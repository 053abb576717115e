"""Draws what was measured against its target: how much of the allowed time it took, or by how much it took more.

It says nothing that the table does not say in words beside it, but for the share.
"""

from typing import Final

from markupsafe import Markup

from drills.model.verdict import Measured

_FILLS: Final = {True: ("passed", "#17603a"), False: ("failed", "#9b1c17")}
_THINNEST: Final = 1.0


def meter(each: Measured) -> Markup:
    """Return the bar, empty where there is no figure, or no target."""
    if each.seconds is None or not each.target or each.is_met is None:
        return Markup("")
    whole = max(each.seconds, each.target)
    look, fill = _FILLS[each.is_met]
    return Markup(
        '<svg class="meter" role="img" width="100%" height="10"><title>{share:.0f} % of its target</title>'
        '<rect class="track" fill="#e4e1d8" x="0" y="1" width="{target:.2f}%" height="8"/>'
        '<rect class="bar {look}" fill="{fill}" x="0" y="3" width="{took:.2f}%" height="4"/>'
        '<rect class="end" fill="#1d2126" x="{end:.2f}%" y="0" width="1.5" height="10"/></svg>'
    ).format(
        share=100 * each.seconds / each.target,
        target=100 * each.target / whole,
        look=look,
        fill=fill,
        took=max(100 * each.seconds / whole, _THINNEST),
        end=min(100 * each.target / whole, 99.2),
    )
