"""What to do about each refusal, of a flag, of an order, and of a key that is to sign one.

It is the second half of the one line that a person reads.
"""

from glasswatch.flag.errors import Refusal

_COPY = "fetch another copy of the flag"
_TRUST = "check with its owner that the trust file is up to date"
_ASKED = "check what was asked for, and which flag was fetched"
_MONITOR = "tell the owner of the monitor, whose settings or software are at fault or attacked"
_CLOCK = "check the clocks of this machine and of the monitor"

ADVICE = {
    Refusal.TOO_LARGE: _COPY,
    Refusal.PARTS: _COPY,
    Refusal.ENCODING: _COPY,
    Refusal.HEADER: _COPY,
    Refusal.DUPLICATE_KEY: _MONITOR,
    Refusal.ALGORITHM: _COPY,
    Refusal.TYPE: _ASKED,
    Refusal.KEY_UNKNOWN: _TRUST,
    Refusal.KEY_REVOKED: f"{_COPY}, signed with a key that holds",
    Refusal.KEY_DATES: _TRUST,
    Refusal.KEY_ROLE: _TRUST,
    Refusal.KEY_DEMO: "pin the deployment's own trust file, not a demo's, and sign with its own key",
    Refusal.SIGNATURE: _COPY,
    Refusal.PAYLOAD: _MONITOR,
    Refusal.FORMAT: "bring reader and monitor to the same release",
    Refusal.CLAIMS: _MONITOR,
    Refusal.ISSUER: _TRUST,
    Refusal.PLATFORM: _ASKED,
    Refusal.AUDIENCE: _ASKED,
    Refusal.ISSUED_LATER: _CLOCK,
    Refusal.VER_AHEAD: _CLOCK,
    Refusal.LIFETIME: _MONITOR,
    Refusal.STATE: _COPY,
    Refusal.VER_BELOW_FLOOR: "fetch a newer copy of the flag",
    Refusal.EQUIVOCATION: _MONITOR,
    Refusal.CLOCK_BEHIND: "set the clock of this machine right",
    Refusal.EXPIRED: "fetch a newer copy of the flag",
    Refusal.TOO_FEW_AGREEING: "fetch the flag of another vantage, or decide by hand",
    Refusal.EXERCISE: "do not use break-glass for anything but the exercise",
    Refusal.PRINCIPAL: "ask whoever runs the exercise, and which principal is to be used",
    Refusal.EMERGENCY: "end the exercise, and let the emergency's reader judge the flag",
    Refusal.UNREADABLE: _COPY,
    Refusal.TRUST: _TRUST,
}

_ORDER_COPY = "fetch another copy of the order, or have it signed anew"
_ORDER_ASKED = "check what was asked for, and which order was fetched"
_ORDER_ANEW = "have it signed anew"
_ORDER_CLOCK = "check the clocks of this machine and of those it was signed on"

ORDER_ADVICE = {
    Refusal.TOO_LARGE: _ORDER_COPY,
    Refusal.PARTS: _ORDER_COPY,
    Refusal.ENCODING: _ORDER_COPY,
    Refusal.HEADER: _ORDER_COPY,
    Refusal.DUPLICATE_KEY: _ORDER_ANEW,
    Refusal.ALGORITHM: _ORDER_COPY,
    Refusal.TYPE: _ORDER_ASKED,
    Refusal.KEY_UNKNOWN: _TRUST,
    Refusal.KEY_REVOKED: "have it signed anew, with a key that holds",
    Refusal.KEY_DATES: _TRUST,
    Refusal.KEY_ROLE: "have it signed with a key of the role order",
    Refusal.KEY_DEMO: "pin the deployment's own trust file, and sign with its own keys",
    Refusal.KEY_PERSON: _TRUST,
    Refusal.SIGNATURE: _ORDER_COPY,
    Refusal.PAYLOAD: _ORDER_ANEW,
    Refusal.CLAIMS: _ORDER_ANEW,
    Refusal.ISSUER: _ORDER_ASKED,
    Refusal.PLATFORM: _ORDER_ASKED,
    Refusal.AUDIENCE: _ORDER_ASKED,
    Refusal.ISSUED_LATER: _ORDER_CLOCK,
    Refusal.LIFETIME: _ORDER_ANEW,
    Refusal.VER_AHEAD: _ORDER_CLOCK,
    Refusal.TOO_FEW_PERSONS: "have another person add a signature with `monitor flag order sign --add`",
    Refusal.VER_BELOW_FLOOR: "a later order replaced or ended it: fetch that one, or have a new one signed",
    Refusal.EQUIVOCATION: _ORDER_ANEW,
    Refusal.CLOCK_BEHIND: "set the clock of this machine right",
    Refusal.EXPIRED: "if it is still needed, have a new one signed",
    Refusal.NO_ORDER: _ORDER_COPY,
    Refusal.UNREADABLE: _ORDER_COPY,
    Refusal.TRUST: _TRUST,
}

_ORDER_KEY = "sign with a key of `monitor flag keygen --role order --person NAME`"

SIGNING_ADVICE = {
    Refusal.KEY_UNKNOWN: "add it with `monitor flag trust add`, and hand the trust file to every reader",
    Refusal.KEY_REVOKED: f"it is never believed again: {_ORDER_KEY}",
    Refusal.KEY_DATES: f"wait, or {_ORDER_KEY}",
    Refusal.KEY_ROLE: _ORDER_KEY,
    Refusal.KEY_DEMO: _ORDER_KEY,
    Refusal.KEY_PERSON: _ORDER_KEY,
    Refusal.ISSUER: "sign with a key of that deployment",
}
