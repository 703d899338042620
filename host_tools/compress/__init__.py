"""Models that take less: what is done to a Keras model before it is converted."""
