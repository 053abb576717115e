"""docs/reference/flag.md says what documents and trust files hold."""

import json

from glasswatch.flag import document, order, trust
from glasswatch.flag.jws import FLAG_TYP, ORDER_TYP
from glasswatch.flag.order_reader import MAX_CHECKED
from glasswatch.flag.reader import MAX_TTL
from monitor.commands.flag.verify_options import OPTIONS
from monitor.model.verdict import FlagState
from tests.support.documents import REFERENCE, blocks, rows, section

TEXT = (REFERENCE / "flag.md").read_text()
CLAIMS = document.Claims(
    iss="prod/main",
    sub="payments",
    aud="prod/standby",
    iat=1,
    exp=2,
    ver=1,
    state=document.FlagState.STANDBY,
    causes=(),
    verdict="up",
    since=1,
    outage=None,
    vantages=document.Vantages(1, 1, 1),
    procedure=document.Procedure("https://wiki.example.com/", "0" * 64),
    change=0,
    prev=None,
    log=document.LogHead(0, "0" * 64),
)


def test_every_claim_has_its_row() -> None:
    """All claims, in the order in which they are written."""
    assert [cells[0] for cells in rows(section(TEXT, "Document"))] == [
        f"`{claim}`" for claim in document.payload(CLAIMS)
    ]


def test_every_claim_of_an_order_has_its_row() -> None:
    """All claims, in the order in which they are written; the type in the header and the longest life are told."""
    claims = order.payload(order.Order("prod", "p", "prod/ready", 1, 2, 1, document.FlagState.READY, "anna", None))
    text = section(TEXT, "Orders")
    assert [cells[0] for cells in rows(text)] == [f"`{claim}`" for claim in claims]
    assert f"`{ORDER_TYP}`" in text
    assert f"{order.MAX_LIFETIME.seconds // 3600} h after `iat` at most" in text
    told = " ".join(text.split())
    assert f"The first {order.MAX_FILE_BYTES >> 20} MiB of a file are read" in told
    assert f"{MAX_CHECKED} are checked" in told


def test_every_state_has_its_row() -> None:
    """The three of them."""
    assert [cells[0] for cells in rows(section(TEXT, "States"))] == [f"`{state}`" for state in FlagState]


def test_header_is_documented_as_it_is() -> None:
    """Exactly three members; `typ` is ours."""
    header = json.loads(blocks(TEXT, "json")[0])
    assert (header["alg"], header["typ"]) == ("EdDSA", FLAG_TYP)
    assert set(header) == {"alg", "typ", "kid"}


def test_every_member_of_a_trust_file_is_documented() -> None:
    """What a reader accepts there, and nothing else, is named."""
    text = section(TEXT, "Trust file")
    assert all(f"`{name}`" in text or f"keys[].{name}`" in text for name in trust._REQUIRED | trust._OPTIONAL)
    assert all(f"`{name}`" in text for name in trust._FILE_REQUIRED - {"keys"} | trust._FILE_OPTIONAL)
    assert all(f"`{role}`" in text for role in trust.KeyRole)


def test_every_option_of_the_reader_has_its_row() -> None:
    """All of them, in the order of their table."""
    named = [cells[0].strip("`") for cells in rows(section(TEXT, "`monitor flag verify`"))]
    assert named == ["DOCUMENT...", *(option.name for option in OPTIONS)]


def test_the_cap_on_lifetimes_is_documented() -> None:
    """Minutes, as the reader has them."""
    assert f"| `--max-ttl` | Longest life that is accepted, {MAX_TTL.seconds // 60}m unless said otherwise. |" in TEXT
