"""A model's bytes, engine, arena and numbers; what goes wrong here is said in one sentence."""

from array import array

from upyml.errors import ModelError

_EINVAL = 22


def read(source):
    """The file's bytes and what to call it. Maps the file in place where it can (ROMFS), else reads it into RAM."""
    if hasattr(source, "__fspath__"):
        source = source.__fspath__()
    if isinstance(source, str):
        return _file(source), source
    return _buffer(source), "the model"


def _buffer(source):
    """The bytes of a buffer that somebody else holds."""
    try:
        view = memoryview(source)
    except TypeError:
        raise ModelError("load() takes a path or a buffer, received %s" % type(source).__name__) from None
    if hasattr(view, "c_contiguous"):  # CPython; a memoryview of CircuitPython has cast() and no more
        if not view.c_contiguous:
            raise ModelError("load() takes a buffer in one piece, received a %s with gaps" % type(source).__name__)
        if view.readonly and view.nbytes and view.format in "bBhHiIlLqQ":
            return view.cast("B")
        return memoryview(bytes(view))  # the owner could write to it while the engine uses it
    if len(view) and len(bytes(view[:1])) != 1:
        raise ModelError("load() takes a buffer of bytes, received %s of larger elements" % type(source).__name__)
    # MicroPython moves a buffer that grows, and a view of it stays where it was: only the buffer itself shows that.
    return source if isinstance(source, (bytearray, array)) else view


def _file(path):
    """The bytes of a file."""
    if "\0" in path:
        raise OSError(_EINVAL, "cannot open the model: its path has a zero character in it")
    try:
        file = open(path, "rb")
    except OSError as error:
        raise OSError(error.args[0], "cannot open the model %s" % path) from None
    with file:
        try:
            return memoryview(file)
        except TypeError:
            pass  # not a file in flash
        try:
            size = file.seek(0, 2)
            file.seek(0)
            if not 0 <= size < 0x7FFFFFFF:  # what MicroPython says of a folder
                raise OSError(_EINVAL)
            data = bytearray(size)
            file.readinto(data)
        except OSError as error:
            raise OSError(error.args[0], "cannot open the model %s" % path) from None
        except MemoryError:
            text = "%s has %d bytes, which do not fit into RAM: put it into ROMFS" % (path, size)
            raise MemoryError(text) from None
        return memoryview(data)


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
    if version is None or isinstance(engine, str):
        raise ModelError("engine takes a module, as upyml._reference, received %r" % (engine,))
    if version != upyml.__version__:
        raise ModelError(
            "the engine %s is version %s, this upyml is %s: install both from one release"
            % (getattr(engine, "__name__", engine), version, upyml.__version__)
        )
    return engine


def check(data, name, engine):
    """The least arena the model needs, in bytes. Raises ModelError."""
    needed = engine.check(data)
    if needed < 0:
        from upyml.format.explain import explain

        raise ModelError("%s: %s" % (name, explain(needed, data)))
    return needed


def model_arena(least, planned, engine):
    """arena() of the size the model was planned for, with which it is fastest, or the least it needs; whole float32."""
    least, planned = (least + 3) & ~3, (planned + 3) & ~3
    if planned > least:
        try:
            return arena(planned, engine)
        except MemoryError:
            pass
    return arena(least, engine)


def arena(size, engine, what="the model"):
    """(zeroed arena of `size` bytes, the same as memoryview of int8). Raises MemoryError."""
    try:
        if hasattr(engine, "allocate"):
            memory = engine.allocate(size)
            return memory, memoryview(memory)
        memory = bytearray(size)
        return memory, engine.cast(memory, "b")
    except MemoryError:
        text = "%s needs %d bytes of RAM in one piece: free some, or use a smaller model" % (what, size)
        raise MemoryError(text) from None


def floats(count, what):
    """An array('f') of `count` numbers, whatever they are, taken in one piece. Raises MemoryError."""
    try:
        return array("f", range(count))  # bytes(4 * count) would take the memory twice
    except MemoryError:
        raise MemoryError("%s needs %d bytes of RAM in one piece: free some" % (what, 4 * count)) from None
