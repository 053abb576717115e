"""Alembic's place: read by it alone, and only when a schema is older than this version needs."""
