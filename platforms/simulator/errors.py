"""What the simulated platform refuses, and why.

GlasswatchError
└── SimulatorError
    ├── FaultInvalid         what was asked for is no fault we know (422)
    ├── ListenerUnavailable  the address can't be listened on
    └── Refused              the platform says no; carries the HTTP status and a stable code
        ├── Invalid          the request makes no sense (422)
        ├── NotSignedIn      no session, or one that ended (401)
        ├── NotAllowed       this identity may not do that (403)
        ├── NotFound         there is no such thing (404)
        └── IllegalMove      the thing is not in a state from which this can happen (409)
"""

from glasswatch.errors import ExitCode, GlasswatchError


class SimulatorError(GlasswatchError):
    """Root of what the simulator raises."""


class FaultInvalid(SimulatorError):
    """The message says which member is wrong and what was expected, never what was sent."""

    exit_code = ExitCode.USAGE


class ListenerUnavailable(SimulatorError):
    """The address is taken or not ours."""

    exit_code = ExitCode.NOT_MEASURED


class Refused(SimulatorError):
    """The platform says no. `status` is how it says so over HTTP, `code` is stable for programs."""

    exit_code = ExitCode.FINDING
    status = 400
    code = "refused"


class Invalid(Refused):
    """The request makes no sense."""

    status = 422
    code = "invalid"


class NotSignedIn(Refused):
    """There is no live session."""

    status = 401
    code = "not_signed_in"


class NotAllowed(Refused):
    """The identity may not do that."""

    status = 403
    code = "not_allowed"


class NotFound(Refused):
    """There is no such thing."""

    status = 404
    code = "not_found"


class IllegalMove(Refused):
    """From this state the thing can't be moved so."""

    status = 409
    code = "illegal_move"
