"""The journal of a run, and what stands beside it: written, signed, read back, verified."""
