"""Loaded by `make fuzz`: property tests try twenty times as many examples as usual, others each time."""

from hypothesis import settings

settings.register_profile("fuzz", max_examples=2000, deadline=None, print_blob=True)
settings.load_profile("fuzz")
