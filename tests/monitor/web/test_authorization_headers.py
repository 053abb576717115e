"""Whatever stands in `Authorization`: never a fault of ours, never let in by anything but the token itself."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.desk import Counter, token
from tests.support.face import World

SECRET = "gwt_of_anna"
BODY = {"reason": "a look"}

# What a client can put into a header at all: no line breaks, no NUL.
_VALUES = st.text(st.characters(min_codepoint=1, max_codepoint=255, exclude_characters="\r\n\0"), max_size=200)
_NEAR = st.builds(
    lambda scheme, space, secret, end: f"{scheme}{space}{secret}{end}",
    st.sampled_from(["Bearer", "bearer", "Basic", "Token", ""]),
    st.sampled_from([" ", "  ", "\t", "", ","]),
    st.sampled_from([SECRET, SECRET[:-1], SECRET + "a", SECRET.upper(), f'"{SECRET}"', "*", "%", SECRET + "="]),
    st.sampled_from(["", " ", ",", " x", ";", "\x01"]),
)
_IS_RIGHT = {f"{scheme}{space}{SECRET}" for scheme in ("Bearer", "bearer") for space in (" ", "  ")}


@settings(max_examples=400, deadline=None)
@given(values=st.lists(_VALUES | _NEAR, max_size=3))
async def test_only_the_token_itself_lets_in(values: list[str]) -> None:
    """In exactly one header of exactly one form."""
    counter = Counter(World())
    counter.give(token(SECRET, "drill"))
    headers = [(b"authorization", value.encode("latin-1")) for value in values]
    async with counter.client() as client:
        response = await client.post("/order", json=BODY, headers=headers)
    is_right = len(values) == 1 and values[0].strip(" \t") in _IS_RIGHT
    assert response.status_code == (200 if is_right else 401)
    assert len(counter.asked) == (1 if is_right else 0)
    assert SECRET not in response.text


@pytest.mark.parametrize("value", [f" Bearer {SECRET}", f"Bearer {SECRET} ", f"Bearer {SECRET}\t"])
async def test_space_around_a_value_is_not_part_of_it(value: str) -> None:
    """Whether the server before us took it off or not."""
    counter = Counter(World())
    counter.give(token(SECRET, "drill"))
    async with counter.client() as client:
        response = await client.post("/order", json=BODY, headers=[(b"authorization", value.encode())])
    assert response.status_code == 200


@pytest.mark.parametrize("size", [1_000, 30_000])
async def test_a_long_token_is_just_a_wrong_one(size: int) -> None:
    """Its length is the head's to bound."""
    counter = Counter(World())
    counter.give(token(SECRET, "drill"))
    async with counter.client() as client:
        response = await client.post("/order", json=BODY, headers={"authorization": f"Bearer {'a' * size}"})
    assert response.status_code == 401
