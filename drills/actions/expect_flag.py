"""The action `expect_flag`: fetches the signed flag and judges it by itself, as a reader at a door would.

- A document that can't be had is not measured: it was neither believed nor refused.
- Its floor is in memory, for as long as the step lasts: no older flag is believed after a newer one.
- An exercise must be this run's: another one's flag says nothing about this drill.
- It happened when we saw it: a flag may have been signed before, and nobody could read it yet.
"""

import json
from datetime import timedelta
from pathlib import Path
from typing import Final

from drills import credentials, stepfiles
from drills.actions.asked import document
from drills.actions.undoing import NOTHING_TO_TAKE_BACK
from drills.asking import JSON, Asker, Manner, Question, ours, place_of
from drills.model.found import Attempt, Found, Output
from drills.model.step import Status
from drills.ports import Tools
from drills.rules import fill
from drills.settings.actions.expect_flag import ANY, ExpectFlagStep
from glasswatch.errors import NotMeasured
from glasswatch.flag import disk, trust
from glasswatch.flag.document import CauseKind, Claims, FlagState, unix_ms
from glasswatch.flag.errors import Malformed, Refusal, Refused, TrustFault
from glasswatch.flag.floor import Floor
from glasswatch.flag.jws import FLAG_TYP, MAX_BYTES, open_
from glasswatch.flag.reader import Expectation, Judgement
from glasswatch.flag.selection import Question as Asked
from glasswatch.flag.selection import judge_all, sha256
from glasswatch.flag.strict import decode_base64url, loads

JOSE: Final = "application/jose"
_READ_SECONDS: Final = 10.0
_READ_WITHIN: Final = timedelta(seconds=12)
# What may be the fault of our own clock, and of no flag.
_OUR_OWN: Final = frozenset({Refusal.CLOCK_BEHIND, Refusal.ISSUED_LATER, Refusal.VER_AHEAD})


def make(step: ExpectFlagStep, tools: Tools) -> "ExpectFlagAction":
    """Return the action. Nothing is read yet."""
    return ExpectFlagAction(step, tools)


class ExpectFlagAction:
    """A `drills.ports.Action`."""

    def __init__(self, step: ExpectFlagStep, tools: Tools) -> None:
        self._step = step
        self._tools = tools
        self._asker = Asker(tools.clock)
        self._floor = Floor()

    async def act(self, attempt: Attempt) -> Found:
        """Read the flag once."""
        what = self._step.what
        raw = await self._document(attempt)
        believed = await stepfiles.aside(self._trust, "the trust file")
        expectation = Expectation(
            what.deployment or attempt.run.deployment,
            what.platform or attempt.run.platform,
            what.max_ttl,
            what.min_agreeing,
            what.principal,
        )
        now = self._tools.clock.now()
        answer = judge_all([raw], Asked(believed, expectation, now), self._floor)
        self._floor = answer.floor
        status, detail = self._judged(answer.judgement, attempt, unix_ms(now))
        return Found(status, detail, outputs=_outputs(raw), at=now)

    async def undo(self, attempt: Attempt) -> Found:
        """Nothing."""
        del attempt
        return NOTHING_TO_TAKE_BACK

    def _judged(self, judgement: Judgement, attempt: Attempt, now_ms: int) -> tuple[Status, str]:
        expect = self._step.expect
        if expect.refusal is not None:
            return _refusal(judgement, expect.refusal)
        if judgement.claims is None:
            return Status.FAILED, f"refused ({judgement.refusal}), expected {expect.state}: {judgement.reason}"
        if judgement.state is not expect.state:
            return Status.FAILED, f"the flag says {judgement.state}, expected {expect.state}"
        if judgement.state is FlagState.EXERCISE and attempt.run.id not in _runs(judgement.claims, now_ms):
            return Status.FAILED, "the flag says exercise, but not of this run"
        return Status.PASSED, f"the flag says {judgement.state}, version {judgement.claims.ver}"

    async def _document(self, attempt: Attempt) -> bytes:
        what = self._step.what
        if what.file is not None:
            file = what.file
            return await stepfiles.aside(lambda: self._from_file(file), f"{file}:", _READ_WITHIN)
        url = fill.url(what.url or "", attempt.values)
        headers = {
            **ours(attempt.run),
            "Accept": f"{JOSE}, {JSON};q=0.5",
            **await credentials.authorization(self._tools.secret, what.auth),
        }
        manner = Manner(await credentials.trust(what.tls.ca_file))
        heard = await self._asker.heard(Question("GET", url, headers), attempt.seconds, manner)
        place = place_of(url)
        if heard.status != 200:  # noqa: PLR2004 - OK
            raise NotMeasured(f"{place} answered with status {heard.status}, expected the flag")
        if not heard.body.lstrip().startswith(b"{"):
            return heard.body
        answer = document(heard, place)
        jws = answer.get("jws") if isinstance(answer, dict) else None
        if not isinstance(jws, str):
            raise NotMeasured(f"{place} answered with JSON that holds no flag: expected a member jws")
        return jws.encode("utf-8", "replace")

    def _from_file(self, file: Path) -> bytes:
        try:
            return disk.read(file, MAX_BYTES, self._tools.clock, _READ_SECONDS).data
        except (OSError, ValueError) as error:
            raise NotMeasured(f"{file}: can't be read: {getattr(error, 'strerror', None) or error}") from None

    def _trust(self) -> trust.Trust:
        path = self._step.what.trust or self._tools.settings.trust
        if path is None:
            raise NotMeasured("no trust file to judge the flag by: expected with.trust, or drill.trust in the settings")
        try:
            return trust.load(path, self._tools.clock)
        except TrustFault as fault:
            raise NotMeasured(str(fault)) from None


def _refusal(judgement: Judgement, wanted: str) -> tuple[Status, str]:
    found = judgement.refusal
    if found is None:
        return Status.FAILED, f"the flag is believed and says {judgement.state}, expected to be refused"
    if wanted == ANY and found in _OUR_OWN:
        return Status.NOT_MEASURED, f"not judged: {judgement.reason}"
    if wanted not in (ANY, found.value):
        return Status.FAILED, f"refused as {found}, expected {wanted}: {judgement.reason}"
    return Status.PASSED, f"refused as {found}: {judgement.reason}"


def _outputs(raw: bytes) -> tuple[Output, ...]:
    """Return what is kept: what a document says, and a flag itself, which anybody may have. Another may be a token."""
    said = Output("flag.json", _kept(raw))
    try:
        open_(raw, FLAG_TYP)
    except Refused:
        return (said,)
    return said, Output("flag.jws", raw, is_public=True)


def _kept(raw: bytes) -> bytes:
    """Return a document's hash, and what it says."""
    parts = raw.strip().split(b".")
    try:
        claims = loads(decode_base64url(parts[1])) if len(parts) > 1 else None
    except Malformed:
        claims = None
    kept = {"sha256": sha256(raw), "bytes": len(raw), "claims": claims}
    return json.dumps(kept, indent=1).encode()


def _runs(claims: Claims, now_ms: int) -> set[str | None]:
    return {cause.run for cause in claims.causes if cause.kind is CauseKind.EXERCISE and cause.counts(now_ms)}
