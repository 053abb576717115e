"""Settings of what goes through a platform: the steps of a journey, in a probe or in a drill."""
