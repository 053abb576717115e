from monitor.model.lockout import LockoutCode
from tests.support.documents import ROOT, headings


def test_each_finding_has_its_section() -> None:
    """What is found can be looked up, and nothing is described that isn't found."""
    text = (ROOT / "docs/guide/lockout.md").read_text()
    assert {each.strip("`") for each in headings(text) if each.startswith("`")} == {code.value for code in LockoutCode}
