"""Reports of a run: the same view as HTML, Markdown, JSON and JUnit XML."""
