"""Probes: each makes one attempt and says what it found."""
