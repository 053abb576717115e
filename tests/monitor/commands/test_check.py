"""`monitor check`: every mistake at once, each with its place; nothing is started, no secret is read."""

import json
import re
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import jwt
import pytest

from glasswatch.cli import run
from glasswatch.errors import ExitCode
from monitor import lookedfor
from monitor.cli import command
from monitor.model.page import PageKind
from tests.support.settings_files import GOOD, write
from tests.support.tls import Authority

CHANNEL = "paging: {channels: {ops: {type: webhook, url: https://pager.example.com/}}}\n"


def _check(*arguments: str) -> int:
    return run(command, "monitor", ["check", *arguments])


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A good settings file, with its procedure, and a key that is looked for only: it holds nothing."""
    (tmp_path / "procedure.md").write_text("Break it.\n")
    (tmp_path / "flag.key").touch()
    return write(tmp_path, f"{GOOD}{CHANNEL}")


def test_a_good_file_says_what_it_holds(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line on stdout, exit 0; no key is read, no store or network is needed."""
    assert _check("--config", str(config)) == ExitCode.GOOD
    said = capsys.readouterr()
    assert said.out == f"{config}: good (platforms: 1, probes: 1)\n"
    assert said.err == ""
    assert sorted(path.name for path in config.parent.iterdir()) == ["flag.key", "glasswatch.yaml", "procedure.md"]


def test_every_mistake_is_told_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line each, in the file's order, with file, line and column; never what was written there."""
    (tmp_path / "procedure.md").write_text("Break it.\n")
    (tmp_path / "flag.key").touch()
    path = write(tmp_path, GOOD.replace("15s", "hunter2").replace("deployment: prod", "deployment: Sw0rdfish!"))
    assert _check("--config", str(path)) == ExitCode.INVALID
    said = capsys.readouterr()
    lines = said.err.splitlines()
    assert [line.split("  ")[:2] for line in lines] == [
        [f"{path}:1:13", "deployment"],
        [f"{path}:10:19", "platforms.payments.probes.portal.interval"],
    ]
    assert "hunter2" not in said.err
    assert "Sw0rdfish" not in said.err
    assert said.out == ""


