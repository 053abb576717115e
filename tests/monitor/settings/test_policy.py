"""Settings become the plain values that rules work with, and a fingerprint tells when a probe is another one."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.model.verdict import Role
from monitor.settings.http import HttpProbeSettings
from monitor.settings.policy import policies_of
from tests.support.settings_files import settings_of

PROBE: dict[str, Any] = {
    "function": "sign_in",
    "url": "https://portal.example.com/health",
    "headers": {"Accept": "text/html", "Authorization": {"env": "TOKEN"}},
    "expect": {"status": ["200"], "json": {"status": "ok"}},
    "tls": {"ca_file": "/etc/ca.pem"},
}


def _fingerprint(**changes: object) -> str:
    return HttpProbeSettings(**{**PROBE, **changes}).fingerprint()


def test_a_policy_holds_what_the_settings_say(tmp_path: Path) -> None:
    """Every value a rule needs is taken over."""
    (policy,) = policies_of(settings_of(tmp_path), configured_vantages=3).values()
    probe = policy.probes["portal"]
    assert (policy.deployment, policy.platform, policy.configured_vantages) == ("prod", "payments", 3)
    assert (policy.lower_after, policy.ready_ttl) == (timedelta(minutes=15), timedelta(minutes=15))
    assert (policy.unknown_max, policy.unknown_pages_after) == (timedelta(hours=4), timedelta(minutes=2))
    assert (probe.name, probe.function, probe.critical, probe.role) == ("portal", "sign_in", True, Role.FIRST_HAND)
    assert (probe.interval, probe.timeout) == (timedelta(seconds=15), timedelta(seconds=5))
    assert (probe.confirm_attempts, probe.confirm_every, probe.recover) == (3, timedelta(seconds=5), 3)


@pytest.mark.parametrize(
    "change",
    [
        {"url": "https://portal.example.com/other"},
        {"method": "POST"},
        {"headers": {}},
        {"headers": {"Accept": "text/html", "Authorization": {"env": "OTHER"}}},
        {"body": "x"},
        {"expect": {"status": ["204"]}},
        {"expect": {"json": {"status": "OK"}}},
        {"tls": {}},
        {"tls": {"ca_file": "/etc/ca.pem", "min_version": "1.3"}},
        {"follow_redirects": "1"},
        {"max_body": "1"},
        {"timeout": "4s"},
    ],
    ids=str,
)
def test_the_fingerprint_changes_with_what_is_measured(change: dict[str, object]) -> None:
    """A setting that can turn good into bad makes it another probe."""
    assert _fingerprint(**change) != _fingerprint()


@pytest.mark.parametrize(
    "change",
    [
        {"function": "approve"},
        {"critical": "false"},
        {"interval": "1m"},
        {"confirm": {"attempts": "5"}},
        {"recover": "1"},
        {"warn": {"duration": "1s"}},
        {"type": "http"},
        {"headers": {"Authorization": {"env": "TOKEN"}, "Accept": "text/html"}},
    ],
    ids=str,
)
def test_the_fingerprint_stays_with_how_it_is_judged(change: dict[str, object]) -> None:
    """How often it runs and when it is believed leaves it the same probe."""
    assert _fingerprint(**change) == _fingerprint()


def test_every_setting_of_a_probe_is_decided_on() -> None:
    """A new setting is part of the fingerprint unless it is named here: forgetting it costs no false ready."""
    judging = {"function", "critical", "interval", "confirm", "recover", "warn"}
    assert judging == HttpProbeSettings._JUDGING
    assert judging < set(HttpProbeSettings.model_fields)


def test_a_default_that_is_written_out_changes_nothing() -> None:
    """A setting that a new version brings, at its default, leaves every probe proven as it was."""
    assert _fingerprint(timeout=timedelta(seconds=5), max_body=1048576) == _fingerprint()
    assert HttpProbeSettings(**PROBE).measured()["type"] == "http"
