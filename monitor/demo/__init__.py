"""The demonstration: a simulated platform, a page receiver and the daemon, as processes."""
