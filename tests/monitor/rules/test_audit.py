"""What the audit says of people's acts: who did it, with what, and who had asked."""

from monitor.model.act import Confirm, EndInhibit, Inhibit, Lower, Raise, Renew
from monitor.model.fact import Fact, InhibitionLost
from monitor.rules import audit
from tests.support.clock import START
from tests.support.rulings import HOUR, MINUTE, Platform, down, up


def lines(platform: Platform, facts: tuple[Fact, ...] | None = None) -> list[tuple[str, str]]:
    """Return kind and actor of what the latest step has audited, without its pages."""
    entries = audit.entries("payments", facts or platform.step.facts, None, platform.now)
    return [(entry.kind, entry.actor) for entry in entries if entry.kind != "page"]


def body(platform: Platform, kind: str) -> dict[str, object]:
    """Return what the latest step's one entry of a kind says."""
    (found,) = [
        entry for entry in audit.entries("payments", platform.step.facts, None, platform.now) if entry.kind == kind
    ]
    return dict(found.body)


def test_a_raise_is_the_persons_not_the_monitors() -> None:
    """With reason, ticket, token and end; and so is the cause."""
    platform = up()
    cause = platform.act(Raise("vendor is slow", HOUR, "INC-1")).subject
    assert lines(platform) == [("flag_raise", "anna"), ("cause_added", "anna"), ("flag", "monitor")]
    assert body(platform, "flag_raise") == {
        "platform": "payments",
        "id": cause,
        "token": "anna-cli",
        "reason": "vendor is slow",
        "ticket": "INC-1",
        "until": "2026-03-01T04:00:01+00:00",
    }


def test_who_confirms_acts_and_who_asked_stands_beside() -> None:
    """Both with their tokens."""
    platform = down()
    request = str(platform.act(Inhibit("false alarm", HOUR)).subject)
    assert lines(platform) == [("flag_inhibit_asked", "anna")]
    platform.act(Confirm(request), "ben")
    assert lines(platform)[0] == ("flag_inhibit", "ben")
    assert body(platform, "flag_inhibit") == {
        "platform": "payments",
        "id": request,
        "token": "ben-cli",
        "reason": "false alarm",
        "ticket": None,
        "until": "2026-03-01T04:00:16+00:00",
        "asked_by": "anna",
        "asked_token": "anna-cli",
        "confirmed_by": "ben",
    }
    platform.act(EndInhibit(), "cleo")
    assert lines(platform)[:2] == [("flag_inhibit_end", "cleo"), ("flag_inhibition_ended", "monitor")]


def test_renewing_and_lowering_carry_their_persons() -> None:
    """Not that of who raised it."""
    platform = up()
    cause = str(platform.act(Raise("needed", HOUR)).subject)
    platform.act(Renew(cause, "still", 2 * HOUR), "ben")
    assert lines(platform)[:2] == [("flag_renew", "ben"), ("cause_added", "ben")]
    platform.act(Lower("over"), "cleo")
    assert lines(platform)[0] == ("flag_lower", "cleo")
    assert body(platform, "cause_ended")["why"] == "lowered by cleo"


def test_what_nobody_knows_by_whom_it_was_held_closed_is_the_monitors() -> None:
    """That it is lost stands in the audit: nobody's act does."""
    (entry,) = audit.entries("payments", [InhibitionLost("killed unrecorded")], None, START)
    assert (entry.kind, entry.actor) == ("flag_inhibition_lost", "monitor")
    assert entry.body == {"platform": "payments", "why": "killed unrecorded"}


def test_what_dies_by_time_is_the_monitors() -> None:
    """With who had asked for it."""
    platform = up()
    request = str(platform.act(Inhibit("false alarm", HOUR)).subject)
    platform.tick(15 * MINUTE)
    assert ("flag_request_died", "monitor") in lines(platform)
    said = body(platform, "flag_request_died")
    assert (said["id"], said["asked_by"]) == (request, "anna")
