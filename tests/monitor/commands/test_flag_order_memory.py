"""A file of orders as large and as bad as it may be takes a small multiple of its size, and closes nothing."""

import base64
import os
from pathlib import Path

import pytest

from glasswatch.flag.order import MAX_FILE_BYTES
from tests.support.costs import cost
from tests.support.design import trust_of
from tests.support.flags import READY_CLAIMS, jwk
from tests.support.order_desk import order_jwk
from tests.support.orders import ANNA, READY, ordered
from tests.support.verifying import Desk

MULTIPLE = 5
_START = "from monitor.entry import main; main()"
_SIGNED = ordered(READY, ANNA).rpartition(b".")[0]
_FORGED = _SIGNED + b"." + base64.urlsafe_b64encode(os.urandom(64)).rstrip(b"=")
HOSTILE = {
    "as many lines as could be signed": b".".join([b"a" * 50] * 3),
    "forged": _FORGED,
    "lines of the greatest length": b".".join([b"a" * 5_000] * 3),
    "no line that could be signed": b"a",
    "empty lines": b"",
}


@pytest.mark.parametrize("line", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_takes_a_small_multiple_of_its_size(tmp_path: Path, line: bytes) -> None:
    """8 MiB of it, beside a flag that is ready: still ready, with five times that in memory more at most."""
    tmp_path.chmod(0o700)
    desk = Desk(tmp_path)
    desk.options["--trust"] = desk.put(trust_of(jwk(), order_jwk(ANNA, "anna")), "trust")
    flag = desk.put(READY_CLAIMS)
    orders = desk.put((line + b"\n") * (MAX_FILE_BYTES // (len(line) + 1) + 1), "orders.jws")
    _, without = cost(_START, *desk.line(flag)[3:])
    _, peak = cost(_START, *desk.line(flag, order=orders)[3:])
    assert peak - without < MULTIPLE * MAX_FILE_BYTES // 1024
