"""Durable state behind one writer thread."""
