"""Good settings load, and have the defaults of design 3.2 to 3.4."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from glasswatch.names import SECTIONS
from glasswatch.settings.load import load
from monitor.model.page import PageKind
from monitor.settings.http import HttpProbeSettings
from monitor.settings.listen import ListenAddress
from monitor.settings.root import MonitorSettings
from tests.support.settings_files import GOOD, settings_of, write
from tests.support.settings_reference import reachable

EXAMPLE = Path(__file__).parents[3] / "examples" / "glasswatch.yaml"


@pytest.fixture
def example(tmp_path: Path) -> MonitorSettings:
    """The example, read from a place of its own, whatever the mode of the checked-out file."""
    return load(write(tmp_path, EXAMPLE.read_bytes()), MonitorSettings)


def test_the_example_loads(example: MonitorSettings) -> None:
    """What we show to users is valid, and reaches the places it names."""
    assert list(example.platforms["payments"].probes) == [
        "portal",
        "api",
        "console",
        "mail",
        "certificate",
        "name",
        "gateway",
        "access",
        "vendor",
        "rotation_sync",
    ]
    assert example.platforms["payments"].procedure.file.name == "procedure.md"
    assert (EXAMPLE.parent / "procedure.md").exists()


def test_the_example_shows_every_section_and_every_setting() -> None:
    """No setting that exists is missing from the example: written, or shown in a comment."""
    written = set(re.findall(r"([a-z0-9_]+):", EXAMPLE.read_text()))
    assert set(SECTIONS) <= written
    assert {key for model in reachable() for key in model.written_fields()} - written == set()


def test_the_smallest_file_has_the_defaults(tmp_path: Path) -> None:
    """What is left out has the value that the design gives it."""
    settings = settings_of(tmp_path)
    probe = settings.platforms["payments"].probes["portal"]
    assert isinstance(probe, HttpProbeSettings)
    assert settings.vantage == "main"
    assert settings.store.url == f"sqlite:///{tmp_path}/glasswatch.db"
    assert settings.listen.address == ListenAddress("127.0.0.1", 9780)
    assert settings.controls == ()
    assert settings.static_page.file == tmp_path / "status.html"
    assert settings.flag.publish[0].place_for("payments") == f"{tmp_path}/payments.flag.jws"
    assert (settings.flag.ttl, settings.flag.ready_ttl) == (timedelta(minutes=5), timedelta(minutes=15))
    assert (settings.flag.lower_after, settings.flag.unknown_max) == (timedelta(minutes=15), timedelta(hours=4))
    assert settings.paging.routes == ()
    assert (probe.confirm.attempts, probe.confirm.every, probe.recover) == (3, timedelta(seconds=5), 3)
    assert (probe.critical, probe.timeout, probe.expect.status) == (True, timedelta(seconds=5), (200,))


def test_paths_are_relative_to_the_file_and_not_to_where_we_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The working directory makes no difference."""
    folder = tmp_path / "etc"
    folder.mkdir(mode=0o700)
    write(folder)
    monkeypatch.chdir(tmp_path)
    settings = load(Path("etc/glasswatch.yaml"), MonitorSettings)
    assert settings.flag.key.file == folder / "flag.key"
    assert settings.store.url == f"sqlite:///{folder}/glasswatch.db"


@pytest.mark.parametrize(
    ("written", "url", "is_shared"),
    [
        ("sqlite:////var/lib/x.db", "sqlite:////var/lib/x.db", False),
        ("postgresql+psycopg://u@db:5432/x?sslmode=require", "postgresql+psycopg://u@db:5432/x?sslmode=require", True),
        ("postgresql+psycopg:///x?host=/run/postgresql", "postgresql+psycopg:///x?host=/run/postgresql", True),
        ("{url: 'postgresql+psycopg://u@db/x', password: {env: DB}}", "postgresql+psycopg://u@db/x", True),
    ],
)
def test_a_store_is_an_address_or_a_mapping(tmp_path: Path, written: str, url: str, *, is_shared: bool) -> None:
    """Both forms are read alike; a password is a reference beside the address."""
    settings = settings_of(tmp_path, f"{GOOD}vantage: fra-1\nstore: {written}\n")
    assert settings.store.url == url
    assert settings.store.is_shared is is_shared
    assert (settings.store.password is not None) == ("password" in written)


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("127.0.0.1:0", ListenAddress("127.0.0.1", 0)),
        ("localhost:80", ListenAddress("localhost", 80)),
        ("'[::1]:65535'", ListenAddress("::1", 65535)),
        ("127.9.9.9:1", ListenAddress("127.9.9.9", 1)),
    ],
)
def test_listens_on_loopback(tmp_path: Path, written: str, address: ListenAddress) -> None:
    """All of loopback may be used, and port 0."""
    listen = settings_of(tmp_path, f"{GOOD}listen: {written}\n").listen.address
    assert listen == address
    assert str(listen) == written.strip("'")


