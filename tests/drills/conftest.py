import pytest

from tests.support.drill_actions import children


@pytest.fixture
def others() -> set[int]:
    """The processes that run before the test: servers which other tests share."""
    return children()
