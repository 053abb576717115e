import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from urllib.parse import urlsplit

import pytest

from tests.support.simulator import Simulated, simulated


@pytest.fixture(scope="module")
def one_process() -> Iterator[Simulated]:
    """One process for all tests of this file that leave it as it was."""
    with simulated() as running:
        yield running


@pytest.fixture
def platform(one_process: Simulated) -> Iterator[Simulated]:
    """The process without any fault, before and after."""
    one_process.recover()
    yield one_process
    one_process.recover()


def _open(platform: Simulated, path: str) -> socket.socket:
    parts = urlsplit(platform.url)
    sock = socket.create_connection((parts.hostname or "", parts.port or 0), timeout=20)
    sock.sendall(f"GET {path} HTTP/1.1\r\nHost: simulated\r\n\r\n".encode())
    return sock


HEALTH = "/health/sign_in"


def test_a_failing_function_answers_its_status_and_no_other_function_does(platform: Simulated) -> None:
    """A fault reaches its function, with its health address, and nothing else."""
    platform.show("sign_in", kind="fail", status=502)
    assert platform.ask("GET", HEALTH).status == 502
    assert platform.ask("POST", "/signin", {"name": "erin", "secret": "erin-pretend"}).status == 502
    assert platform.ask("GET", "/health/request").status == 200
    assert platform.ask("GET", "/health").status == 200


def test_a_hanging_function_takes_the_call_and_says_nothing(platform: Simulated) -> None:
    """The connection stays open without a byte, and others are served meanwhile."""
    platform.show("sign_in", kind="hang")
    with _open(platform, HEALTH) as sock:
        sock.settimeout(0.3)
        with pytest.raises(TimeoutError):
            sock.recv(1)
        assert platform.ask("GET", "/health/request").status == 200


def test_a_slow_function_answers_honestly_after_its_time(platform: Simulated) -> None:
    """Slow is late, not wrong."""
    platform.show("sign_in", kind="slow", seconds=0.25)
    began = perf_counter()
    assert platform.ask("GET", HEALTH).data() == {"status": "ok"}
    assert perf_counter() - began >= 0.25


def test_a_refusing_function_resets_the_connection_at_once(platform: Simulated) -> None:
    """The kernel sees a reset, not an end."""
    platform.show("sign_in", kind="refuse")
    with _open(platform, HEALTH) as sock, pytest.raises(ConnectionResetError):
        sock.recv(1)


def test_a_wrong_answer_is_a_200_that_makes_no_sense(platform: Simulated) -> None:
    """Only who reads the body notices."""
    platform.show("sign_in", kind="wrong")
    answer = platform.ask("GET", HEALTH)
    assert answer.status == 200
    with pytest.raises(json.JSONDecodeError):
        answer.data()


@pytest.mark.parametrize("status", [401, 403])
def test_a_denying_function_refuses_everybody(platform: Simulated, status: int) -> None:
    """Even good credentials are refused."""
    platform.show("all", kind="denied", status=status)
    assert platform.ask("POST", "/signin", {"name": "erin", "secret": "erin-pretend"}).status == status


def test_a_rate_limited_function_says_when_to_come_back(platform: Simulated) -> None:
    """429 comes with Retry-After in whole seconds."""
    platform.show("sign_in", kind="rate_limited", seconds=7)
    answer = platform.ask("GET", HEALTH)
    assert (answer.status, answer.headers["retry-after"]) == (429, "7")


def test_a_flapping_function_is_bad_now_and_then(platform: Simulated) -> None:
    """One of every three calls fails."""
    platform.show("sign_in", kind="flapping", bad=1, of=3)
    assert [platform.ask("GET", HEALTH).status for _ in range(6)] == [503, 200, 200, 503, 200, 200]


def test_a_fault_on_all_reaches_every_path(platform: Simulated) -> None:
    """An overall fault leaves nothing of the platform working, known path or not."""
    platform.show("all", kind="fail", status=500)
    for path in ("/health", HEALTH, "/api/v2/summary.json", "/no/such/path"):
        assert platform.ask("GET", path).status == 500


def test_stop_refuses_connections_and_resets_those_that_are_open(platform: Simulated) -> None:
    """Nothing listens until recovery, and then the same port answers again."""
    platform.show("sign_in", kind="hang")
    with _open(platform, HEALTH) as open_before:
        # A second call, answered, shows that the first was taken: they are served in order of arrival.
        assert platform.ask("GET", "/health").status == 200
        platform.show("all", kind="stop")
        with pytest.raises(ConnectionResetError):
            open_before.recv(1)
    for _ in range(3):
        with pytest.raises(ConnectionRefusedError):
            platform.ask("GET", "/health")
    platform.recover()
    assert platform.ask("GET", "/health").status == 200


