"""Where people's answers to manual steps arrive: on the run's own terminal, or from another with `drill confirm`.

- Both are asked at once, and the first answer counts. What is said goes on record with whose login said it, and a file
  that is handed in is kept beside the journal.
- Without a terminal nobody is asked here: only `drill confirm` can answer.
- A terminal that is gone answers nothing any more.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from drills.model.event import Confirmed, Event, KeptOutput
from drills.model.found import Output
from drills.runner import requests
from drills.runner.requests import Word
from drills.runner.steady import let_go, spawn


class Dialog(Protocol):
    """A person at this terminal."""

    async def answer(self, step: str, ask: str) -> Word:
        """Ask, until there is an answer. It may never come."""
        ...


@dataclass(slots=True)
class Ledger:
    """Where answers are written down: made with the run, which comes after what it asks with."""

    write: Callable[[Event], Awaitable[object]] | None = None
    keep: Callable[[Output], Awaitable[KeptOutput]] | None = None


class Answers:
    """`drills.ports.Confirmations` of one run. `dialog` None: nobody is asked here."""

    def __init__(self, directory: Path, ledger: Ledger, say: Callable[[str], None], dialog: Dialog | None) -> None:
        self._directory = directory
        self._ledger = ledger
        self._say = say
        self._dialog = dialog

    async def answer(self, step: str, ask: str, within_seconds: float) -> Confirmed | None:
        """Return what a person says; None when the time is over."""
        self._say(f"{step} waits for a person: {ask}")
        self._say(f"  answer with: drill confirm {self._directory.name} {step} --person NAME --yes|--no")
        tasks = [spawn(self._elsewhere(step))]
        if self._dialog is not None:
            tasks.append(spawn(self._here(step, ask, self._dialog)))
        try:
            done, _ = await asyncio.wait(tasks, timeout=within_seconds, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task in done:
                    return task.result()
            return None
        finally:
            await let_go(*tasks)

    async def _elsewhere(self, step: str) -> Confirmed:
        look = requests.Looking()
        while True:
            found = await look.at(lambda: requests.said(self._directory, step))
            if found is not None:
                return await self._confirmed(step, *found)
            await asyncio.sleep(requests.EVERY)

    async def _here(self, step: str, ask: str, dialog: Dialog) -> Confirmed:
        word = await dialog.answer(step, ask)
        return await self._confirmed(step, word, None, requests.own_login())

    async def _confirmed(self, step: str, word: Word, content: bytes | None, login: str) -> Confirmed:
        digest, kept = "", None
        if content is not None and self._ledger.keep is not None:
            digest = hashlib.sha256(content).hexdigest()
            kept = await self._ledger.keep(Output(f"{step}-{word.file}", content))
        file = kept.file if kept is not None else ""
        confirmed = Confirmed(step, word.person, word.is_yes, word.note, file, digest, login, kept)
        if self._ledger.write is not None:
            await self._ledger.write(confirmed)
        return confirmed
