"""Passes: graph to graph, one file each."""
