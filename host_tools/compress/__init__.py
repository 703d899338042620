"""Smaller models: weights of few bits, training for them, and what helps to choose."""
