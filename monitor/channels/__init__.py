"""Ways to deliver a page."""
