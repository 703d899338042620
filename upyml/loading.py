"""A model's bytes, engine and arena; what goes wrong here is said in one sentence."""

from upyml.errors import ModelError


def read(source):
    """The file's bytes and what to call it. Maps the file in place where it can (ROMFS), else reads it into RAM."""
    if hasattr(source, "__fspath__"):
        source = source.__fspath__()
    if not isinstance(source, str):
        try:
            return memoryview(source), "the model"
        except TypeError:
            raise ModelError("load() takes a path or a buffer, received %s" % type(source).__name__) from None
    try:
        file = open(source, "rb")
    except OSError as error:
        raise OSError(error.args[0], "cannot open the model %s" % source) from None
    with file:
        try:
            return memoryview(file), source
        except TypeError:
            pass  # not a file in flash
        size = file.seek(0, 2)
        file.seek(0)
        try:
            data = bytearray(size)
        except MemoryError:
            text = "%s has %d bytes, which do not fit into RAM: put it into ROMFS" % (source, size)
            raise MemoryError(text) from None
        file.readinto(data)
        return memoryview(data), source


def choose(engine):
    """The engine's module: the given one, else `_upyml`, else the one in Python."""
    if engine is None:
        try:
            import _upyml as engine
        except ImportError:
            import upyml._reference as engine
        except ValueError as error:  # MicroPython says so of a native module made for something else
            text = "the engine _upyml.mpy is not made for this board and this MicroPython (%s): install the one that is"
            raise ModelError(text % error) from None
    import upyml

    version = getattr(engine, "VERSION", None)
    if version != upyml.__version__:
        raise ModelError(
            "the engine %s is version %s, this upyml is %s: install both from one release"
            % (getattr(engine, "__name__", engine), version, upyml.__version__)
        )
    return engine


def check(data, name, engine):
    """Bytes of arena the model needs. Raises ModelError."""
    needed = engine.check(data)
    if needed < 0:
        from upyml.format.explain import explain

        raise ModelError("%s: %s" % (name, explain(needed, data)))
    return needed


def arena(size, engine):
    """(zeroed arena, the same as memoryview of int8): `size` bytes or up to three more. Raises MemoryError."""
    size = (size + 3) & ~3  # whole float32
    try:
        if hasattr(engine, "allocate"):
            memory = engine.allocate(size)
            return memory, memoryview(memory)
        memory = bytearray(size)
        return memory, engine.cast(memory, "b")
    except MemoryError:
        text = "the model needs %d bytes of RAM in one piece: free some, or use a smaller model" % size
        raise MemoryError(text) from None
