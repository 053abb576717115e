"""Exercises: a platform's probes once more, on a network that leads nowhere, for a drill."""
