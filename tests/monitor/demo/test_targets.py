"""The demo's targets: left out by name where this machine can't have them."""

import asyncio
from pathlib import Path

import pytest

from monitor.demo.targets import postgres, programs, ssh
from monitor.demo.targets.places import Ports, TargetName, TargetPlaces
from monitor.demo.targets.programs import NotUsable, find, run
from monitor.demo.targets.standing import Guarded, prepared

PORTS = Ports(1, 2, 3)


def _prepared(state: Path) -> dict[TargetName, str]:
    state.mkdir()
    guarded = Guarded(state / "payments.flag.jws", "payments", "demo")
    standing = asyncio.run(prepared(TargetPlaces(state), PORTS, guarded))
    assert {each.name for each in standing.left_out} == set(TargetName) - standing.names
    return {each.name: each.why for each in standing.left_out}


def test_a_machine_with_neither_leaves_both_out_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the programs that are missing, and what brings them."""
    monkeypatch.setattr(programs, "find", lambda _name: None)
    why = _prepared(tmp_path / "demo")
    assert "sshd and ssh and ssh-keygen are not on this machine" in why[TargetName.SSH]
    assert "openssh-server" in why[TargetName.SSH]
    assert "initdb and postgres and openssl are not on this machine" in why[TargetName.SQL]


def test_without_the_readers_nothing_is_guarded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed package has no examples beside it."""
    monkeypatch.setattr(programs, "find", lambda name: Path("/bin") / name)
    for target in (ssh, postgres):
        monkeypatch.setattr(target, "READERS", tmp_path)
    why = _prepared(tmp_path / "demo")
    assert set(why) == set(TargetName)
    assert all("run it from a checkout" in each for each in why.values())


def test_a_target_that_cannot_be_made_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what the program said last."""

    def fail(_places: TargetPlaces, _ports: Ports) -> None:
        raise NotUsable("initdb ended with 1: no space left")

    for target in (ssh, postgres):
        monkeypatch.setattr(target, "why_not", lambda: "")
        monkeypatch.setattr(target, "prepare", fail)
    assert _prepared(tmp_path / "demo") == dict.fromkeys(TargetName, "initdb ended with 1: no space left")


def test_a_program_that_fails_is_told_with_its_last_words() -> None:
    """And what it printed is returned otherwise."""
    assert run(["/bin/sh", "-c", "cat; echo $GIVEN"], b"in ", {"GIVEN": "out"}) == b"in out\n"
    with pytest.raises(NotUsable, match="sh ended with 3: no such thing"):
        run(["/bin/sh", "-c", "echo no such thing >&2; exit 3"])
    with pytest.raises(NotUsable, match="nothing can't be run"):
        run(["/nonexistent/nothing"])
    assert find("no-such-program-at-all") is None
