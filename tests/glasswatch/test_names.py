"""The names others rely on are well formed, and lead somewhere."""

import re

import pytest

from glasswatch.names import METRICS, SECTIONS, MetricKind
from glasswatch.settings.registry import model_of


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_follows_the_conventions(name: str) -> None:
    """Prefix, base units, `_total` for counters and for nothing else, and a help line."""
    metric = METRICS[name]
    assert re.fullmatch(r"jit_[a-z_]+[a-z]", name)
    assert name.endswith("_total") == (metric.kind is MetricKind.COUNTER)
    assert metric.kind is not MetricKind.HISTOGRAM or name.endswith("_seconds")
    assert len(set(metric.labels)) == len(metric.labels)
    assert re.fullmatch(r"[A-Z0-9][^\n]+\.", metric.help)


@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_leads_to_the_model_that_reads_it(section: str) -> None:
    """Each section is a field of the model it names."""
    assert section in model_of(SECTIONS[section]).model_fields


def test_every_field_of_a_script_is_a_section() -> None:
    """No script reads a section that the table does not know."""
    models = {model_of(target) for target in SECTIONS.values()}
    assert {field for model in models for field in model.model_fields} == set(SECTIONS)
