"""A type is chosen by name, from one table, and loaded only when it is used."""

import sys
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import pytest

from glasswatch.settings.load import load_text
from glasswatch.settings.mistake import SettingsFault
from glasswatch.settings.model import SettingsModel
from glasswatch.settings.registry import Choice, Entry, KeyChoice, load, model_of
from glasswatch.settings.schema import json_schema
from glasswatch.settings.shapes import Label


class Animal(SettingsModel):
    """The base of what is chosen."""

    left_to_types: ClassVar[frozenset[str]] = frozenset({"food"})

    type: str
    name: Label = "it"
    food: Label


class Cat(Animal):
    """One choice."""

    type: Literal["cat"] = "cat"
    food: Label = "fish"
    lives: Literal["seven", "nine"] = "nine"


class Dog(Animal):
    """Another."""

    expected: ClassVar[str] = "a dog"

    type: Literal["dog"] = "dog"
    food: Label = "meat"


ANIMALS = {
    "cat": Entry(settings=f"{__name__}:Cat"),
    "dog": Entry(settings=f"{__name__}:Dog"),
    "yeti": Entry(settings="no.such.module:Yeti", make="no.such.module:make"),
}


class House(SettingsModel):
    """What holds it."""

    pet: Annotated[Animal, Choice("type", ANIMALS)]
    guest: Annotated[Animal, Choice("type", ANIMALS, "dog")] = Dog()


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make this test module importable by the name the table has for it, however pytest loaded it."""
    monkeypatch.setitem(sys.modules, __name__, sys.modules[Cat.__module__])


def _complaint(text: str) -> str:
    with pytest.raises(SettingsFault) as caught:
        load_text(text, House, Path("x.yaml"), {})
    return str(caught.value)


def test_the_named_model_reads_the_settings() -> None:
    """The key decides which model reads the mapping; a default applies where there is one."""
    house = load_text("pet: {type: cat, lives: seven}\nguest: {}", House, Path("x.yaml"), {})
    assert house.pet == Cat(lives="seven")
    assert house.guest == Dog()


def test_a_type_that_is_not_named_is_never_imported() -> None:
    """The table may name modules that aren't there, as long as nobody asks for them."""
    assert load_text("pet: {type: dog}", House, Path("x.yaml"), {}).pet == Dog()
    with pytest.raises(ModuleNotFoundError):
        load(ANIMALS["yeti"].make)


def test_mistakes_of_the_chosen_model_have_their_place() -> None:
    """Paths lead through the choice as they stand in the file."""
    assert _complaint("pet: {type: cat, lives: ten}") == "x.yaml:1:25  pet.lives  expected one of: seven, nine"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("pet: {}", "1:1  pet.type  is required: expected one of: cat, dog, yeti"),
        ("pet: {type: }", "1:13  pet.type  expected one of: cat, dog, yeti"),
        ("pet: {type: [cat]}", "1:13  pet.type  expected one of: cat, dog, yeti"),
        ("pet: {type: catt}", "1:13  pet.type  expected one of: cat, dog, yeti; did you mean cat?"),
        ("pet: cat", "1:6  pet  expected a mapping whose type is one of: cat, dog, yeti"),
    ],
)
def test_a_choice_that_is_none_is_told_its_names(text: str, said: str) -> None:
    """All names are listed, and the nearest is offered."""
    assert _complaint(text) == f"x.yaml:{said}"


@pytest.mark.parametrize("text", ["type: catt", "lives: ten"])
def test_what_all_have_in_common_is_judged_without_a_type(text: str) -> None:
    """Beside a wrong or missing type, all is said that no type could make good, and nothing that one could."""
    said = _complaint(f"pet: {{{text}, name: It, food: No, bark: loud}}").splitlines()
    assert [line.split("  ")[1] for line in said] == ["pet.type", "pet.name", "pet.food"]
    assert len(_complaint(f"pet: {{{text}}}").splitlines()) == 1


def test_settings_made_in_code_are_taken_as_they_are() -> None:
    """A model that was built already needs no choice."""
    assert House(pet=Cat()).pet == Cat()


def test_only_a_settings_model_is_chosen() -> None:
    """A table that names something else is our own mistake, said at once."""
    with pytest.raises(TypeError, match="is not a settings model"):
        model_of("pathlib:Path")


def test_the_schema_asks_for_the_key_where_there_is_no_default() -> None:
    """Editors offer each choice, and ask for its name."""
    loadable = {name: ANIMALS[name] for name in ("cat", "dog")}

    class Flat(SettingsModel):
        """What holds it, without the one that isn't there."""

        pet: Annotated[Animal, Choice("type", loadable)]

    choices = json_schema([Flat])["properties"]["pet"]["oneOf"]
    assert [(choice["properties"]["type"]["const"], choice["required"]) for choice in choices] == [
        ("cat", ["type"]),
        ("dog", ["type"]),
    ]


class Vehicle(SettingsModel):
    """What all of them are."""


class Boat(Vehicle):
    """A choice that its key makes."""

    sail: Literal["red", "white"]


class Car(Vehicle):
    """Another."""

    wheels: Literal["three", "four"]


VEHICLES = {"sail": Entry(settings=f"{__name__}:Boat"), "wheels": Entry(settings=f"{__name__}:Car")}


class Garage(SettingsModel):
    """What holds them."""

    held: tuple[Annotated[Vehicle, KeyChoice(VEHICLES)], ...]


def test_the_key_that_is_there_decides() -> None:
    """Each item is read by the model whose key it has."""
    text = "held: [{sail: red}, {wheels: four}]"
    assert load_text(text, Garage, Path("x.yaml"), {}).held == (Boat(sail="red"), Car(wheels="four"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("held: [{}]", "1:8  held[0]  expected exactly one of: sail, wheels"),
        ("held: [{sail: red, wheels: four}]", "1:8  held[0]  expected exactly one of: sail, wheels"),
        ("held: [{wings: two}]", "1:8  held[0]  expected exactly one of: sail, wheels"),
        ("held: [sail]", "1:8  held[0]  expected a mapping with exactly one of: sail, wheels"),
        ("held: [{sail: blue}]", "1:15  held[0].sail  expected one of: red, white"),
        ("held: [{sail: red, wings: two}]", "1:20  held[0].wings  is not a setting here: expected sail"),
    ],
)
def test_one_key_and_no_more_makes_a_choice(text: str, said: str) -> None:
    """None, several, and what the chosen model has against it."""
    with pytest.raises(SettingsFault) as caught:
        load_text(text, Garage, Path("x.yaml"), {})
    assert str(caught.value) == f"x.yaml:{said}"


def test_the_schema_asks_for_the_key_that_chooses() -> None:
    """Editors offer each choice, and every one requires its key."""
    items = json_schema([Garage])["properties"]["held"]["items"]
    assert [choice["required"] for choice in items["oneOf"]] == [["sail"], ["wheels"]]
