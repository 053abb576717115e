"""The health service's messages, beside protobuf's own reading and writing of them."""

import pytest
from google.protobuf.message import DecodeError
from grpc_health.v1 import health_pb2
from hypothesis import given
from hypothesis import strategies as st

from platforms.errors import FaultKind, TransportFault
from platforms.grpc.health import Serving, question, status_in

_NAMES = st.text(st.characters(codec="utf-8"), max_size=300)


@given(_NAMES)
def test_a_question_is_what_protobuf_writes(service: str) -> None:
    """Byte for byte."""
    assert question(service) == health_pb2.HealthCheckRequest(service=service).SerializeToString()


@pytest.mark.parametrize("status", list(Serving))
def test_a_status_is_what_protobuf_wrote(status: Serving) -> None:
    """All of them."""
    message = health_pb2.HealthCheckResponse(status=status.value).SerializeToString()
    assert status_in(message) == status
    assert health_pb2.HealthCheckResponse.ServingStatus.Name(status) == status.name


@given(st.binary(max_size=40))
def test_what_is_read_is_what_protobuf_reads(message: bytes) -> None:
    """Stricter at most: what we accept, protobuf accepts, and it is the same status."""
    try:
        found = status_in(message)
    except TransportFault as fault:
        assert fault.kind is FaultKind.PROTOCOL  # noqa: PT017 - refusing is allowed, in this way only
        return
    read = health_pb2.HealthCheckResponse()
    try:
        read.ParseFromString(message)
    except DecodeError as error:
        raise AssertionError(f"protobuf refuses {message!r}") from error
    assert read.status == (found & 0xFFFFFFFF if found < 2**31 else read.status)


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(b"\x08", id="a key without a value"),
        pytest.param(b"\x08\x80", id="a number that does not end"),
        pytest.param(b"\x08" + b"\xff" * 10 + b"\x01", id="a number that is too long"),
        pytest.param(b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f", id="a number that is too large"),
        pytest.param(b"\x0a\x01\x01", id="the status as text"),
        pytest.param(b"\x0d\x01\0\0\0", id="the status in four bytes"),
        pytest.param(b"\x08\x01\x08\x02", id="two statuses"),
        pytest.param(b"\x00\x01", id="field 0"),
        pytest.param(b"\x13\x14", id="a group"),
        pytest.param(b"\x16", id="a form nobody knows"),
        pytest.param(b"\x12\x05abc", id="text cut short"),
        pytest.param(b"\x1d\x01", id="four bytes cut short"),
        pytest.param(b"\x21\x01", id="eight bytes cut short"),
    ],
)
def test_what_no_encoder_writes_is_refused(message: bytes) -> None:
    """Each is damage, or somebody else's message."""
    with pytest.raises(TransportFault, match="not a health answer"):
        status_in(message)
