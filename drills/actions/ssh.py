"""The action `ssh`: logs in by key or certificate, and judges whether sshd let it in, and how what ran there ended.

What `drills.rules.login` can't tell is not measured: a dead or hanging host, another host than it should be, a key
that can't be used. With `refused`, sshd's own refusal passes; or that of what runs behind it, by its stated statuses.
"""

from datetime import timedelta

from drills import sshing, stepfiles, tethered
from drills.actions import printed
from drills.actions.undoing import NOTHING_TO_TAKE_BACK, unknown
from drills.model.found import Attempt, Found, Output
from drills.model.step import Status
from drills.ports import Tools
from drills.rules import fill
from drills.rules.login import Door, taken
from drills.settings.actions.ssh import OWN_STATUS, SshStep, SshWithSettings
from glasswatch import programs, visible
from glasswatch.errors import NotMeasured


def make(step: SshStep, tools: Tools) -> "SshAction":
    """Return the action. Nobody is asked, no file is read."""
    return SshAction(step, tools)


class SshAction:
    """A `drills.ports.Action`."""

    def __init__(self, step: SshStep, tools: Tools) -> None:
        self._step = step
        self._tools = tools

    async def act(self, attempt: Attempt) -> Found:
        """Log in once."""
        what, clock = self._step.what, self._tools.clock
        seconds = min(attempt.seconds, what.timeout.total_seconds())
        ends_at = clock.monotonic() + seconds
        place = f"{what.user}@{what.host}"
        try:
            login, marked = await self._login(attempt, ends_at)
            ended, log = await sshing.login(login, attempt.run.id, max(0.0, ends_at - clock.monotonic()))
        except TimeoutError:
            raise NotMeasured(f"{place}: it did not end within {seconds:g} s, and was killed") from None
        status, detail = self._worth(ended, log)
        outputs = (*printed.outputs_of(ended.stdout, ended.stderr), Output("ssh.log", log.encode()))
        detail = f"{place}: {detail}{marked}"
        if status is not Status.PASSED or self._step.refused:
            return Found(status, detail, outputs=outputs)
        return printed.captured(self._step.capture, ended.stdout, detail, outputs)

    async def undo(self, attempt: Attempt) -> Found:
        """Say what is left: of a login nothing, of a command only its author knows."""
        del attempt
        return unknown("what was run there") if self._step.what.command else NOTHING_TO_TAKE_BACK

    async def _login(self, attempt: Attempt, ends_at: float) -> tuple[sshing.Login, str]:
        what = self._step.what
        certificate = await stepfiles.text(what.certificate, "the certificate") if what.certificate else None
        marked = ""
        if what.mint is not None:
            mint = self._mint(attempt)
            certificate = await sshing.minted(mint, lambda: max(0.0, ends_at - self._tools.clock.monotonic()))
            marked = f"; its certificate has the serial {mint.serial} and the id {visible.line(mint.key_id)}"
        login = sshing.Login(
            ssh=str(what.program) if what.program else tethered.found("ssh"),
            host=what.host,
            port=what.port,
            user=what.user,
            key=what.key,
            known_hosts=await _known_hosts(what),
            certificate=certificate,
            command=fill.argv(what.command, attempt.values),
        )
        return login, marked

    def _mint(self, attempt: Attempt) -> sshing.Mint:
        what, mint = self._step.what, self._step.what.mint
        if mint is None:
            raise RuntimeError("the step makes no certificate")
        return sshing.Mint(
            keygen=tethered.found("ssh-keygen"),
            ca=mint.ca,
            key=what.key,
            key_id=_line(fill.put(mint.key_id, attempt.values)),
            principals=mint.principals,
            serial=sshing.serial_of(attempt.run.id),
            minutes=-(-mint.valid_for // timedelta(minutes=1)),
        )

    def _worth(self, ended: tethered.Ended, log: str) -> tuple[Status, str]:
        found = taken(log, by_certificate=self._step.what.has_certificate)
        if ended.left:
            return Status.NOT_MEASURED, f"ssh left processes that can't be ended: {printed.listed(ended.left)}"
        if found.door is Door.UNKNOWN or ended.status < 0:
            return Status.NOT_MEASURED, f"{found.why} ({programs.how_it_ended(ended.status)})"
        if found.door is Door.REFUSED:
            return (Status.PASSED if self._step.refused else Status.FAILED), f"refused: {found.why}"
        return self._let_in(ended) if self._step.refused else self._ran(ended)

    def _ran(self, ended: tethered.Ended) -> tuple[Status, str]:
        """Return what it is worth how the command ended."""
        if ended.status == OWN_STATUS:
            return Status.NOT_MEASURED, "let in, but the connection broke, or what ran there ended with 255"
        how = f"let in, and {programs.how_it_ended(ended.status)}"
        if ended.status not in self._step.expect.status:
            return Status.FAILED, f"{how}, expected {self._stated}"
        objection = printed.objection(self._step.expect, ended.stdout)
        return (Status.FAILED, f"{how}, but {objection}") if objection else (Status.PASSED, how)

    def _let_in(self, ended: tethered.Ended) -> tuple[Status, str]:
        """Return what it is worth that sshd let somebody in who had to be refused."""
        how = programs.how_it_ended(ended.status)
        if self._step.is_refused_by_sshd:
            return Status.FAILED, f"let in: {how}, expected sshd to refuse"
        if ended.status not in self._step.expect.status:
            status = Status.FAILED if ended.status == 0 else Status.NOT_MEASURED
            return status, f"let in by sshd, and {how}, expected to be refused there with {self._stated}"
        objection = printed.objection(self._step.expect, ended.stdout)
        if objection:
            return Status.NOT_MEASURED, f"let in by sshd, and {how}, but {objection}: whose refusal it is can't be told"
        return Status.PASSED, f"let in by sshd, and refused there: {how}"

    @property
    def _stated(self) -> str:
        return " or ".join(str(each) for each in self._step.expect.status)


async def _known_hosts(what: SshWithSettings) -> str:
    if what.known_hosts is not None:
        return await stepfiles.text(what.known_hosts, "the file of known hosts")
    keys = what.host_keys or what.host_ca
    return sshing.pinned(what.host, what.port, keys, are_authorities=bool(what.host_ca))


def _line(text: str) -> str:
    if not text or not (text.isascii() and text.isprintable()):
        raise fill.Unfillable("a value is nothing that a certificate's key id can hold: expected printable ASCII")
    return text
