"""What to do about each refusal: the second half of the one line that a person reads."""

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
    Refusal.LIFETIME: _MONITOR,
    Refusal.VER_AHEAD: _CLOCK,
    Refusal.STATE: _COPY,
    Refusal.TOO_FEW_AGREEING: "fetch the flag of another vantage, or decide by hand",
    Refusal.VER_BELOW_FLOOR: "fetch a newer copy of the flag",
    Refusal.EQUIVOCATION: _MONITOR,
    Refusal.CLOCK_BEHIND: "set the clock of this machine right",
    Refusal.EXPIRED: "fetch a newer copy of the flag",
    Refusal.EXERCISE: "do not use break-glass for anything but the exercise",
    Refusal.UNREADABLE: _COPY,
    Refusal.TRUST: _TRUST,
}
