from collections.abc import Callable
from datetime import timedelta
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from platforms.simulator.errors import IllegalMove, Invalid, NotAllowed, NotFound, NotSignedIn, Refused
from platforms.simulator.model import Approval, Entitlement, Identity, Request, RequestState, Rules
from platforms.simulator.world import REMEMBERED, World
from tests.support.clock import START, ManualClock

HOUR = timedelta(hours=1)
RULES = Rules(
    identities={
        name: Identity(name, f"{name}-secret", may_approve=name in {"alex", "bea"})
        for name in ("erin", "evan", "alex", "bea")
    },
    entitlements={
        "auto": Entitlement("auto", Approval.AUTOMATIC, 4 * HOUR),
        "human": Entitlement("human", Approval.HUMAN, 4 * HOUR),
    },
    session_length=timedelta(hours=100),
    provisioning=timedelta(seconds=1),
)


def _new_world(rules: Rules = RULES) -> World:
    numbers = count(1)
    return World(rules, lambda: f"token-{next(numbers)}")


class Scene:
    """A world with everybody signed in, and one request that can be brought into any state."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.world = _new_world()
        self.token = {name: self.world.sign_in(name, f"{name}-secret", START).token for name in RULES.identities}

    def request(self, state: RequestState) -> Request:
        """Return a request of erin's in that state."""
        made = self.world.ask(self.token["erin"], ("human", "INC-1", HOUR), self.clock.now())
        if state is RequestState.PENDING:
            return made
        if state is RequestState.WITHDRAWN:
            return self.world.withdraw(self.token["erin"], made.id, self.clock.now())
        is_yes = state is not RequestState.DENIED
        made = self.world.decide(self.token["alex"], made.id, self.clock.now(), is_yes=is_yes)
        if state in {RequestState.APPROVED, RequestState.DENIED}:
            return made
        self.clock.advance(1)
        made = self.world.request(self.token["erin"], made.id, self.clock.now())
        if state is RequestState.REVOKED:
            self.world.revoke(self.token["erin"], made.grant or "", self.clock.now())
        if state is RequestState.EXPIRED:
            self.clock.advance(HOUR)
        return self.world.request(self.token["erin"], made.id, self.clock.now())


Move = Callable[[Scene, Request], object]


def _decide(*, is_yes: bool) -> Move:
    return lambda scene, made: scene.world.decide(scene.token["alex"], made.id, scene.clock.now(), is_yes=is_yes)


def _use(scene: Scene, made: Request) -> object:
    return scene.world.use(scene.token["erin"], made.grant or "grant-0", scene.clock.now())


def _revoke(scene: Scene, made: Request) -> object:
    return scene.world.revoke(scene.token["alex"], made.grant or "grant-0", scene.clock.now())


MOVES: dict[str, tuple[Move, RequestState]] = {
    "approve": (_decide(is_yes=True), RequestState.PENDING),
    "deny": (_decide(is_yes=False), RequestState.PENDING),
    "use": (_use, RequestState.GRANTED),
    "revoke": (_revoke, RequestState.GRANTED),
}


def _snapshot(world: World) -> object:
    return dict(world.sessions), dict(world.requests), dict(world.grants), tuple(world.uses)


@pytest.mark.parametrize("state", RequestState)
@pytest.mark.parametrize("name", MOVES)
def test_a_move_is_made_from_its_one_state_and_refused_from_every_other(name: str, state: RequestState) -> None:
    """Each move is legal from exactly one state; elsewhere it is refused and nothing changes."""
    scene = Scene()
    made = scene.request(state)
    assert made.state is state
    move, legal = MOVES[name]
    before = _snapshot(scene.world)
    if state is legal:
        move(scene, made)
        assert _snapshot(scene.world) != before
        return
    with pytest.raises(IllegalMove if made.grant or name in {"approve", "deny"} else NotFound):
        move(scene, made)
    assert _snapshot(scene.world) == before


def test_a_grant_starts_after_provisioning_and_lets_nobody_in_at_its_end() -> None:
    """A grant is half-open: in at its start, out at its end."""
    scene = Scene()
    made = scene.request(RequestState.GRANTED)
    assert made.grant is not None
    grant = scene.world.grants[made.grant]
    assert grant.start_at == START + timedelta(seconds=1)
    scene.world.use(scene.token["erin"], grant.id, grant.end_at - timedelta(microseconds=1))
    with pytest.raises(IllegalMove):
        scene.world.use(scene.token["erin"], grant.id, grant.end_at)


def test_an_automatic_entitlement_is_approved_by_policy_at_once() -> None:
    """Nobody has to be awake for an automatic approval."""
    scene = Scene()
    made = scene.world.ask(scene.token["erin"], ("auto", "INC-1", HOUR), START)
    assert (made.state, made.decided_by) == (RequestState.APPROVED, "policy")


