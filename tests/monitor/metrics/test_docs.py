import re
from pathlib import Path

from glasswatch.names import METRICS
from monitor.metrics.book import MetricsBook
from tests.support.watching import policy, probe_policy

REFERENCE = (Path(__file__).parents[3] / "docs" / "reference" / "metrics.md").read_text()


def test_every_metric_is_documented_as_it_is() -> None:
    """Type, labels and words of each metric in the reference are those of `names.METRICS`, and there are no others."""
    rows = re.findall(r"^\| `(jit_\w+)` \| (\w+) \| (.+?) \| (.+) \|$", REFERENCE, re.MULTILINE)
    documented = {name: (kind, tuple(re.findall(r"`(\w+)`", labels)), said) for name, kind, labels, said in rows}
    assert documented == {name: (each.kind.value, each.labels, each.help) for name, each in METRICS.items()}
    assert len(rows) == len(METRICS)


def test_every_name_in_the_text_exists() -> None:
    """No metric is spoken of that there isn't."""
    assert set(re.findall(r"\bjit_\w+", REFERENCE)) == set(METRICS)


def test_buckets_are_documented() -> None:
    """The bounds in the reference are those that are shown."""
    shown = MetricsBook([policy(probes=[probe_policy("portal", "sign_in")])], "0").render().decode()
    documented = re.findall(r"^\| `(\w+)` \| ([0-9., ]+) \|$", REFERENCE, re.MULTILINE)
    assert len(documented) == 3
    for name, bounds in documented:
        found = re.findall(rf'^{name}_bucket\{{.*le="([0-9.]+)"\}}', shown, re.MULTILINE)
        assert list(dict.fromkeys(map(float, found))) == [float(bound) for bound in bounds.split(",")]
