"""Settings of drills: the section `drill` of the settings file, and scenarios."""
