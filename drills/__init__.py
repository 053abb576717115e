"""Break-glass drills: scenario, plan, run, journal, verdict, report."""
