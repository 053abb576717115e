from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.programs import require
from tests.support.reader_host import Host, Syslog


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    """A host with the readers and nothing published."""
    require("logger", package="bsdutils")
    syslog = Syslog(tmp_path / "log")
    yield Host(tmp_path, syslog)
    syslog.close()