def test_nobody_to_tell_is_pointed_out(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Settings without a channel are good, but hardly meant."""
    write(config.parent, GOOD)
    assert _check("--config", str(config)) == ExitCode.GOOD
    assert capsys.readouterr().err == f"{config}: no page channel (paging.channels): nobody will be told of anything\n"


SECRETS = """\
        auth: {{bearer: {{file: there}}}}
        headers: {{X-Key: {{file: {gone}}}, X-Env: {{env: NOBODY_SET_THIS}}}}
        tls: {{certificate: ours.pem, key: no-key}}
      second:
        type: http
        function: sign_in
        url: https://portal.example.com/more
        interval: 15s
        headers: {{X-Key: {{command: [/bin/false]}}}}
"""


def test_secrets_whose_files_are_not_there_are_pointed_out(
    config: Path, capsys: pytest.CaptureFixture[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Where they stand, and why each can't be had; none is read, no program is run, and the file is no mistake."""
    home = config.parent
    (home / "there").write_text("secret")
    (home / "there").chmod(0o600)
    shutil.copy(Authority(tmp_path_factory.mktemp("tls")).ca_file, home / "ours.pem")
    more = GOOD.replace("        interval: 15s\n", "        interval: 15s\n" + SECRETS.format(gone="gone"))
    write(home, more + CHANNEL)
    assert _check("--config", str(config)) == ExitCode.GOOD
    gone, no_key = (f"secret from file {home}/{name}: No such file or directory" for name in ("gone", "no-key"))
    assert capsys.readouterr().err.splitlines() == [
        f"{config}:12:33  platforms.payments.probes.portal.headers.X-Key.file  {gone}",
        f"{config}:13:43  platforms.payments.probes.portal.tls.key  {no_key}",
    ]


def test_credentials_that_end_are_pointed_out(
    config: Path, capsys: pytest.CaptureFixture[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Certificates, and what the settings say; no token is read."""
    home, made = config.parent, Authority(tmp_path_factory.mktemp("tls")).issue(ends=timedelta(hours=3))
    shutil.copy(made.cert_file, home / "ours.pem")
    write(home, jwt.encode({"exp": 1}, "k" * 32, algorithm="HS256"), "token")
    write(home, made.key_file.read_text(), "ours.key")
    more = "        tls: {certificate: ours.pem, key: ours.key}\n"
    more += "        auth: {bearer: {file: token}}\n        headers: {X-Key: {env: KEY, expires: 2025-01-31}}\n"
    write(home, GOOD.replace("15s\n", f"15s\n{more}") + CHANNEL)
    assert _check("--config", str(config)) == ExitCode.GOOD
    probe = f"{config}: platforms.payments.probes.portal."
    assert sorted(capsys.readouterr().err.splitlines()) == [
        f"{probe}headers.X-Key: it ended at the end of 2025-01-31, the settings say: renew it",
        f"{probe}tls.certificate: it ends at {made.ends_at:%Y-%m-%d %H:%M:%S} UTC, the certificate says: renew it",
    ]


@pytest.mark.parametrize(
    ("mode", "why"), [(0o604, "everybody can read it; run: chmod o-rwx "), (None, "it is not a regular file")]
)
def test_a_secret_that_will_be_refused_is_pointed_out(
    config: Path, capsys: pytest.CaptureFixture[str], mode: int | None, why: str
) -> None:
    """By what can be seen of its file from outside."""
    place = config.parent / "token"
    if mode is None:
        place.mkdir(mode=0o700)
    else:
        place.write_text("secret")
        place.chmod(mode)
    write(config.parent, GOOD.replace("15s\n", "15s\n        auth: {bearer: {file: token}}\n") + CHANNEL)
    assert _check("--json", "--config", str(config)) == ExitCode.GOOD
    (warning,) = json.loads(capsys.readouterr().out)["warnings"]
    assert warning.startswith(f"{config}:11:31  platforms.payments.probes.portal.auth.bearer.file  ")
    assert why in warning


def test_what_no_monitor_starts_without_is_a_mistake(
    config: Path, capsys: pytest.CaptureFixture[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The key that we listen with, and the store's password, as the flag's key."""
    shutil.copy(Authority(tmp_path_factory.mktemp("tls")).ca_file, config.parent / "ours.pem")
    listen = "listen: {address: 127.0.0.1:9780, tls: {certificate: ours.pem, key: gone}}\n"
    store = "store: {url: postgresql+psycopg://db/x, password: {file: gone}}\nvantage: here\n"
    write(config.parent, GOOD + CHANNEL + listen + store)
    assert _check("--config", str(config)) == ExitCode.INVALID
    paths = [line.split("  ")[1] for line in capsys.readouterr().err.splitlines()]
    assert paths == ["listen.tls.key", "store.password.file"]


def test_a_token_that_beats_for_nobody_is_pointed_out(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its scope names no heartbeat."""
    row = f"{{name: cron, machine: cron, sha256: {'a' * 64}, scopes: ['heartbeat:zzz'], expires: 2999-01-31}}"
    write(config.parent, f"{GOOD}{CHANNEL}tokens: [{row}]\n")
    assert _check("--config", str(config)) == ExitCode.GOOD
    said = "the token cron has the scope heartbeat:zzz, and no probe is a heartbeat of that name"
    assert capsys.readouterr().err == f"{config}: {said}\n"


def test_an_expired_token_is_pointed_out(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is no mistake, since time alone made it so, but somebody counts on it; one that is valid is not named."""
    rows = [
        f"{{name: {name}, person: anna, sha256: {digest * 64}, scopes: [read], expires: {expires}}}"
        for name, digest, expires in (("anna-old", "a", "2026-01-31"), ("anna-cli", "b", "2999-01-31"))
    ]
    write(config.parent, f"{GOOD}{CHANNEL}tokens: [{', '.join(rows)}]\n")
    assert _check("--config", str(config)) == ExitCode.GOOD
    said = "the token anna-old expired at 2026-02-01T00:00:00Z: it opens nothing"
    assert capsys.readouterr().err == f"{config}: {said}\n"
    assert _check("--json", "--config", str(config)) == ExitCode.GOOD
    assert json.loads(capsys.readouterr().out)["warnings"] == [f"{config}: {said}"]


def test_a_heartbeat_that_nobody_may_send_is_pointed_out(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It would be silent for ever."""
    beat = "    probes:\n      sync: {type: heartbeat, function: request, every: 5m}\n"
    row = f"{{name: sync, machine: sync, sha256: {'a' * 64}, scopes: [SCOPE], expires: 2999-01-31}}"
    text = f"{GOOD}{CHANNEL}tokens: [{row}]\n".replace("    probes:\n", beat)
    write(config.parent, text.replace("SCOPE", "heartbeat:other"))
    assert _check("--config", str(config)) == ExitCode.GOOD
    said = "platforms.payments.probes.sync: no token has the scope heartbeat:sync: it stays silent"
    assert capsys.readouterr().err.splitlines()[0] == f"{config}: {said}"
    write(config.parent, text.replace("SCOPE", "heartbeat:sync"))
    assert _check("--config", str(config)) == ExitCode.GOOD
    assert capsys.readouterr().err == ""


def test_receipts_without_a_key_are_pointed_out(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where somebody may tell of drills; and a key that isn't there is told, as any secret's file is."""
    row = f"{{name: drills, machine: drills, sha256: {'a' * 64}, scopes: [drill], expires: 2999-01-31}}"
    write(config.parent, f"{GOOD}{CHANNEL}tokens: [{row}]\n")
    assert _check("--config", str(config)) == ExitCode.GOOD
    said = "drills: no evidence_key: receipts are empty, and nobody can prove that a drill was told of here"
    assert capsys.readouterr().err == f"{config}: {said}\n"
    write(config.parent, f"{GOOD}{CHANNEL}tokens: [{row}]\ndrills: {{evidence_key: {{file: evidence.key}}}}\n")
    assert _check("--config", str(config)) == ExitCode.GOOD
    assert "drills.evidence_key.file  secret from file" in capsys.readouterr().err


def test_kinds_of_page_that_no_route_takes_are_pointed_out(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each by its name: nobody would be told."""
    kinds = [kind.value for kind in PageKind if kind not in {PageKind.CLOCK, PageKind.DRILL_DUE, PageKind.TEST}]
    write(config.parent, f"{GOOD}{CHANNEL[:-2]}, routes: [{{kinds: [{', '.join(kinds)}], to: [ops]}}]}}\n")
    assert _check("--config", str(config)) == ExitCode.GOOD
    said = "paging.routes: no route takes {}: nobody will be told of it"
    assert capsys.readouterr().err.splitlines() == [f"{config}: {said.format(kind)}" for kind in ("clock", "drill_due")]


def test_nobody_who_can_read_is_pointed_out(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Beyond loopback reading needs a token that may; on loopback it needs none."""
    row = f"{{name: anna, person: anna, sha256: {'a' * 64}, scopes: [SCOPE], expires: 2999-01-31}}"
    text = f"{GOOD}{CHANNEL}listen: {{address: 10.0.0.7:9780, proxy: [10.0.0.1]}}\ntokens: [{row}]\n"
    write(config.parent, text.replace("SCOPE", "flag:raise"))
    assert _check("--config", str(config)) == ExitCode.GOOD
    said = "listen: nobody can read what the monitor holds: no token has the scope read"
    assert capsys.readouterr().err == f"{config}: {said}\n"
    write(config.parent, text.replace("SCOPE", "read"))
    assert _check("--config", str(config)) == ExitCode.GOOD
    assert capsys.readouterr().err == ""


def test_a_missing_procedure_is_a_mistake(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The file that people need at 3 a.m. is looked for now."""
    (config.parent / "procedure.md").unlink()
    assert _check("--config", str(config)) == ExitCode.INVALID
    said = "platforms.payments.procedure.file  can't be read: No such file or directory"
    assert capsys.readouterr().err == f"{config}:4:66  {said}\n"


def test_a_missing_extra_is_a_mistake(
    config: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What has to be installed is said, where it is needed and not there; nothing is imported."""
    write(config.parent, f"{GOOD}paging: {{channels: {{phone: {{type: apprise, url: {{env: APPRISE_URL}}}}}}}}\n")
    assert _check("--config", str(config)) == ExitCode.GOOD
    capsys.readouterr()
    monkeypatch.setattr(lookedfor, "find_spec", lambda _: None)
    assert _check("--config", str(config)) == ExitCode.INVALID
    said = capsys.readouterr().err
    assert said.startswith(f"{config}:14:35  paging.channels.phone.type  needs the extra apprise")
    assert "pipx inject glasswatch apprise" in said
    write(config.parent, GOOD)
    assert _check("--config", str(config)) == ExitCode.GOOD


def test_a_procedure_is_looked_for_whatever_else_is_wrong(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody mends all else first to learn of it in a second round; nor of what a probe of no known type gets wrong."""
    (config.parent / "procedure.md").write_text("\n")
    text = GOOD.replace("http\n", "htttp\n").replace("15s", "soon").replace("sign_in", "Sign In")
    write(config.parent, f"{text}flags: {{}}\n{CHANNEL.replace('webhook', 'pigeon, timeout: soon')}")
    assert _check("--config", str(config)) == ExitCode.INVALID
    assert [line.split("  ")[:2] for line in capsys.readouterr().err.splitlines()] == [
        [f"{config}:4:66", "platforms.payments.procedure.file"],
        [f"{config}:7:15", "platforms.payments.probes.portal.type"],
        [f"{config}:8:19", "platforms.payments.probes.portal.function"],
        [f"{config}:10:19", "platforms.payments.probes.portal.interval"],
        [f"{config}:14:1", "flags"],
        [f"{config}:15:33", "paging.channels.ops.type"],
        [f"{config}:15:50", "paging.channels.ops.timeout"],
    ]


def test_a_missing_key_is_a_mistake(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without it the monitor does not start."""
    key = config.parent / "flag.key"
    key.unlink()
    assert _check("--config", str(config)) == ExitCode.INVALID
    said = f"flag.key.file  {key} can't be read: No such file or directory"
    assert capsys.readouterr().err == f"{config}:13:15  {said}\n"


def test_a_key_elsewhere_is_not_looked_for(config: Path) -> None:
    """Neither the environment nor a command is asked by a check."""
    for written in ("{env: NOT_SET_HERE}", "{command: [/nowhere/program]}"):
        write(config.parent, GOOD.replace("{file: flag.key}", written) + CHANNEL)
        assert _check("--config", str(config)) == ExitCode.GOOD


@pytest.mark.parametrize("written", ["~/procedure.md", "[a]", "{file: x}", "''"])
def test_what_is_no_path_is_told_once(config: Path, capsys: pytest.CaptureFixture[str], written: str) -> None:
    """A procedure's file that isn't a path is a mistake of the settings, and is not looked for."""
    write(config.parent, GOOD.replace("file: procedure.md", f"file: {written}") + CHANNEL)
    assert _check("--config", str(config)) == ExitCode.INVALID
    (line,) = capsys.readouterr().err.splitlines()
    assert "platforms.payments.procedure.file  expected a path" in line


def test_a_missing_certificate_is_a_mistake(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is looked for now, and so is its key, which nobody reads."""
    (config.parent / "k.pem").touch()
    write(
        config.parent, f"{GOOD}{CHANNEL}listen: {{address: 127.0.0.1:9780, tls: {{certificate: c.pem, key: k.pem}}}}\n"
    )
    assert _check("--config", str(config)) == ExitCode.INVALID
    place, (line,) = f"{config.parent}/c.pem", capsys.readouterr().err.splitlines()
    assert re.fullmatch(re.escape(str(config)) + r":\d+:\d+  listen\.tls\.certificate  .*", line)
    assert line.endswith(f"  {place} can't be read: No such file or directory")
    Path(place).touch()
    assert _check("--config", str(config)) == ExitCode.INVALID
    assert capsys.readouterr().err.endswith(f"  {place} holds no certificate in PEM form\n")
    shutil.copy(Authority(config.parent).issue().cert_file, place)
    assert _check("--config", str(config)) == ExitCode.GOOD


_PORTAL = "url: https://portal.example.com/health"


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        (_PORTAL, f"{_PORTAL}\n        tls: {{ca_file: FILE}}", r"platforms\.payments\.probes\.portal\.tls\.ca_file"),
        (
            _PORTAL,
            f"{_PORTAL}\n        tls: {{certificate: FILE, key: k.pem}}",
            r"platforms\.payments\.probes\.portal\.tls\.certificate",
        ),
        ("example.com/}", "example.com/, tls: {ca_file: FILE}}", r"paging\.channels\.ops\.tls\.ca_file"),
    ],
    ids=["ca_file", "certificate", "channel"],
)
@pytest.mark.parametrize(
    ("file", "why"), [("none.pem", "can't be read: .*"), ("procedure.md", "holds no certificate in PEM form")]
)
def test_files_of_certificates_are_looked_at(  # noqa: PLR0913, PLR0917 - two tables
    config: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, place: str, file: str, why: str
) -> None:
    """Wherever TLS is set up: what can't be read, or holds no certificate, is told with its place."""
    text = f"{GOOD}{CHANNEL}"
    assert text.count(old) == 1
    write(config.parent, text.replace(old, new.replace("FILE", file)))
    assert _check("--config", str(config)) == ExitCode.INVALID
    (line,) = capsys.readouterr().err.splitlines()
    assert re.fullmatch(rf"{re.escape(str(config))}:\d+:\d+  {place}  \S+/{re.escape(file)} {why}", line)
    shutil.copy(Authority(config.parent).ca_file, config.parent / "good.pem")
    write(config.parent, text.replace(old, new.replace("FILE", "good.pem")))
    assert _check("--config", str(config)) == ExitCode.GOOD


def test_a_missing_certificate_is_told_with_everything_else(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Not only in a second round."""
    listen = "listen: {address: 127.0.0.1:9780, tls: {certificate: c.pem, key: k.pem}}\n"
    write(config.parent, f"{GOOD.replace('15s', 'hunter2')}{CHANNEL}{listen}")
    assert _check("--config", str(config)) == ExitCode.INVALID
    said = capsys.readouterr().err
    assert "probes.portal.interval" in said
    assert "listen.tls.certificate" in said


def test_json_says_the_same(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """For programs: the file and its mistakes, an empty list where there are none."""
    assert _check("--json", "--config", str(config)) == ExitCode.GOOD
    assert json.loads(capsys.readouterr().out) == {"file": str(config), "mistakes": [], "warnings": []}
    wrong = write(tmp_path, GOOD.replace("15s", "soon"), "wrong.yaml")
    assert _check("--json", "--config", str(wrong)) == ExitCode.INVALID
    said = capsys.readouterr()
    (mistake,) = json.loads(said.out)["mistakes"]
    assert mistake == {
        "file": str(wrong),
        "line": 10,
        "column": 19,
        "path": "platforms.payments.probes.portal.interval",
        "expected": mistake["expected"],
    }
    assert said.err == ""


def test_the_schema_needs_no_settings(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """It is printed for editors, whatever stands in the current file."""
    assert _check("--json-schema", "--config", str(tmp_path / "none.yaml")) == ExitCode.GOOD
    schema = json.loads(capsys.readouterr().out)
    assert schema["$schema"].startswith("https://json-schema.org/")
    assert {"deployment", "platforms", "controls", "flag"} <= set(schema["required"])


def test_the_flag_beats_the_environment_which_beats_the_current_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """--config, then $GLASSWATCH_CONFIG, then ./glasswatch.yaml."""
    places = {}
    for name in ("flag", "environment", "here"):
        directory = tmp_path / name
        directory.mkdir()
        (directory / "procedure.md").write_text("Break it.\n")
        (directory / "flag.key").touch()
        places[name] = write(directory)
    monkeypatch.chdir(places["here"].parent)
    monkeypatch.delenv("GLASSWATCH_CONFIG", raising=False)
    assert _check() == ExitCode.GOOD
    assert capsys.readouterr().out.startswith("glasswatch.yaml: good")
    monkeypatch.setenv("GLASSWATCH_CONFIG", str(places["environment"]))
    assert _check() == ExitCode.GOOD
    assert capsys.readouterr().out.startswith(f"{places['environment']}: good")
    assert _check("--config", str(places["flag"])) == ExitCode.GOOD
    assert capsys.readouterr().out.startswith(f"{places['flag']}: good")


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda path: None, "expected a settings file that can be read: No such file or directory"),
        (lambda path: path.write_bytes(b"\xff\xfe\x00d"), "expected text in UTF-8"),
        (lambda path: path.write_text(""), "expected a mapping of sections, such as deployment: prod"),
        (lambda path: (path.write_text(GOOD), path.chmod(0o666)), "writable by its owner only"),
    ],
    ids=["missing", "binary", "empty", "writable"],
)
def test_a_file_that_cannot_be_taken_is_one_line(
    tmp_path: Path,
    make: Callable[[Path], object],
    says: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What, where and what was expected; exit 3."""
    path = tmp_path / "glasswatch.yaml"
    make(path)
    assert _check("--config", str(path)) == ExitCode.INVALID
    said = capsys.readouterr().err
    assert said.startswith(str(path))
    assert says in said
    assert said.count("\n") == 1


def test_a_command_for_a_secret_is_not_run(config: Path, tmp_path: Path) -> None:
    """A plain check runs nobody's program."""
    trace = tmp_path / "ran"
    text = GOOD.replace("{file: flag.key}", f"{{command: [/usr/bin/touch, {trace}]}}")
    assert _check("--config", str(write(tmp_path, text))) == ExitCode.GOOD
    assert not trace.exists()


def test_lockout_says_what_where_and_what_to_do(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each finding with its code, its place and a remedy; exit 1."""
    assert _check("--config", str(config), "--lockout") == ExitCode.FINDING
    said = capsys.readouterr().out
    assert "FOUND flag_only_local  flag.publish\n" in said
    assert "FOUND single_channel  paging.channels\n" in said
    assert said.splitlines()[-1].endswith(" to mend, 0 accepted")


def test_what_is_accepted_is_shown_and_let_pass(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With every finding accepted it ends with 0; JSON says which were."""
    assert _check("--config", str(config), "--lockout", "--json") == ExitCode.FINDING
    found = json.loads(capsys.readouterr().out)["findings"]
    assert {"code", "where", "what", "remedy", "accepted"} == found[0].keys()
    accepted = [word for each in found for word in ("--accept", each["code"])]
    assert _check("--config", str(config), "--lockout", *accepted) == ExitCode.GOOD
    said = capsys.readouterr().out
    assert "FOUND" not in said
    assert said.count("accepted ") == len(found)


def test_lockout_needs_good_settings_and_accept_needs_lockout(tmp_path: Path, config: Path) -> None:
    """Mistakes come first; an option that would do nothing is wrong usage."""
    (tmp_path / "other").mkdir()
    assert _check("--config", str(write(tmp_path / "other", "deployment: 1\n")), "--lockout") == ExitCode.INVALID
    assert _check("--config", str(config), "--accept", "no_channel") == ExitCode.USAGE
