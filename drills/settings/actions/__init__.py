"""The settings of each action's step."""
