"""Reading the settings file: every mistake at once, each with its place."""
