"""The ground all packages stand on: clock, spans, settings, secrets, errors, names and the flag."""

__version__ = "0.1.0"
