"""Rows of the matrix: bodies, content codings and JSON."""

import gzip
import json
import zlib

from monitor.model.outcome import Reason
from tests.servers.http import OK, answer, answering, bomb, gzipped, repeating
from tests.servers.matrix import BAD, GOOD, JSON, Found, Row

_FINE = (GOOD, Reason.OK, "status 200")
_LARGE = (BAD, Reason.TOO_LARGE, "the body is larger than allowed")
_BOMB = (BAD, Reason.TOO_LARGE, "the decompressed body is larger than allowed")
_CODING = (BAD, Reason.PROTOCOL, "the body has a content coding that nobody asked for")
_BODY = b'{"status": "ok"}'
_64_MIB = 64 * 1024 * 1024


def _coded(body: bytes, *codings: str) -> bytes:
    return answer(200, body, [("Content-Encoding", coding) for coding in codings])


def _json(body: bytes) -> bytes:
    return answer(200, body, [("Content-Type", "application/json")])


def _not_json(why: str) -> Found:
    return (BAD, Reason.JSON, f"the body is not JSON: {why}")


def _nested_bomb() -> bytes:
    """Return an answer of a few hundred bytes that is 64 MiB after two decompressions."""
    inner = bomb(_64_MIB).partition(b"\r\n\r\n")[2]
    return _coded(gzip.compress(inner), "gzip", "gzip")


BODIES = (
    Row("endless-body", "sends a body without end", repeating(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536), _LARGE),
    Row(
        "announced-too-large",
        "announces a body one byte over the bound",
        answering(answer(200, b"x" * 1_048_577)),
        _LARGE,
    ),
    Row("exactly-the-bound", "sends a body of exactly the bound", answering(answer(200, b"x" * 1_048_576)), _FINE),
    Row(
        "hostile-body",
        "sends a body made to slow a pattern down",
        answering(answer(200, b"a" * 100_000 + b"!")),
        (BAD, Reason.BODY, 'the body does not match "^(a+)+$"'),
        {"expect": {"body_matches": "^(a+)+$"}},
    ),
    Row(
        "other-charset",
        "sends Latin-1 where the pattern is UTF-8",
        answering(answer(200, "schön".encode("latin-1"), [("Content-Type", "text/plain; charset=iso-8859-1")])),
        (BAD, Reason.BODY, 'the body does not match "schön"'),
        {"expect": {"body_matches": "schön"}},
    ),
    Row(
        "maintenance-page",
        "sends a maintenance page with status 200",
        answering(answer(200, b"<h1>Down for maintenance</h1>")),
        (BAD, Reason.BODY, 'the body matches "maintenance", which it must not'),
        {"expect": {"body_not_matches": "maintenance"}},
    ),
)

CODINGS = (
    Row("gzip", "compresses with gzip, as it may", answering(gzipped(_BODY)), _FINE, JSON),
    Row(
        "raw-deflate",
        "compresses with deflate, without zlib's header",
        answering(_coded(zlib.compress(_BODY)[2:-4], "deflate")),
        _FINE,
        JSON,
    ),
    Row("gzip-bomb", "sends a gzip bomb of 64 MiB", answering(bomb(_64_MIB)), _BOMB),
    Row("deflate-bomb", "sends a deflate bomb of 64 MiB", answering(bomb(_64_MIB, "deflate")), _BOMB),
    Row("nested-bomb", "sends a gzip bomb in a gzip bomb", answering(_nested_bomb()), _BOMB),
    Row("br-unasked", "sends Brotli unasked, a bomb or not", answering(_coded(b"\x5b\xff\xff\x03\0", "br")), _CODING),
    Row(
        "zstd-unasked",
        "sends Zstandard unasked, a bomb or not",
        answering(_coded(b"\x28\xb5\x2f\xfd\0", "zstd")),
        _CODING,
    ),
    Row(
        "four-codings",
        "compresses four times",
        answering(_coded(_BODY, "gzip, gzip", "gzip, gzip")),
        (BAD, Reason.PROTOCOL, "the body is encoded more than 3 times"),
    ),
    Row(
        "damaged-gzip",
        "sends gzip that is damaged",
        answering(_coded(gzip.compress(_BODY)[:10] + b"\xff" * 20, "gzip")),
        (BAD, Reason.PROTOCOL, "the compressed body is damaged"),
    ),
    Row(
        "half-gzip",
        "sends gzip that ends early",
        answering(_coded(gzip.compress(_BODY)[:-9], "gzip")),
        (BAD, Reason.PROTOCOL, "the compressed body ends early"),
    ),
    Row(
        "plain-as-gzip",
        "says gzip, and sends plain text",
        answering(_coded(_BODY, "gzip")),
        (BAD, Reason.PROTOCOL, "the compressed body is damaged"),
    ),
    Row(
        "gzip-unsaid",
        "compresses, and does not say so",
        answering(answer(200, gzip.compress(_BODY))),
        _not_json("it is not UTF-8"),
        JSON,
    ),
)

DOCUMENTS = (
    Row("json", "sends what is expected", answering(OK), _FINE, JSON),
    Row("json-bom", "sends JSON with a byte order mark", answering(_json(b"\xef\xbb\xbf" + _BODY)), _FINE, JSON),
    Row("json-empty", "sends no body where JSON is expected", answering(_json(b"")), _not_json("it is empty"), JSON),
    Row(
        "json-html",
        "sends a page where JSON is expected",
        answering(answer(200, b"<html>")),
        _not_json("it does not follow the grammar"),
        JSON,
    ),
    Row(
        "json-trailing",
        "sends JSON, and more",
        answering(_json(_BODY + b"}")),
        _not_json("it does not follow the grammar"),
        JSON,
    ),
    Row(
        "json-twice",
        "sends a key twice",
        answering(_json(b'{"status": "ok", "status": "down"}')),
        _not_json("it holds a key twice"),
        JSON,
    ),
    Row(
        "json-nan",
        "sends NaN",
        answering(_json(b'{"status": "ok", "load": NaN}')),
        _not_json("it holds NaN or Infinity"),
        JSON,
    ),
    Row(
        "json-utf-16",
        "sends JSON in UTF-16",
        answering(_json('{"status": "ok"}'.encode("utf-16"))),
        _not_json("it is not UTF-8"),
        JSON,
    ),
    Row(
        "json-deep",
        "sends lists in lists, 20,000 deep",
        answering(_json(b"[" * 20_000 + b"]" * 20_000)),
        _not_json("it is nested too deeply"),
        JSON,
    ),
    Row(
        "json-many",
        "sends a list of 500,000 values",
        answering(_json(b"[" + b"1," * 500_000 + b"1]")),
        _not_json("it holds too many values"),
        JSON,
    ),
    Row(
        "json-long-number",
        "sends a number of 5,000 digits",
        answering(_json(b"1" * 5000)),
        _not_json("it holds a number that is too long"),
        JSON,
    ),
    Row(
        "json-elsewhere",
        "sends the value in another place",
        answering(_json(b'{"state": "ok"}')),
        (BAD, Reason.JSON, 'json status is missing, expected "ok"'),
        JSON,
    ),
    Row(
        "json-other",
        "sends another value",
        answering(_json(b'{"status": "down"}')),
        (BAD, Reason.JSON, 'json status is not "ok"'),
        JSON,
    ),
    Row(
        "json-other-type",
        "sends the value as another type",
        answering(_json(json.dumps({"status": ["ok"]}).encode())),
        (BAD, Reason.JSON, 'json status is not "ok"'),
        JSON,
    ),
)

ROWS = (*BODIES, *CODINGS, *DOCUMENTS)
