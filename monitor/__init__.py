"""The daemon: probe, outcome, verdict, outage, flag, page."""