def test_stop_is_ended_by_another_fault_on_all(platform: Simulated) -> None:
    """The listener follows what is set now."""
    platform.show("all", kind="stop")
    platform.show("all", kind="fail", status=500)
    assert platform.ask("GET", "/health").status == 500


def test_faults_are_read_replaced_and_taken_away_as_data(platform: Simulated) -> None:
    """All at once or one by one; what is wrong changes nothing."""
    wanted = {"sign_in": {"kind": "hang"}, "request": {"kind": "fail", "status": 500}}
    assert platform.admin("PUT", "/admin/faults", wanted).data() == wanted
    broken = {"approve": {"kind": "hang"}, "sign_in": {"kind": "nothing"}}
    assert platform.admin("PUT", "/admin/faults", broken).status == 422
    assert platform.admin("GET", "/admin/faults").data() == wanted
    assert platform.admin("DELETE", "/admin/faults/sign_in").data() == {"request": wanted["request"]}
    assert platform.admin("DELETE", "/admin/faults").data() == {}


@pytest.mark.parametrize("token", ["", "wrong", "Ünknown"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/admin/faults"),
        ("PUT", "/admin/faults/all"),
        ("DELETE", "/admin/faults"),
        ("GET", "/admin/world"),
        ("GET", "/admin/word"),
        ("POST", "/admin/recover"),
    ],
)
def test_admin_needs_its_token(platform: Simulated, token: str, method: str, path: str) -> None:
    """Without the token of this process nothing is shown and nothing changes."""
    platform.show("request", kind="fail", status=500)
    answer = platform.admin(method, path, {"kind": "stop"}, token=token)
    assert answer.status in {401, 403}
    assert platform.admin("GET", "/admin/faults").data() == {"request": {"kind": "fail", "status": 500}}


def test_admin_is_not_on_the_platforms_own_port(platform: Simulated) -> None:
    """Who reaches the platform reaches no lever."""
    assert platform.ask("GET", "/admin/world", token=platform.token).status == 404


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, b"\xff\xfe", b'{"kind": "' + b"x" * 70_000 + b'"}'])
def test_a_body_that_is_no_json_is_refused(platform: Simulated, body: bytes) -> None:
    """Nonsense gets one line, on both faces."""
    assert platform.admin("PUT", "/admin/faults/all", body).status == 422
    assert platform.ask("POST", "/signin", body).status == 422


def test_the_ready_line_leaves_out_a_token_that_was_given(tmp_path: Path) -> None:
    """A token from a file is used, and not printed."""
    token_file = tmp_path / "admin.token"
    token_file.write_text("given-token\n")
    with simulated("--admin-token-file", str(token_file)) as running:
        assert running.token == ""
        assert running.admin("GET", "/admin/faults", token="given-token").status == 200


@pytest.mark.parametrize("address", ["0.0.0.0:0", "example.com:80", "127.0.0.1", "127.0.0.1:99999", "[::1", ""])
def test_an_address_beyond_loopback_is_refused(address: str) -> None:
    """Pretend secrets stay on this machine."""
    argv = (sys.executable, "-m", "platforms.simulator", "--listen", address)
    ended = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2
    assert ended.stderr == "expected a loopback address and port such as 127.0.0.1:0\n"


def test_a_port_that_is_taken_is_one_clear_line() -> None:
    """The other process is not disturbed."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        argv = (sys.executable, "-m", "platforms.simulator", "--admin-listen", address)
        ended = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 4
    assert ended.stderr == f"can't listen on {address}: Address already in use\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_at_once_even_while_calls_hang(number: signal.Signals) -> None:
    """A hanging call holds nobody up at the end."""
    with simulated() as running:
        running.show("sign_in", kind="hang")
        with _open(running, HEALTH) as hanging:
            assert running.ask("GET", "/health").status == 200
            running.process.send_signal(number)
            assert running.process.wait(5) == 0
            with pytest.raises(ConnectionResetError):
                hanging.recv(1)


PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-m", "platforms.simulator"], stdin=subprocess.PIPE)
print(child.pid, flush=True)
sys.stdin.read()
"""


def test_it_ends_when_its_parent_is_killed() -> None:
    """Even a parent that had no time to clean up leaves nothing behind."""
    with subprocess.Popen(
        (sys.executable, "-c", PARENT), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        first, second = parent.stdout.readline(), parent.stdout.readline()
        assert first.strip().isdigit()
        assert json.loads(second)["event"] == "ready"
        parent.kill()
        # The child holds the other end of this pipe: its end is the child's end.
        assert parent.stdout.read() == ""
