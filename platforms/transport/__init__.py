"""One connection to one server: resolved, connected, encrypted, spoken to, with each phase timed."""