@pytest.mark.parametrize("who", ["erin", "evan"])
def test_only_an_approver_decides(who: str) -> None:
    """Neither who asked nor a bystander says yes to a request."""
    scene = Scene()
    made = scene.request(RequestState.PENDING)
    with pytest.raises((NotAllowed, NotFound)):
        scene.world.decide(scene.token[who], made.id, START, is_yes=True)
    assert scene.world.requests[made.id].state is RequestState.PENDING


@pytest.mark.parametrize(
    ("state", "after"),
    [
        (RequestState.PENDING, RequestState.WITHDRAWN),
        (RequestState.APPROVED, RequestState.WITHDRAWN),
        (RequestState.GRANTED, RequestState.REVOKED),
    ],
)
def test_who_asked_may_withdraw_until_it_ended(state: RequestState, after: RequestState) -> None:
    """Whatever came of the request ends; a second time, and by anybody else, it is refused."""
    scene = Scene()
    made = scene.request(state)
    with pytest.raises(NotAllowed):
        scene.world.withdraw(scene.token["alex"], made.id, scene.clock.now())
    assert scene.world.withdraw(scene.token["erin"], made.id, scene.clock.now()).state is after
    scene.clock.advance(5)
    scene.world.settle(scene.clock.now())
    assert not any(grant.is_live(scene.clock.now()) for grant in scene.world.grants.values())
    with pytest.raises(IllegalMove):
        scene.world.withdraw(scene.token["erin"], made.id, scene.clock.now())


def test_requests_are_found_by_their_reason_and_only_ones_own() -> None:
    """Who lost an answer finds what came of it; a bystander finds nothing."""
    scene = Scene()
    made = scene.request(RequestState.PENDING)
    assert scene.world.requests_with(scene.token["erin"], "INC-1", scene.clock.now()) == [made]
    assert scene.world.requests_with(scene.token["erin"], "INC", scene.clock.now()) == []
    assert scene.world.requests_with(scene.token["evan"], "INC-1", scene.clock.now()) == []


def test_an_approver_does_not_decide_on_their_own_request() -> None:
    """Two persons stand behind every human approval."""
    scene = Scene()
    made = scene.world.ask(scene.token["alex"], ("human", "INC-1", HOUR), START)
    with pytest.raises(NotAllowed):
        scene.world.decide(scene.token["alex"], made.id, START, is_yes=True)
    assert scene.world.decide(scene.token["bea"], made.id, START, is_yes=True).decided_by == "bea"


def test_a_grant_is_used_by_its_holder_alone() -> None:
    """A bystander is not told that the grant exists; an approver may see it but not use it."""
    scene = Scene()
    made = scene.request(RequestState.GRANTED)
    for who, refusal in (("evan", NotFound), ("alex", NotAllowed)):
        with pytest.raises(refusal):
            scene.world.use(scene.token[who], made.grant or "", scene.clock.now())
    assert not scene.world.uses


@pytest.mark.parametrize(
    ("wanted", "refusal"),
    [
        (("nothing", "INC-1", HOUR), NotFound),
        (("auto", "  ", HOUR), Invalid),
        (("auto", "x" * 501, HOUR), Invalid),
        (("auto", "INC-1", timedelta(0)), Invalid),
        (("auto", "INC-1", -HOUR), Invalid),
        (("auto", "INC-1", 4 * HOUR + timedelta(seconds=1)), Invalid),
    ],
)
def test_a_request_without_sense_is_refused(wanted: tuple[str, str, timedelta], refusal: type[Refused]) -> None:
    """What can't be granted is not taken."""
    scene = Scene()
    with pytest.raises(refusal):
        scene.world.ask(scene.token["erin"], wanted, START)
    assert not scene.world.requests


@pytest.mark.parametrize(("name", "secret"), [("nobody", "x"), ("erin", "wrong"), ("erin", "")])
def test_a_wrong_sign_in_is_refused_alike(name: str, secret: str) -> None:
    """A refusal doesn't tell an unknown name from a wrong secret."""
    with pytest.raises(NotSignedIn, match="no such name, or not its secret"):
        _new_world().sign_in(name, secret, START)


def test_a_session_ends_at_its_time() -> None:
    """A token is worth nothing at the end of its session."""
    world = _new_world(Rules(RULES.identities, RULES.entitlements, session_length=HOUR))
    token = world.sign_in("erin", "erin-secret", START).token
    assert world.whose(token, START + HOUR - timedelta(microseconds=1)).name == "erin"
    with pytest.raises(NotSignedIn):
        world.whose(token, START + HOUR)
    world.settle(START + HOUR)
    assert not world.sessions


def test_ended_requests_are_forgotten_oldest_first() -> None:
    """A demo that runs for days holds no more than it must; what still matters is kept."""
    scene = Scene()
    kept = scene.request(RequestState.PENDING)
    ended = scene.request(RequestState.REVOKED)
    for number in range(REMEMBERED - 1):
        scene.world.requests[f"filler-{number}"] = kept
    scene.world.settle(scene.clock.now())
    assert ended.id not in scene.world.requests
    assert ended.grant not in scene.world.grants
    assert kept.id in scene.world.requests


