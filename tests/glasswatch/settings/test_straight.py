"""Paths as people are shown them: without `..`, and still the same place."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from glasswatch.settings.model import SettingsModel
from glasswatch.settings.shapes import RelativePath
from glasswatch.settings.straight import straight, straight_path


class Inner(SettingsModel):
    """Settings in others."""

    place: RelativePath
    """Where."""


class Outer(SettingsModel):
    """Settings with paths everywhere."""

    name: str = "../name"
    """No path."""
    one: Inner
    """One."""
    many: tuple[Inner, ...] = ()
    """More of them."""
    named: Mapping[str, RelativePath] = {}
    """More of them, by name."""


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("/a/b", "/a/b"),
        ("/nowhere/b/../../c/d", "/c/d"),
        ("/nowhere/..", "/"),
        ("/../nowhere", "/nowhere"),
        ("/nowhere/b/./..", "/nowhere"),
    ],
)
def test_nothing_leads_back(written: str, shown: str) -> None:
    """Also where nothing is."""
    assert straight_path(Path(written)) == Path(shown)


def test_a_link_is_followed_only_where_the_way_back_is_another(tmp_path: Path) -> None:
    """As the system goes; a link that nothing leads back from keeps its name."""
    (tmp_path / "real" / "deep").mkdir(parents=True)
    (tmp_path / "real" / "key").write_text("k")
    (tmp_path / "link").symlink_to(tmp_path / "real" / "deep")
    (tmp_path / "real" / "named").symlink_to("key")
    written = tmp_path / "link" / ".." / "named"
    assert straight_path(written) == tmp_path.resolve() / "real" / "named"
    assert straight_path(written).read_text() == written.read_text() == "k"
    assert straight_path(tmp_path / "link") == tmp_path / "link"


def test_every_path_of_settings_is_shown_so_and_nothing_else_changes() -> None:
    """However deep; settings without any are the same."""
    plain = {"place": "/a"}
    back = {"place": "/nowhere/../a"}
    same = Outer.model_validate({"one": plain, "many": [plain], "named": {"x": "/a"}})
    assert straight(same) is same
    found = straight(Outer.model_validate({"one": back, "many": [plain, back], "named": {"x": "/nowhere/../a"}}))
    assert found == same.model_copy(update={"many": (same.one, same.one)})
