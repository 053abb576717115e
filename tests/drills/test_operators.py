"""Who runs a drill: whom the command line names, else the settings, else whose login it is."""

import os
import pwd

import pytest

from drills.operators import operator
from drills.settings.root import DrillSettings
from glasswatch.errors import UsageFault

NOBODY = DrillSettings()
ANNA = DrillSettings(operator="anna")


def test_the_nearest_name_counts() -> None:
    """The command line's before the settings', and the login's last."""
    assert operator("bea", ANNA) == "bea"
    assert operator(None, ANNA) == "anna"
    assert operator(None, NOBODY) == pwd.getpwuid(os.getuid()).pw_name


@pytest.mark.parametrize("name", ["", "\u200b", " ", "a" * 64, "a\nb", "bad name!", "Anna"])
def test_a_name_is_one_that_the_settings_would_take(name: str) -> None:
    """An approval is by another person: that is told by names."""
    with pytest.raises(UsageFault, match="--operator: expected a person's name of a-z"):
        operator(name, NOBODY)


@pytest.mark.parametrize("name", ["\u200b", "a" * 64, "a\nb"])
def test_a_login_is_taken_as_it_is_called_where_people_can_see_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else nobody would know who it was."""
    monkeypatch.setattr(pwd, "getpwuid", lambda _uid: pwd.struct_passwd((name, "", 0, 0, "", "", "")))
    with pytest.raises(UsageFault, match="login's name"):
        operator(None, NOBODY)
    monkeypatch.setattr(pwd, "getpwuid", lambda _uid: pwd.struct_passwd(("CORP\\anna", "", 0, 0, "", "", "")))
    assert operator(None, NOBODY) == "CORP\\anna"


def test_a_login_without_a_name_is_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a container, say."""

    def unknown(_uid: int) -> None:
        raise KeyError

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    with pytest.raises(UsageFault, match="this login has no name"):
        operator(None, NOBODY)
