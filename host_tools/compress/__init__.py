"""Smaller models: pruning, fine quantization, and the search for both."""
