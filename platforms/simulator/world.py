"""The simulated platform's world: who is signed in, what was asked for, what was granted and used.

The rules:
1. A session is needed for everything but signing in, and ends at its time.
2. Only `pending` is approved or denied, by somebody who may approve and did not ask; or at once by the policy of an
   entitlement whose approval is automatic.
3. `approved` becomes `granted` once provisioning has taken its time; the grant starts then and has an end, always.
4. `granted` becomes `expired` at its end, or `revoked` before it, by its holder or an approver.
5. A use needs a live grant and its holder. Nobody else is told that the grant exists.
6. Who asked may withdraw: before the grant the request ends, after it the grant is revoked.
7. Every other move is refused and changes nothing.

In memory only; no clock, no network, no randomness: `now` is an argument, tokens come from outside. Requests that
ended are forgotten, oldest first, beyond `REMEMBERED`, so that a demo can run for days.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from platforms.simulator.errors import IllegalMove, Invalid, NotAllowed, NotFound, NotSignedIn
from platforms.simulator.model import (
    Approval,
    Grant,
    Identity,
    Recorded,
    Request,
    RequestState,
    Rules,
    Session,
    Use,
)

REMEMBERED = 5000  # of each of: requests, uses, recorded calls

_ENDED = frozenset({RequestState.DENIED, RequestState.EXPIRED, RequestState.REVOKED, RequestState.WITHDRAWN})
_LONGEST_REASON = 500


class World:
    """Everything the platform holds. Methods either make one legal move or raise `Refused` and change nothing."""

    def __init__(self, rules: Rules, new_token: Callable[[], str]) -> None:
        self.rules = rules
        self.sessions: dict[str, Session] = {}
        self.requests: dict[str, Request] = {}
        self.grants: dict[str, Grant] = {}
        self.uses: deque[Use] = deque(maxlen=REMEMBERED)
        self.recorded: deque[Recorded] = deque(maxlen=REMEMBERED)
        self._new_token = new_token
        self._numbers = {"req": 0, "grant": 0, "use": 0}

    def sign_in(self, name: str, secret: str, now: datetime) -> Session:
        """Open a session. Raises `NotSignedIn` alike for an unknown name and a wrong secret."""
        self.settle(now)
        identity = self.rules.identities.get(name)
        if identity is None or identity.secret != secret:
            raise NotSignedIn("no such name, or not its secret")
        session = Session(self._new_token(), name, now, now + self.rules.session_length)
        self.sessions[session.token] = session
        return session

    def whose(self, token: str, now: datetime) -> Identity:
        """Return who shows this token. Raises `NotSignedIn` where no live session has it."""
        session = self.sessions.get(token)
        if session is None or now >= session.ends_at:
            raise NotSignedIn("sign in first: there is no live session with this token")
        return self.rules.identities[session.identity]

    def ask(self, token: str, wanted: tuple[str, str, timedelta], now: datetime) -> Request:
        """Ask for `(entitlement, reason, length)`.

        Raises:
            NotSignedIn: no live session.
            NotFound: there is no such entitlement.
            Invalid: no reason, or a length that is not within the entitlement's.
        """
        self.settle(now)
        who = self.whose(token, now)
        name, reason, length = wanted
        entitlement = self.rules.entitlements.get(name)
        if entitlement is None:
            raise NotFound("there is no such entitlement")
        if not reason.strip() or len(reason) > _LONGEST_REASON:
            raise Invalid(f"reason: expected 1 to {_LONGEST_REASON} characters")
        if not timedelta(0) < length <= entitlement.longest:
            raise Invalid(f"seconds: expected more than 0 and at most {entitlement.longest.total_seconds():.0f}")
        request = Request(self._next("req"), who.name, name, reason, length, now)
        if entitlement.approval is Approval.AUTOMATIC:
            request = replace(request, state=RequestState.APPROVED, decided_by="policy", decided_at=now)
        self.requests[request.id] = request
        self.settle(now)
        return self.requests[request.id]

    def request(self, token: str, request_id: str, now: datetime) -> Request:
        """Return a request to who made it or may approve. Raises `NotSignedIn`, `NotFound`."""
        self.settle(now)
        who = self.whose(token, now)
        request = self.requests.get(request_id)
        if request is None or not (who.may_approve or request.by == who.name):
            raise NotFound("there is no such request")
        return request

    def requests_with(self, token: str, reason: str, now: datetime) -> list[Request]:
        """Return the requests with this reason that whoever asks made, oldest first. Raises `NotSignedIn`."""
        self.settle(now)
        who = self.whose(token, now)
        return [each for each in self.requests.values() if each.by == who.name and each.reason == reason]

    def withdraw(self, token: str, request_id: str, now: datetime) -> Request:
        """Take back one's own request. Raises `NotSignedIn`, `NotFound`, `NotAllowed`, `IllegalMove` (it ended)."""
        request = self.request(token, request_id, now)
        if request.by != self.whose(token, now).name:
            raise NotAllowed("only who asked may withdraw a request")
        if request.state in _ENDED:
            raise IllegalMove(f"the request is {request.state}: there is nothing to withdraw")
        if request.grant is not None:
            self.revoke(token, request.grant, now)
        else:
            self._move(request.id, RequestState.WITHDRAWN)
        return self.requests[request.id]

    def decide(self, token: str, request_id: str, now: datetime, *, is_yes: bool) -> Request:
        """Approve or deny a pending request. Raises `NotSignedIn`, `NotFound`, `NotAllowed`, `IllegalMove`."""
        request = self.request(token, request_id, now)
        who = self.whose(token, now)
        if not who.may_approve or who.name == request.by:
            raise NotAllowed("only an approver who did not ask may decide")
        if request.state is not RequestState.PENDING:
            raise IllegalMove(f"the request is {request.state}: only a pending one can be decided")
        state = RequestState.APPROVED if is_yes else RequestState.DENIED
        self.requests[request.id] = replace(request, state=state, decided_by=who.name, decided_at=now)
        self.settle(now)
        return self.requests[request.id]

    def grant(self, token: str, grant_id: str, now: datetime) -> Grant:
        """Return a grant to its holder or an approver. Raises `NotSignedIn`, `NotFound`."""
        self.settle(now)
        who = self.whose(token, now)
        grant = self.grants.get(grant_id)
        if grant is None or not (who.may_approve or grant.to == who.name):
            raise NotFound("there is no such grant")
        return grant

    def use(self, token: str, grant_id: str, now: datetime) -> Use:
        """Use a live grant. Raises `NotSignedIn`, `NotFound`, `NotAllowed` (not the holder), `IllegalMove` (ended)."""
        grant = self.grant(token, grant_id, now)
        who = self.whose(token, now)
        if grant.to != who.name:
            raise NotAllowed("only its holder may use a grant")
        if not grant.is_live(now):
            raise IllegalMove(f"the grant is not live: its request is {self.requests[grant.request].state}")
        use = Use(self._next("use"), grant.id, who.name, now)
        self.uses.append(use)
        return use

    def revoke(self, token: str, grant_id: str, now: datetime) -> Grant:
        """End a live grant early. Raises `NotSignedIn`, `NotFound`, `IllegalMove` (already ended)."""
        grant = self.grant(token, grant_id, now)
        who = self.whose(token, now)
        if not grant.is_live(now):
            raise IllegalMove(f"only a live grant can be revoked: its request is {self.requests[grant.request].state}")
        ended = replace(grant, revoked_at=now, revoked_by=who.name)
        self.grants[grant.id] = ended
        self._move(grant.request, RequestState.REVOKED)
        return ended

    def settle(self, now: datetime) -> None:
        """Let time do what time alone does: provision, expire, end sessions, forget."""
        for request in tuple(self.requests.values()):
            self._provision(request, now)
        for grant in self.grants.values():
            if self.requests[grant.request].state is RequestState.GRANTED and now >= grant.end_at:
                self._move(grant.request, RequestState.EXPIRED)
        for token in [token for token, session in self.sessions.items() if now >= session.ends_at]:
            del self.sessions[token]
        self._forget()

    def _provision(self, request: Request, now: datetime) -> None:
        if request.state is not RequestState.APPROVED or request.decided_at is None:
            return
        start = request.decided_at + self.rules.provisioning
        if now < start:
            return
        grant = Grant(self._next("grant"), request.id, request.by, request.entitlement, start, start + request.length)
        self.grants[grant.id] = grant
        self.requests[request.id] = replace(request, state=RequestState.GRANTED, grant=grant.id)

    def _move(self, request_id: str, state: RequestState) -> None:
        self.requests[request_id] = replace(self.requests[request_id], state=state)

    def _forget(self) -> None:
        spare = len(self.requests) - REMEMBERED
        if spare <= 0:
            return
        ended = [request for request in self.requests.values() if request.state in _ENDED]
        for request in ended[:spare]:
            del self.requests[request.id]
            if request.grant is not None:
                del self.grants[request.grant]

    def _next(self, kind: str) -> str:
        self._numbers[kind] += 1
        return f"{kind}-{self._numbers[kind]}"