LEGAL: dict[RequestState, set[RequestState]] = {
    RequestState.PENDING: {RequestState.APPROVED, RequestState.DENIED},
    RequestState.APPROVED: {RequestState.GRANTED},
    RequestState.GRANTED: {RequestState.EXPIRED, RequestState.REVOKED},
    RequestState.DENIED: set(),
    RequestState.EXPIRED: set(),
    RequestState.REVOKED: set(),
}


def _reachable(state: RequestState) -> set[RequestState]:
    return {state}.union(*(_reachable(following) for following in LEGAL[state]))


ANYBODY = st.sampled_from(sorted(RULES.identities))


class WorldMachine(RuleBasedStateMachine):
    """Any order of moves by anybody, with time passing between them, against what was written down apart."""

    @initialize()
    def begin(self) -> None:
        """Everybody is signed in; nothing was asked."""
        self.scene = Scene()
        self.seen: dict[str, RequestState] = {}
        self.revoked: set[str] = set()

    @property
    def world(self) -> World:
        """The world of this run."""
        return self.scene.world

    @rule(who=ANYBODY, what=st.sampled_from(["auto", "human"]), hours=st.integers(1, 3))
    def ask(self, who: str, what: str, hours: int) -> None:
        """Somebody asks for something."""
        self.world.ask(self.scene.token[who], (what, "why", hours * HOUR), self.scene.clock.now())

    @rule(seconds=st.sampled_from([0.5, 1.0, 600.0, 3600.0, 7200.0]))
    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.world.settle(self.scene.clock.advance(seconds))

    @precondition(lambda self: self.world.requests)
    @rule(data=st.data(), who=ANYBODY, is_yes=st.booleans())
    def decide(self, data: st.DataObject, who: str, is_yes: bool) -> None:  # noqa: FBT001 - hypothesis gives it by name
        """Somebody decides, who may or may not."""
        made = self.world.requests[data.draw(st.sampled_from(sorted(self.world.requests)))]
        may = made.state is RequestState.PENDING and who in {"alex", "bea"} and who != made.by
        self._expect(may, lambda now: self.world.decide(self.scene.token[who], made.id, now, is_yes=is_yes))

    @precondition(lambda self: self.world.grants)
    @rule(data=st.data(), who=ANYBODY)
    def use(self, data: st.DataObject, who: str) -> None:
        """Somebody uses a grant, theirs or not."""
        grant = self.world.grants[data.draw(st.sampled_from(sorted(self.world.grants)))]
        now = self.scene.clock.now()
        may = grant.id not in self.revoked and grant.start_at <= now < grant.end_at and who == grant.to
        self._expect(may, lambda now: self.world.use(self.scene.token[who], grant.id, now))

    @precondition(lambda self: self.world.grants)
    @rule(data=st.data(), who=ANYBODY)
    def revoke(self, data: st.DataObject, who: str) -> None:
        """Somebody revokes a grant, theirs or not."""
        grant = self.world.grants[data.draw(st.sampled_from(sorted(self.world.grants)))]
        now = self.scene.clock.now()
        is_theirs = who == grant.to or who in {"alex", "bea"}
        may = grant.id not in self.revoked and grant.start_at <= now < grant.end_at and is_theirs
        self._expect(may, lambda now: self.world.revoke(self.scene.token[who], grant.id, now))
        if may:
            self.revoked.add(grant.id)

    def _expect(self, may: bool, move: Callable[..., object]) -> None:  # noqa: FBT001 - a table's column
        now = self.scene.clock.now()
        before = _snapshot(self.world)
        if may:
            move(now)
            return
        with pytest.raises(Refused):
            move(now)
        assert _snapshot(self.world) == before

    @invariant()
    def states_only_go_forward(self) -> None:
        """No request is ever seen going back."""
        for made in self.world.requests.values():
            was = self.seen.get(made.id, RequestState.PENDING)
            assert made.state in _reachable(was)
            self.seen[made.id] = made.state

    @invariant()
    def every_grant_has_one_request_and_an_end(self) -> None:
        """No grant stands alone, or for ever."""
        for grant in self.world.grants.values():
            assert self.world.requests[grant.request].grant == grant.id
            assert grant.start_at < grant.end_at


WorldMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestWorldMachine = WorldMachine.TestCase


@given(token=st.text(max_size=40))
def test_a_made_up_token_opens_nothing(token: str) -> None:
    """No text but an issued token is a session."""
    scene = Scene()
    made = scene.request(RequestState.GRANTED)
    if token in scene.token.values():
        return
    for move in (
        lambda now: scene.world.ask(token, ("auto", "why", HOUR), now),
        lambda now: scene.world.request(token, made.id, now),
        lambda now: scene.world.use(token, made.grant or "", now),
        lambda now: scene.world.revoke(token, made.grant or "", now),
    ):
        with pytest.raises(NotSignedIn):
            move(scene.clock.now())
