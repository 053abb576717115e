"""Reports on availability, as text, tables and pages; and the writing of them when a period is over."""
