"""Which refusal of a target is the one that a step must be met with."""

from collections.abc import Iterable
from dataclasses import dataclass

from drills.model.step import Status


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which refusal counts: whichever the target's is, where nothing is said. `at`: in which part of the step."""

    codes: tuple[str, ...] = ()
    at: str | None = None

    def judge(self, code: str, at: str, detail: str) -> tuple[Status, str]:
        """Return what a refusal is worth to who must be refused. Another says nothing of the one that counts."""
        if self.codes and code not in self.codes:
            return (
                Status.NOT_MEASURED,
                f"{detail}, which is not {listed(self.codes)}: whether that would come is not known",
            )
        if self.at is not None and at != self.at:
            return Status.NOT_MEASURED, f"{detail}, which came before the {self.at} that must be refused"
        return Status.PASSED, detail

    def line(self, whichever: str) -> str:
        """Return it as a plan says it; `whichever`: what counts where nothing is said, in words."""
        if not self.codes and self.at is None:
            return f", which must be refused; whichever refusal counts: {whichever}"
        codes = f" with {listed(self.codes)}" if self.codes else ""
        return f", which must be refused{codes}{f' at the {self.at}' if self.at else ''}"


ANY = Wanted()


def listed(codes: Iterable[str]) -> str:
    """Return codes in words."""
    *first, last = codes
    return f"{', '.join(first)} or {last}" if first else last
