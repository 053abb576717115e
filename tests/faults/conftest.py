import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give scenarios time: they take ten seconds, and ten times that where many tests share a processor."""
    for item in items:
        if "/faults/" in str(item.path) and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(400))
