"""The credentials that settings name: each once, by its first place; and what a stated end changes."""

import re
from datetime import UTC, datetime
from pathlib import Path

from glasswatch.secrets import SecretReference
from monitor.rules.reloading import change
from monitor.settings.effective import effective
from monitor.settings.named import Named, named
from monitor.settings.outline import outline_of
from monitor.settings.root import MonitorSettings
from tests.support.settings_files import GOOD, settings_of

END = datetime(2027, 3, 2, tzinfo=UTC)
MORE = """\
        auth: {bearer: {file: token}}
        headers: {X-Env: {env: TOKEN}, "X.a": {command: [/bin/x]}, "X!a": {env: A}, "X!b": {env: B}}
        tls: {certificate: ours.pem, key: ours.key}
      again:
        type: http
        function: sign_in
        url: https://portal.example.com/more
        interval: 15s
        auth: {bearer: {file: token, expires: 2027-03-01}}
        tls: {certificate: ours.pem, key: {file: ours.key, expires: 2027-03-01}}
"""


def _settings(directory: Path, more: str = MORE) -> MonitorSettings:
    return settings_of(directory, GOOD.replace("15s\n", f"15s\n{more}", 1))


def test_each_credential_has_one_name(tmp_path: Path) -> None:
    """The first place that names it, whatever end is stated where; two strange keys are told apart all the same."""
    probe = "platforms.payments.probes.portal."
    assert named(_settings(tmp_path)) == (
        Named(f"{probe}headers.X-Env", token=SecretReference(env="TOKEN")),
        Named(f'{probe}headers."X.a"'),
        Named(f'{probe}headers."…"', token=SecretReference(env="A")),
        Named(f'{probe}headers."…" (2)', token=SecretReference(env="B")),
        Named(f"{probe}auth.bearer", token=SecretReference(file=tmp_path / "token"), stated=END),
        Named(f"{probe}tls.certificate", certificate=tmp_path / "ours.pem"),
        Named(f"{probe}tls.key", stated=END),
        Named("flag.key"),
    )


def test_the_earliest_of_several_stated_ends_counts(tmp_path: Path) -> None:
    """Nobody waits for the later one."""
    settings = _settings(tmp_path, MORE.replace("{file: token}", "{file: token, expires: 2027-04-01}"))
    assert {each.stated for each in named(settings)} == {END, None}


def test_another_stated_end_touches_no_probe(tmp_path: Path) -> None:
    """It is taken over at once, and nobody who uses the secret begins anew."""
    procedures = {"payments": "text"}
    before = outline_of(_settings(tmp_path), procedures)
    after = outline_of(_settings(tmp_path, MORE.replace("2027-03-01", "2027-09-01")), procedures)
    found = change(before, after)
    assert found.free == ("expires (of secrets)",)
    assert not found.restart
    assert found.platforms.is_nothing
    assert all(each.is_nothing for each in (*found.probes.values(), *found.parts.values()))
    assert change(before, before).is_nothing


def test_another_stated_end_leaves_every_probe_proven(tmp_path: Path) -> None:
    """What a probe measures stays the same, so that an outage is believed of it at once: wherever the secret stands."""

    def fingerprints(text: str) -> list[str]:
        return [each.fingerprint() for each in _settings(tmp_path, text).platforms["payments"].probes.values()]

    none = re.sub(r", expires: [0-9-]+", "", MORE)
    assert none != MORE
    assert fingerprints(none) == fingerprints(MORE) == fingerprints(MORE.replace("2027-03-01", "2027-09-01"))
    assert fingerprints(MORE) != fingerprints(MORE.replace("file: token", "file: other"))


def test_a_stated_end_is_shown(tmp_path: Path) -> None:
    """Beside the reference."""
    shown = effective(_settings(tmp_path).platforms["payments"].probes["again"])
    expected = {"file": str(tmp_path / "token"), "expires": "2027-03-02T00:00:00+00:00"}
    assert shown["auth"] == {"bearer": expected}
