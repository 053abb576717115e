"""What of a deployment is seen: settings, the trust file beside the key, the disk under the store."""

from pathlib import Path

import pytest

from glasswatch.clock import SystemClock
from glasswatch.flag import keys, trust_change
from glasswatch.flag.trust import KeyRole, TrustKey
from glasswatch.settings.load import load
from monitor.lockout import filesystem, look
from monitor.model.lockout import Deployment, Part
from monitor.settings.root import MonitorSettings
from tests.support.settings_files import write

SETTINGS = """
deployment: prod
store: {store}
listen: 127.0.0.1:0
platforms:
  payments:
    identity_provider: https://login.example.net/
    procedure: {{url: https://wiki.example.org/x, file: procedure.md}}
    probes:
      portal: {{type: http, function: sign_in, url: https://portal.example.com/health}}
      vendor: {{type: status_page, function: sign_in, url: https://status.example.net/api/v2/summary.json}}
      sync: {{type: heartbeat, function: request, every: 5m}}
controls: [https://www.example.org/, https://www.example.net/]
flag:
  key: {{file: flag.key}}
  manual_persons: 2
  publish: [{{file: a.jws}}, {{put: https://copies.example.com/flag}}, {{command: [/bin/true]}}]
paging:
  channels:
    phone: {{type: webhook, url: https://pager.example/}}
  routes: [{{kinds: [outage], to: [phone]}}]
tokens:
  - {{name: anna, person: anna, sha256: {a}, scopes: [flag:raise], expires: 2999-01-01}}
  - {{name: ben, person: ben, sha256: {b}, scopes: [flag:confirm], expires: 2999-01-01}}
  - {{name: old, person: old, sha256: {c}, scopes: [flag:raise], expires: 2001-01-01}}
"""
MOUNTS = """\
21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 21 0:26 / /run rw,nosuid - tmpfs tmpfs rw
31 21 0:40 / /srv/a\\040b rw - xfs /dev/sdb1 rw
32 30 0:41 / /run rw - ramfs ramfs rw
bad line
"""


@pytest.fixture
def mounts(tmp_path: Path) -> Path:
    """A table of file systems."""
    place = tmp_path / "mountinfo"
    place.write_text(MOUNTS)
    return place


def _look(tmp_path: Path, mounts: Path, store: str = "sqlite:////var/lib/glasswatch.db", more: str = "") -> Deployment:
    (tmp_path / "procedure.md").write_text("Break it.\n")
    digests = {name: name * 64 for name in "abc"}
    path = write(tmp_path, SETTINGS.format(store=store, **digests) + more)
    return look(load(path, MonitorSettings), SystemClock(), mounts)


def test_everything_is_seen_where_it_stands(tmp_path: Path, mounts: Path) -> None:
    """Hosts, copies, channels, tokens that still hold, and what no route names."""
    seen = _look(tmp_path, mounts)
    assert [(each.platform, each.hosts) for each in seen.platforms] == [
        ("payments", frozenset({"portal.example.com", "login.example.net"}))
    ]
    assert seen.procedures == (Part("platforms.payments.procedure.url", "wiki.example.org"),)
    assert seen.channels == (Part("paging.channels.phone", "pager.example"),)
    assert seen.copies == (Part("flag.publish[1]", "copies.example.com"), Part("flag.publish[2]", ""))
    assert (seen.raisers, seen.confirmers, seen.manual_persons) == (frozenset({"anna"}), frozenset({"ben"}), 2)
    assert (seen.has_controls, seen.is_loopback_only, seen.configured_vantages) == (True, True, 1)
    assert seen.unrouted_kinds == ("store", "drill_residue")
    assert not seen.has_heartbeat
    assert (seen.stores, seen.store_filesystem) == ((), "ext4")


def test_every_type_of_channel_is_seen_where_it_speaks_to(tmp_path: Path, mounts: Path) -> None:
    """PagerDuty's own host, each instance of an Alertmanager; where Apprise goes is a secret, and not looked at."""
    channels = """
    phone: {{type: apprise, url: {{file: /nowhere}}}}
    chat: {{type: apprise, url: {{env: NOBODY_SET_IT}}}}
    pager: {{type: pagerduty, region: eu, routing_key: {{file: /nowhere}}}}
    alerts: {{type: alertmanager, urls: ['https://a.example:9093', 'https://b.example', 'https://b.example/team']}}"""
    settings = SETTINGS.replace("\n    phone: {{type: webhook, url: https://pager.example/}}", channels)
    (tmp_path / "procedure.md").write_text("Break it.\n")
    path = write(tmp_path, settings.format(store="sqlite:////var/lib/x.db", a="a" * 64, b="b" * 64, c="c" * 64))
    seen = look(load(path, MonitorSettings), SystemClock(), mounts)
    assert [(part.where.rpartition(".")[2], part.host) for part in seen.channels] == [
        ("phone", ""),
        ("chat", ""),
        ("pager", "events.eu.pagerduty.com"),
        ("alerts", "a.example"),
        ("alerts", "b.example"),
    ]


