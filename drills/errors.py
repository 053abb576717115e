"""What a drill raises on purpose.

GlasswatchError
├── DrillFault
│   ├── RunUnknown          2  no run of that name is there
│   ├── RunBusy             2  another process works on it
│   │   └── RunHeardOf      2  it was heard of elsewhere, a moment ago
│   ├── WaitCutShort        5  what was to be waited for was not
│   ├── JournalUnreadable   3  it is no journal, or not of this version
│   ├── JournalDamaged      1  it is a journal, and not as it was written
│   ├── JournalBehind       1  somebody elsewhere was told of more than it holds
│   ├── TemplateFault       3  a template, or a table of controls, can't be used
│   ├── PdfUnavailable      2  what makes a PDF is not installed
│   ├── NotApproved         1  nobody who may has signed the scenario as it stands
│   │   └── LeftToAPerson   6  and a run left something behind that nothing else could take back
│   └── RequestRefused      1  the monitor, or the witness, says no in its own words
├── NotMeasured             4  whoever was asked gave no answer
│   └── AskedToWait         4  whoever was asked wants to be asked later, and says when
└── EvidenceUnwritable      7  the journal can't be written
"""

from typing import Final

from glasswatch.errors import ExitCode, GlasswatchError, NotMeasured

NO_SUCH: Final = "no_such"
"""The monitor's code for what it does not know."""
NOT_POSSIBLE: Final = "not_possible"
"""The monitor's code for what can't be so beside what it was told before."""


class DrillFault(GlasswatchError):
    """Any fault of a drill's own."""


class RunUnknown(DrillFault):
    """No run of that name stands in the evidence directory."""

    exit_code = ExitCode.USAGE


class RunBusy(DrillFault):
    """Another process works on the run."""

    exit_code = ExitCode.USAGE


class RunHeardOf(RunBusy):
    """Another process may be at work on the run: whoever is told of it heard of it. `seconds`: how long to wait."""

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


class WaitCutShort(DrillFault):
    """A person or a signal ended a wait, before anything was done."""

    exit_code = ExitCode.INTERRUPTED


class JournalUnreadable(DrillFault):
    """What should be a journal can't be read as one."""

    exit_code = ExitCode.INVALID


class TemplateFault(DrillFault):
    """A template for a report can't be read, or asks for what is not there."""

    exit_code = ExitCode.INVALID


class PdfUnavailable(DrillFault):
    """What makes a PDF is not installed: the extra, or the system's libraries below it."""

    exit_code = ExitCode.USAGE


class JournalDamaged(DrillFault):
    """The journal was changed after it was written."""

    exit_code = ExitCode.FINDING


class JournalBehind(DrillFault):
    """The run went on after this journal of it was copied."""

    exit_code = ExitCode.FINDING


class NotApproved(DrillFault):
    """The scenario, as it stands, was not signed by a second person."""

    exit_code = ExitCode.FINDING


class LeftToAPerson(NotApproved):
    """A run left something behind, and its scenario is not what was signed: only a person can take it back."""

    exit_code = ExitCode.RESIDUE


class AskedToWait(NotMeasured):
    """Whoever was asked has no answer now, and says for how many seconds not to ask again."""

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


class RequestRefused(DrillFault):
    """The monitor or the witness refused: its code, and its own words."""

    exit_code = ExitCode.FINDING

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code

    @property
    def is_of_no_such(self) -> bool:
        """Whether what was asked about is not known there."""
        return self.code == NO_SUCH

    @property
    def is_against_what_was_told(self) -> bool:
        """Whether somebody told it otherwise before: of a journal's head, another process that works on the run."""
        return self.code == NOT_POSSIBLE
