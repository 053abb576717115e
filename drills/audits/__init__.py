"""Logs and SIEMs that `expect_audit` looks into: each returns the entries that name the run, and decides nothing."""