def test_a_dead_mans_switch_is_seen(tmp_path: Path, mounts: Path) -> None:
    """One is enough."""
    assert _look(tmp_path, mounts, more="dead_man: {elsewhere: {url: https://watch.example.org/}}\n").has_heartbeat


def test_a_database_is_a_host_and_no_disk(tmp_path: Path, mounts: Path) -> None:
    """PostgreSQL's disk is its own affair."""
    store = "postgresql+psycopg://glasswatch@db.example.com/glasswatch\nvantage: fra-1"
    seen = _look(tmp_path, mounts, store)
    assert (seen.stores, seen.store_filesystem) == ((Part("store", "db.example.com"),), "")


@pytest.mark.parametrize(
    ("address", "hosts"),
    [
        ("postgresql+psycopg:///gw?host=db.example.com", ["db.example.com"]),
        ("postgresql+psycopg://me@/gw?host=a.example:5432&host=b.example", ["a.example", "b.example"]),
        (
            "postgresql+psycopg:///gw?host=a.example,b.example&hostaddr=192.0.2.7",
            ["a.example", "b.example", "192.0.2.7"],
        ),
        ("postgresql+psycopg:///gw?host=2001:db8::7", ["2001:db8::7"]),
        ("postgresql+psycopg://[2001:db8::7]:5432/gw", ["2001:db8::7"]),
        ("postgresql+psycopg:///gw?host=/run/postgresql", []),
        ("postgresql+psycopg:///gw", []),
    ],
)
def test_a_database_is_found_wherever_its_address_names_it(
    tmp_path: Path, mounts: Path, address: str, hosts: list[str]
) -> None:
    """PostgreSQL takes its hosts as parameters too; a socket is this machine."""
    seen = _look(tmp_path, mounts, f"{address}\nvantage: fra-1")
    assert [part.host for part in seen.stores] == hosts


@pytest.mark.parametrize("host", ["127.0.0.1:8099", "127.9.9.9", "[::1]", "localhost", "LOCALHOST.:8099"])
def test_a_copy_that_stays_on_this_machine_is_none(tmp_path: Path, mounts: Path, host: str) -> None:
    """Sent by PUT or not: with the machine it is gone."""
    settings = SETTINGS.replace("https://copies.example.com/flag", f"'https://{host}/flag'")
    (tmp_path / "procedure.md").write_text("Break it.\n")
    path = write(tmp_path, settings.format(store="sqlite:////var/lib/x.db", a="a" * 64, b="b" * 64, c="c" * 64))
    assert look(load(path, MonitorSettings), SystemClock(), mounts).copies == (Part("flag.publish[2]", ""),)


def test_order_keys_are_counted_by_person(tmp_path: Path, mounts: Path) -> None:
    """Two keys of one person are one; a trust file that isn't there, or can't be relied on, is not known."""
    assert _look(tmp_path, mounts).order_persons is None
    for person in ("anna", "anna", "ben"):
        key = keys.generate()
        row = TrustKey(key.kid, key.public, KeyRole.ORDER, "prod", person)
        trust_change.add_key(tmp_path / "trust.json", row, SystemClock())
    cara = keys.generate()
    row = TrustKey(cara.kid, cara.public, KeyRole.ORDER, "staging", "cara")
    trust_change.add_key(tmp_path / "trust.json", row, SystemClock())
    seen = _look(tmp_path, mounts)
    assert seen.trust_file == str(tmp_path / "trust.json")
    assert (seen.order_persons, seen.order_threshold) == (2, 2), "another deployment's keys order nothing here"
    (tmp_path / "trust.json").write_text("{")
    assert _look(tmp_path, mounts).order_persons is None


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/var/lib/x.db", "ext4"), ("/run/x.db", "ramfs"), ("/srv/a b/x.db", "xfs"), ("/srv/ab/x.db", "ext4")],
)
def test_the_file_system_is_that_of_the_nearest_mount(mounts: Path, path: str, kind: str) -> None:
    """The one mounted last lies on top; a name that merely begins alike is another."""
    assert filesystem(Path(path), mounts) == kind


def test_what_cannot_be_told_is_not_guessed(tmp_path: Path) -> None:
    """No table, and an empty one."""
    assert filesystem(Path("/var"), tmp_path / "gone") is None
    (tmp_path / "empty").write_text("")
    assert filesystem(Path("/var"), tmp_path / "empty") is None


def test_this_machines_own_table_can_be_read(tmp_path: Path) -> None:
    """What Linux really writes."""
    assert filesystem(tmp_path)
