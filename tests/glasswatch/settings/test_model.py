"""Every mistake is found in one go, and none repeats what was written."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated

import pytest
from pydantic import Field, ValidationError

from glasswatch.settings.load import load_text
from glasswatch.settings.mistake import SettingsFault
from glasswatch.settings.model import Finding, SettingsModel, finding
from glasswatch.settings.shapes import RelativePath, WholeNumber

PLANTED = "hunter2-planted"
Digit = Annotated[int, WholeNumber(0, 9)]


class Inner(SettingsModel):
    """Something with a check across its fields."""

    low: Digit = 0
    high: Digit = 9
    other: Digit = 5

    @finding("low", "high")
    def is_ordered(self, given: Mapping[str, object]) -> Iterable[Finding]:
        """Low is not above high."""
        if self.low > self.high:
            yield ("low",), f"expected no more than high ({len(given)} given)"


class Outer(SettingsModel):
    """Something with an alias, a path of its own default, and a check of two fields of which one has parts."""

    inner: Inner
    many: tuple[Inner, ...] = ()
    class_: Digit = Field(default=0, alias="class")
    file: RelativePath = Field(default_factory=lambda: "here.txt", validate_default=True)

    @finding("class_", "file")
    def is_classy(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """Class 9 needs another file."""
        if self.class_ == 9 and self.file.name == "here.txt":
            yield ("file",), "expected another file"


def _mistakes(text: str) -> list[tuple[str, str]]:
    with pytest.raises(SettingsFault) as caught:
        load_text(text, Outer, Path("/etc/x.yaml"), {})
    assert PLANTED not in str(caught.value)
    return [(mistake.path, mistake.expected) for mistake in caught.value.mistakes]


def test_a_check_runs_beside_mistakes_in_fields_it_does_not_need() -> None:
    """A wrong value hides no finding about others."""
    assert _mistakes(f"inner: {{low: 8, high: 7, other: {PLANTED}, extra: {PLANTED}}}") == [
        ("inner.low", "expected no more than high (4 given)"),
        ("inner.other", "expected a whole number from 0 to 9"),
        ("inner.extra", "is not a setting here: expected one of: low, high, other"),
    ]


def test_a_check_waits_for_the_fields_it_needs() -> None:
    """A check across fields does not run on a field that is wrong."""
    assert _mistakes("inner: {low: 8, high: x}") == [("inner.high", "expected a whole number from 0 to 9")]


class Many(SettingsModel):
    """A list, and a check of as much of it as can be read."""

    numbers: tuple[Digit, ...]
    most: Digit = 9

    @finding("most", beside="numbers")
    def none_is_above(self, given: Mapping[str, object]) -> Iterable[Finding]:
        """None is above the most, of those that are numbers."""
        numbers = given["numbers"]
        for place, each in enumerate(numbers if isinstance(numbers, list) else ()):
            if each.isdigit() and int(each) > self.most:
                yield ("numbers", place), "expected less"


def test_a_check_beside_a_field_runs_where_that_field_is_wrong_alone() -> None:
    """It looks for more in what was written, and reads only what it needs."""
    assert Many.model_validate({"numbers": ["9"], "most": "1"}).numbers == (9,)
    for given, places in (
        ({"most": "1"}, [("numbers", 0), ("numbers", 1)]),
        ({"most": "x"}, [("most",), ("numbers", 1)]),
    ):
        with pytest.raises(ValidationError) as caught:
            Many.model_validate({"numbers": ["9", "x"], **given})
        assert sorted((detail["loc"] for detail in caught.value.errors()), key=str) == places


def test_a_check_sees_defaults_and_aliases_beside_mistakes() -> None:
    """What a check reads is there even when its neighbours failed: defaults too, and fields under another name."""
    assert _mistakes("inner: {low: x}\nclass: 9") == [
        ("file", "expected another file"),
        ("inner.low", "expected a whole number from 0 to 9"),
    ]
    assert _mistakes("inner: {low: x}\nclass: x") == [
        ("inner.low", "expected a whole number from 0 to 9"),
        ("class", "expected a whole number from 0 to 9"),
    ]


def test_findings_of_parts_and_of_the_whole_come_together() -> None:
    """Findings are made at every level, not only where all is well below."""
    assert _mistakes("inner: {low: 9, high: 0}\nmany: [{low: 1, high: 0}, {}, {low: 3, high: x}]\nclass: 9") == [
        ("file", "expected another file"),
        ("inner.low", "expected no more than high (2 given)"),
        ("many[0].low", "expected no more than high (2 given)"),
        ("many[2].high", "expected a whole number from 0 to 9"),
    ]


def test_a_good_file_becomes_values_of_their_types() -> None:
    """Text becomes what the model says; a relative path is relative to the file, also a default one."""
    outer = load_text("inner: {low: 3, high: '4'}\nclass: 2", Outer, Path("/etc/x.yaml"), {})
    assert (outer.inner.low, outer.inner.high, outer.class_) == (3, 4, 2)
    assert outer.file == Path("/etc/here.txt")


def test_settings_can_not_be_changed() -> None:
    """Settings are values: changing one is an error."""
    inner = Inner()
    with pytest.raises(ValidationError):
        inner.low = 3  # type: ignore[misc]  # that is the mistake


def test_settings_made_in_code_are_checked_too() -> None:
    """Constructing a model runs its checks, and the error holds nothing of what was given."""
    assert Inner(low=3).low == 3
    with pytest.raises(ValidationError) as caught:
        Inner(low=3, high=2, other=PLANTED)
    assert PLANTED not in f"{caught.value} {caught.value!r} {caught.value.errors()}"
    assert caught.value.error_count() == 2


def test_sections_of_other_scripts_are_left_alone() -> None:
    """A section that another model reads is neither read nor refused; one that nobody reads is a mistake."""
    sections = {"drills": "drills.settings:DrillSettings"}
    assert load_text("inner: {}\ndrills: {any: thing}", Outer, Path("/x.yaml"), sections).inner == Inner()
    with pytest.raises(SettingsFault) as caught:
        load_text("inner: {}\ndrils: {any: thing}", Outer, Path("/x.yaml"), sections)
    assert str(caught.value) == (
        "/x.yaml:2:1  drils  is not a setting here: expected one of: drills, inner, many, class, file; "
        "did you mean drills?"
    )
