"""What is said of a credential: exactly one form, and never the secret itself."""

import pytest
from pydantic import ValidationError

from glasswatch.settings.auth import AuthSettings, PlainAuthSettings


@pytest.mark.parametrize("model", [AuthSettings, PlainAuthSettings])
@pytest.mark.parametrize(
    ("written", "told"),
    [
        ({"bearer": "hunter2"}, "expected a reference to a secret, never the secret itself"),
        ({"basic": {"user": "a", "password": "hunter2"}}, "expected a reference to a secret, never the secret itself"),
        ({}, "expected exactly one of: bearer, basic"),
        ({"bearer": {"env": "A"}, "basic": {"user": "a", "password": {"env": "B"}}}, "expected exactly one of: bearer"),
        ({"bearer": "hunter2", "basic": {"user": "a", "password": {"env": "B"}}}, "expected exactly one of: bearer"),
    ],
)
def test_a_credential_that_is_none_is_told_in_a_sentence(
    model: type[AuthSettings | PlainAuthSettings], written: object, told: str
) -> None:
    """A secret in the wrong place is a mistake of whoever wrote it, no fault of ours, and is not repeated."""
    with pytest.raises(ValidationError) as failed:
        model.model_validate(written)
    messages = [each["msg"] for each in failed.value.errors()]
    assert any(each.startswith(told) for each in messages), messages
    assert not any("hunter2" in each for each in messages)
