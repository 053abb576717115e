"""The OPA policy, judged by OPA itself. OPA is in no Debian release: where it isn't installed these are skipped."""

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from glasswatch.flag.document import Claims, FlagState
from tests.support.documents import DOCS, blocks, section
from tests.support.flags import ISSUER, OTHER_KEY, jwk, key_number, signed, write_trust
from tests.support.reader_host import READERS, claims_now

OPA = shutil.which("opa")
needs_opa = pytest.mark.skipif(OPA is None, reason="opa is not installed: see openpolicyagent's own releases")


def _allows(tmp_path: Path, flag: bytes, *, drill: bool = False) -> bool:
    keys = json.dumps({"keys": [{name: jwk()[name] for name in ("kty", "crv", "x", "kid")} | {"alg": "EdDSA"}]})
    trust = {"jwks": keys, "issuer": ISSUER, "deployment": "prod", "platform": "payments"}
    (tmp_path / "data.json").write_text(json.dumps({"break_glass_trust": trust}))
    (tmp_path / "input.json").write_text(json.dumps({"flag": flag.decode(), "person": "anna", "target": "admin"}))
    words = [str(OPA), "eval", "--format", "raw", "--data", str(READERS / "opa/break_glass.rego")]
    words += ["--data", str(tmp_path / "data.json"), "--input", str(tmp_path / "input.json")]
    words.append("data.break_glass.allow_drill" if drill else "data.break_glass.allow")
    done = subprocess.run(words, capture_output=True, timeout=30, check=True)
    return bool(json.loads(done.stdout))


def _later(claims: Claims, seconds: int) -> Claims:
    return replace(claims, iat=claims.iat + seconds, exp=claims.exp + seconds, ver=claims.ver + seconds * 1000)


@needs_opa
def test_ready_is_allowed(tmp_path: Path) -> None:
    """A flag that is ready, and for a drill an exercise that names the person; neither is the other."""
    assert _allows(tmp_path, signed(claims_now(FlagState.READY)))
    assert not _allows(tmp_path, signed(claims_now(FlagState.READY)), drill=True)
    assert _allows(tmp_path, signed(claims_now(FlagState.EXERCISE, principals=("anna",))), drill=True)
    assert not _allows(tmp_path, signed(claims_now(FlagState.EXERCISE, principals=("ben",))), drill=True)


@needs_opa
@pytest.mark.parametrize(
    "flag",
    [
        signed(claims_now(FlagState.STANDBY)),
        signed(claims_now(FlagState.EXERCISE, principals=("anna",))),
        signed(_later(claims_now(FlagState.READY), -400)),
        signed(_later(claims_now(FlagState.READY), 400)),
        signed(replace(claims_now(FlagState.READY), iss="prod/other")),
        signed(replace(claims_now(FlagState.READY), sub="other")),
        signed(replace(claims_now(FlagState.READY), aud="prod/standby")),
        signed(replace(claims_now(FlagState.READY), causes=())),
        signed(claims_now(FlagState.READY), OTHER_KEY),
    ],
    ids=["standby", "exercise", "expired", "from the future", "issuer", "platform", "audience", "no cause", "key"],
)
def test_anything_else_is_not(tmp_path: Path, flag: bytes) -> None:
    """Each breaks one rule."""
    assert not _allows(tmp_path, flag)


def test_its_data_holds_the_keys_that_count(tmp_path: Path) -> None:
    """By the guide's own commands, out of a trust file with every kind of key."""
    named: dict[str, dict[str, object]] = {
        "good": {},
        "unsaid": {"revoked": ...},
        "nameless": {"iss": None},
        "revoked": {"revoked": True},
        "revoked at once": {"revoked": 0},
        "revoked later": {"revoked": 4_000_000_000},
        "nobody knows": {"revoked": None},
        "a demo's": {"demo": True},
        "another vantage's": {"iss": "prod/other"},
        "another deployment's": {"iss": "staging/main"},
        "anna's": {"role": "order", "iss": "prod"},
    }
    entries = [jwk(key_number(number), **{**of, "kid": kid}) for number, (kid, of) in enumerate(named.items(), 60)]
    write_trust(tmp_path / "trust.json", *entries)
    guide = (DOCS / "guide" / "break-glass.md").read_text()
    (block,) = blocks(section(guide, "9. The door in a policy"), "sh")
    subprocess.run(["/bin/sh", "-euc", block], cwd=tmp_path, check=True, timeout=30)
    data = json.loads((tmp_path / "data.json").read_text())["break_glass_trust"]
    assert [key["kid"] for key in json.loads(data["jwks"])["keys"]] == ["good", "unsaid", "nameless"]


def test_the_policy_keeps_the_readers_bounds() -> None:
    """Its lifetime cap and tolerance are those of the strict reader."""
    text = (READERS / "opa/break_glass.rego").read_text()
    assert "max_lifetime_seconds := 1200" in text
    assert "tolerance_seconds := 60" in text


def test_a_drill_is_allowed_by_a_rule_of_its_own() -> None:
    """Nothing that who asks can say makes `allow` of an exercise."""
    text = (READERS / "opa/break_glass.rego").read_text()
    rules = [block for block in text.split("\n\n") if block.startswith("allow")]
    assert [rule.split(" ")[0] for rule in rules] == ["allow", "allow_drill"]
    assert rules[0] == 'allow if state == "ready"'
    assert "input.drill" not in text
