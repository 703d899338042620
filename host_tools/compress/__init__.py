"""Models that take less: what is done to a Keras model before, and while, it is converted."""
