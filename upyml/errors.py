"""What goes wrong with a model."""


class ModelError(ValueError):
    """A model file or an input that cannot be used; the text says what was found and what to do."""
