from dataclasses import replace

import pytest

from monitor.model.lockout import Deployment, LockoutCode, Part, PlatformHosts
from monitor.rules.lockout import EPHEMERAL, findings, goes_with

SOUND = Deployment(
    configured_vantages=2,
    has_controls=True,
    has_heartbeat=True,
    is_loopback_only=False,
    platforms=(PlatformHosts("payments", frozenset({"portal.jit.example", "login.example"})),),
    procedures=(Part("platforms.payments.procedure.url", "wiki.example.org"),),
    channels=(Part("paging.channels.phone", "pager.example"), Part("paging.channels.chat", "chat.example.net")),
    copies=(Part("flag.publish[1].put", "copies.example.com"),),
    stores=(Part("store", "db.example.com"),),
    store_filesystem="",
    order_persons=2,
    order_threshold=2,
    raisers=frozenset({"anna"}),
    confirmers=frozenset({"anna", "ben"}),
    manual_persons=2,
)
ON_PLATFORM = "eu.portal.jit.example"

CASES = {
    LockoutCode.FLAG_ONLY_LOCAL: {"copies": ()},
    LockoutCode.SINGLE_VANTAGE: {"configured_vantages": 1},
    LockoutCode.NO_CONTROLS: {"has_controls": False},
    LockoutCode.NO_TRUST_FILE: {"order_persons": None},
    LockoutCode.NO_ORDER_KEYS: {"order_persons": 1},
    LockoutCode.NO_HEARTBEAT: {"has_heartbeat": False},
    LockoutCode.PROCEDURE_ON_PLATFORM: {"procedures": (Part("platforms.payments.procedure.url", "LOGIN.example."),)},
    LockoutCode.PAGER_ON_PLATFORM: {"channels": (Part("a", ON_PLATFORM), Part("b", "pager.example"))},
    LockoutCode.STORE_ON_PLATFORM: {"stores": (Part("store", "db.example.com"), Part("store", "jit.example"))},
    LockoutCode.COPIES_ON_PLATFORM: {"copies": (Part("flag.publish[1].put", ON_PLATFORM),)},
    LockoutCode.STORE_EPHEMERAL: {"stores": (), "store_filesystem": "tmpfs"},
    LockoutCode.NOBODY_CAN_RAISE: {"raisers": frozenset()},
    LockoutCode.RAISE_ONLY_FROM_HERE: {"is_loopback_only": True},
    LockoutCode.ONE_PERSON_RAISE: {"manual_persons": 1},
    LockoutCode.NO_SECOND_PERSON: {"confirmers": frozenset({"anna"})},
    LockoutCode.NO_CHANNEL: {"channels": ()},
    LockoutCode.SINGLE_CHANNEL: {"channels": (Part("a", "pager.example"), Part("b", "pager.example"))},
    LockoutCode.UNROUTED_KIND: {"unrouted_kinds": ("use",)},
}


def test_a_sound_deployment_has_no_finding() -> None:
    """Nothing is found where nothing is wrong."""
    assert findings(SOUND) == ()


def test_channels_whose_hosts_are_secret_are_two_ways() -> None:
    """What can't be told is not held against anybody."""
    assert findings(replace(SOUND, channels=(Part("a", ""), Part("b", "")))) == ()


def test_each_code_has_a_case() -> None:
    """No finding is left without the deployment that shows it."""
    assert set(CASES) == set(LockoutCode)


@pytest.mark.parametrize("code", LockoutCode)
def test_each_fault_is_found_alone(code: LockoutCode) -> None:
    """A deployment that lacks one thing gives that finding and no other, with what to do."""
    (found,) = findings(replace(SOUND, **CASES[code]))  # type: ignore[arg-type]  # each case names fields of its own
    assert found.code is code
    assert found.what
    assert found.remedy


def test_too_few_order_keys_are_told_with_the_whole_path() -> None:
    """There are several files of that name, and it may merely be the one that wasn't joined."""
    (found,) = findings(replace(SOUND, order_persons=0, trust_file="/etc/keys/trust.json"))
    assert found.where == "/etc/keys/trust.json"
    assert found.remedy.startswith("copy the joined trust file there, or make order keys")


def test_a_disk_that_cannot_be_told_is_a_finding() -> None:
    """Not to know is not to be well."""
    assert [found.code for found in findings(replace(SOUND, store_filesystem=None))] == [LockoutCode.STORE_EPHEMERAL]


@pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs", "zfs", ""])
def test_disks_that_stay_are_none(kind: str) -> None:
    """And a database has no disk of ours."""
    assert findings(replace(SOUND, store_filesystem=kind)) == ()
    assert kind not in EPHEMERAL


def test_each_confirmer_needs_to_be_another_person() -> None:
    """Two persons who may do both can confirm each other."""
    both = frozenset({"anna", "ben"})
    assert findings(replace(SOUND, raisers=both, confirmers=both)) == ()
    assert findings(replace(SOUND, raisers=both, confirmers=frozenset({"ben"}))) == ()  # anna raises, ben confirms


def test_all_that_is_wrong_is_told_at_once() -> None:
    """Nothing hides behind another finding."""
    worst = replace(
        SOUND, copies=(), configured_vantages=1, has_controls=False, order_persons=0, has_heartbeat=False, channels=()
    )
    assert len(findings(worst)) == 6


@pytest.mark.parametrize(
    ("host", "other", "together"),
    [
        ("a.example", "a.example", True),
        ("A.example.", "a.example", True),
        ("x.a.example", "a.example", True),
        ("a.example", "x.a.example", True),
        ("b.example", "a.example", False),
        ("ba.example", "a.example", False),
        ("10.0.0.1", "10.0.0.1", True),
        ("10.0.0.1", "0.0.1", True),
    ],
)
def test_hosts_that_go_down_together(host: str, other: str, together: bool) -> None:  # noqa: FBT001 - a column
    """The same host, or a name below it; a name that merely ends alike is another."""
    assert goes_with(host, other) is together


@pytest.mark.parametrize("confirmer", ["Anna", "anna@example.com", "anna+oncall"])
def test_one_person_under_two_names_is_no_second_person(confirmer: str) -> None:
    """Who confirms is told apart as the acts themselves tell persons apart."""
    alone = replace(SOUND, raisers=frozenset({"anna"}), confirmers=frozenset({"anna", confirmer}))
    assert [found.code for found in findings(alone)] == [LockoutCode.NO_SECOND_PERSON]
