"""What a step can do: one module for each action."""