@pytest.mark.parametrize(
    ("written", "is_local"),
    [
        ("127.0.0.1:9780", True),
        ("{address: 127.0.0.1:9780, hosts: [monitor.example.com]}", True),
        ("{address: 127.0.0.1:9780, tls: {certificate: c.pem, key: k.pem}}", True),
        ("{address: 127.0.0.1:9780, proxy: [127.0.0.1]}", False),
        ("{address: 10.0.0.7:9780, tls: {certificate: c.pem, key: k.pem}}", False),
        ("{address: 10.0.0.7:9780, proxy: [10.0.0.0/24, 'fd00::/64']}", False),
        ("{address: '[::]:9780', tls: {certificate: c.pem, key: {env: KEY}}, hosts: [a.example.com]}", False),
    ],
)
def test_listens_beyond_loopback_over_tls_or_behind_a_proxy(tmp_path: Path, written: str, *, is_local: bool) -> None:
    """Behind a proxy nothing is this machine's alone."""
    assert settings_of(tmp_path, f"{GOOD}listen: {written}\n").listen.is_local is is_local


def test_a_tls_key_is_a_path_or_a_reference(tmp_path: Path) -> None:
    """Relative to the settings, as the certificate is; hosts are compared without case and final dot."""
    tls = "tls: {certificate: tls/c.pem, key: tls/k.pem}, hosts: [Monitor.Example.COM., 10.0.0.8]"
    listen = settings_of(tmp_path, f"{GOOD}listen: {{address: 10.0.0.7:9780, {tls}}}\n").listen
    assert listen.tls is not None
    assert (listen.tls.certificate, listen.tls.key.file) == (tmp_path / "tls/c.pem", tmp_path / "tls/k.pem")
    assert listen.hosts == ("monitor.example.com", "10.0.0.8")


@pytest.mark.parametrize(
    ("written", "ends_at"),
    [
        ("2027-01-31", datetime(2027, 2, 1, tzinfo=UTC)),
        ("2028-02-29", datetime(2028, 3, 1, tzinfo=UTC)),
        ("2027-01-31T12:00:00Z", datetime(2027, 1, 31, 12, tzinfo=UTC)),
        ("2027-01-31t12:00:00.5+02:00", datetime(2027, 1, 31, 10, 0, 0, 500_000, tzinfo=UTC)),
    ],
)
def test_a_token_ends_with_its_day_or_at_an_instant(tmp_path: Path, written: str, ends_at: datetime) -> None:
    """In UTC; and it becomes what the rules compare."""
    row = f"name: anna-cli, person: Anna@example.com, sha256: {'AB' * 32}, platforms: [payments]"
    scopes = 'scopes: [flag:raise, "heartbeat:backup"]'
    text = f"{GOOD}tokens: [{{{row.lower()}, {scopes}, expires: '{written}'}}]\n"
    token = settings_of(tmp_path, text).tokens[0].token()
    assert token.expires_at == ends_at
    assert token.sha256 == b"\xab" * 32
    assert token.caller.name == "anna@example.com"
    assert token.caller.scopes == {"flag:raise", "heartbeat:backup"}
    assert token.caller.platforms == frozenset({"payments"})


def test_controls_are_addresses_or_mappings(tmp_path: Path) -> None:
    """A control may be written as its address alone."""
    controls = "[https://www.example.org/, {url: https://www.example.net/, tls: {ca_file: ca.pem}, timeout: 2s}]"
    first, second = settings_of(tmp_path, GOOD.replace("none", controls)).controls
    assert (first.url, first.timeout) == ("https://www.example.org/", timedelta(seconds=5))
    assert (second.tls.ca_file, second.timeout) == (tmp_path / "ca.pem", timedelta(seconds=2))


def test_given_routes_are_the_routes(tmp_path: Path) -> None:
    """Routes that are given are followed as they are."""
    channels = "a: {type: webhook, url: https://a.example.com/}"
    paging = settings_of(
        tmp_path, f"{GOOD}paging: {{channels: {{{channels}}}, routes: [{{kinds: [flag], to: [a]}}]}}\n"
    )
    (route,) = paging.paging.routes
    assert (route.kinds, route.to) == ((PageKind.FLAG,), ("a",))


def test_json_values_keep_their_types(tmp_path: Path) -> None:
    """What is compared with JSON is text only if it is quoted, or looks like nothing else."""
    expect = "{json: {a: 1, b: '1', c: true, d: null, e: ok, 'f[0].g': 1.5}}"
    text = GOOD.replace("interval: 15s", f"interval: 15s\n        expect: {expect}")
    probe = settings_of(tmp_path, text).platforms["payments"].probes["portal"]
    assert isinstance(probe, HttpProbeSettings)
    assert dict(probe.expect.json_values) == {"a": 1, "b": "1", "c": True, "d": None, "e": "ok", "f[0].g": 1.5}


def test_anchors_may_share_settings(tmp_path: Path) -> None:
    """An alias is read where it is used."""
    other = "other: {type: http, function: x, url: 'http://x/', confirm: *c}"
    text = GOOD.replace("interval: 15s", f"confirm: &c {{attempts: 2}}\n      {other}")
    probes = settings_of(tmp_path, text).platforms["payments"].probes
    assert probes["other"].confirm == probes["portal"].confirm
