"""`monitor flag trust`: looking at a trust file, and changing it."""
