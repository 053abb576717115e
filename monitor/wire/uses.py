"""Uses of break-glass on the wire: what readers report, what people say, and what is answered.

Text from readers is shown to people: it holds no character that can't be seen.
"""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from monitor.wire.bodies import Body
from monitor.wire.queries import Query
from monitor.wire.shape import Instant, Shape

DecisionWord = Literal["allowed", "refused"]
ViaWord = Literal["flag", "order", "override", "unknown"]
JudgedStateWord = Literal["standby", "exercise", "ready"]
JudgementWord = Literal["expected", "exercise", "unexpected", "unreported", "refused", "locked_out"]
ClassWord = Literal["drill", "real", "misuse"]
HappeningWord = Literal[
    "reported", "found", "joined", "unreported", "noted", "reminded", "classed", "rotated", "closed"
]

VISIBLE = r"^[^\p{C}\p{Zl}\p{Zp}]+$"
ID = r"^[A-Za-z0-9._:-]{1,128}$"
LONGEST_NAME = 128
LONGEST_TARGET = 255
LONGEST_NOTE = 1000

_Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME, pattern=VISIBLE)]


class ReportBody(Body):
    """One attempt at break-glass, as a reader tells it."""

    id: Annotated[
        str, Field(pattern=ID, description="1 to 128 of A-Z a-z 0-9 . _ : -, made by the reader, unique to the attempt")
    ]
    platform: Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9_-]{0,62})$", description="the name of a platform")]
    reader: Annotated[_Name, Field(description="the reader's name such as ssh:bastion-1, at most 128 characters")]
    at: Annotated[Instant, Field(description="when it happened, a time such as 2026-03-01T03:00:00Z")]
    person: Annotated[_Name | None, Field(description="whose access it was, at most 128 characters, or null")] = None
    second: Annotated[
        _Name | None,
        Field(description="the second person of a two-person way past a reader, at most 128 characters, or null"),
    ] = None
    login: Annotated[
        _Name | None,
        Field(description="the account it was started from, where names were typed, at most 128 characters, or null"),
    ] = None
    target: Annotated[
        str,
        Field(
            min_length=1,
            max_length=LONGEST_TARGET,
            pattern=VISIBLE,
            description="what the access was to, at most 255 characters",
        ),
    ]
    decision: Annotated[DecisionWord, Field(description="allowed or refused")]
    via: Annotated[ViaWord, Field(description="flag, order, override or unknown")]
    state: Annotated[
        JudgedStateWord | None, Field(description="what the reader judged: ready, exercise, standby or null")
    ] = None
    ver: Annotated[int | None, Field(ge=0, le=2**63 - 1, description="the version of the document judged, or null")] = (
        None
    )
    code: Annotated[
        str | None, Field(pattern=r"^[A-Za-z0-9._:-]{1,64}$", description="the code of a refusal, or null")
    ] = None
    run: Annotated[_Name | None, Field(description="the run of the drill it belongs to, or null")] = None
    note: Annotated[
        str, Field(max_length=LONGEST_NOTE, description="what else there is to say, at most 1,000 characters")
    ] = ""


class ClassBody(Body):
    """What a person says of a use."""

    model_config = ConfigDict(serialize_by_alias=True)

    kind: Annotated[
        ClassWord | None, Field(alias="class", description="drill, real, misuse, or null where only rotated is said")
    ] = None
    rotated: Annotated[bool, Field(description="true once the credential was rotated")] = False
    note: Annotated[str, Field(max_length=LONGEST_NOTE, description="why, at most 1,000 characters")] = ""

    @model_validator(mode="after")
    def something_is_said(self) -> "ClassBody":
        """Nothing at all is a mistake."""
        if self.kind is None and not self.rotated:
            raise ValueError("expected class, or rotated: true, or both")
        return self


class UsesQuery(Query):
    """Which uses are asked for."""

    platform: Annotated[str | None, Field(min_length=1, max_length=63, description="the name of a platform")] = None
    open: Annotated[bool | None, Field(description="true or false")] = None
    since: Annotated[Instant | None, Field(description="a time such as 2026-03-01T03:00:00Z")] = None
    limit: Annotated[int, Field(ge=1, le=1000, description="a whole number from 1 to 1000")] = 100


class SaidAnswer(Shape):
    """What a person said of a use."""

    by: str
    at: Instant
    note: str


class ClassingAnswer(SaidAnswer):
    """What a person says that a use was."""

    kind: ClassWord


class UseAnswer(Shape):
    """One use of break-glass, or one attempt that was refused."""

    id: str
    platform: str
    at: Instant
    """When it happened, as it was told."""
    received_at: Instant
    decision: DecisionWord
    person: str | None
    second: str | None
    """The second person of a two-person way past a reader."""
    login: str | None
    """The account it was started from, where the names were typed."""
    target: str
    judgement: JudgementWord
    critical: bool
    why: str
    open: bool
    """People still have to say something of it."""
    reader: str | None
    """Null: no reader reported it."""
    report: str | None
    """The id that its reader gave it, where that is another."""
    via: ViaWord | None
    state: JudgedStateWord | None
    ver: int | None
    code: str | None
    run: str | None
    reader_note: str
    watcher: str | None
    """Which watcher found it in a log; null: none did."""
    classing: ClassingAnswer | None
    rotation: SaidAnswer | None
    closed_at: Instant | None
    note: str
    """What the monitor noticed later and nobody was woken for."""


class UsesAnswer(Shape):
    """Uses, newest received first."""

    uses: tuple[UseAnswer, ...]


class UseEvent(Shape):
    """A use was told of, joined, classed, closed, or turned out critical."""

    happening: HappeningWord
    use: UseAnswer
