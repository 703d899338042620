"""What the host tools tell a user who asked for something that cannot be done."""


class ConversionError(ValueError):
    """A model, or the data given with it, cannot become a .upm file.

    The message is one or two sentences: what was met and where (the layer's or op's name), why it stops the
    conversion, and what to use instead. Nothing has been written when it is raised.
    """


class GraphError(AssertionError):
    """A pass left something that no later pass can trust."""
