import pytest

from monitor.web.asking import media
from monitor.web.refused import Refused

OFFERED = ("application/json", "application/jose")


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ([], "application/json"),
        ([""], "application/json"),
        (["*/*"], "application/json"),
        (["application/*"], "application/json"),
        (["application/jose"], "application/jose"),
        (["APPLICATION/JOSE"], "application/jose"),
        (["text/html, application/jose"], "application/jose"),
        (["application/json;q=0.5, application/jose"], "application/jose"),
        (["application/jose;q=0.9, application/json"], "application/json"),
        (["application/jose, */*;q=0.1"], "application/jose"),
        (["application/json;q=0, */*"], "application/jose"),
        (["text/html", "application/jose;q=0.2"], "application/jose"),
        (["application/jose; q=nan, application/json;q=0.001"], "application/json"),
        (["application/jose;charset=utf-8"], "application/jose"),
    ],
)
def test_the_form_wanted_most_is_chosen(accept: list[str], chosen: str) -> None:
    """Exact types, ranges and weights decide; the first of ours where they leave it open."""
    assert media(accept, OFFERED) == chosen


@pytest.mark.parametrize("accept", ["text/html", "application/json;q=0", "text/*", ";", "application/json;q=2"])
def test_a_form_we_lack_is_refused(accept: str) -> None:
    """What leaves out both forms, or can't be read, gets neither."""
    with pytest.raises(Refused) as refused:
        media([accept], OFFERED)
    assert refused.value.code == "not_acceptable"
