"""Readers: one file format each, to a Graph."""
