"""Writes ROMFS images: MicroPython's read-only file system, whose files are used where they lie in flash.

The format is MicroPython's (extmod/vfs_rom.c tells it): records of kind, length and payload, nested. A padding record before
a file puts its data on a boundary, so that a model's weights are aligned when they run in place.
"""

from __future__ import annotations

MAGIC = b"\xd2\xcd\x31"  # the kind of the record that the whole image is
PADDING, VERBATIM, DIRECTORY, FILE = 1, 2, 4, 5
LENGTH = 4  # bytes of every length that is not a padding's: fixed, so that places are known before contents


def build(files: dict[str, bytes], align: int = 16) -> bytes:
    """The image that holds these files.

    files: contents by path, folders with "/" between: "lib/upyml/__init__.mpy". align: bytes; every file's data starts
    on a multiple of it, a power of two, counted from the image's start. Raises ValueError for another align, for a path
    that no file system could hold, and for more than an image can hold.
    """
    if align < 1 or align & (align - 1):
        raise ValueError(f"files are aligned to a power of two, not to {align} bytes")
    image = bytearray(MAGIC + _uint(0, LENGTH))
    _directory(image, _tree(files), align)
    if len(image) % 2:
        image += _uint(PADDING) + _uint(1) + bytes(1)  # an image's length is even
    image[len(MAGIC) : len(MAGIC) + LENGTH] = _uint(len(image) - len(MAGIC) - LENGTH, LENGTH)
    return bytes(image)


def _tree(files: dict[str, bytes]) -> dict:
    """Names to contents, or to another such tree."""
    tree: dict = {}
    for path, content in files.items():
        *folders, name = path.split("/")
        place = tree
        for folder in folders:
            place = place.setdefault(folder, {})
            if not isinstance(place, dict):
                raise ValueError(f"{path}: {folder} is a file")
        if not all(folders) or not name or name in place:
            raise ValueError(f"{path!r}: expected names with / between, each file once")
        place[name] = bytes(content)
    return tree


def _directory(image: bytearray, tree: dict, align: int) -> None:
    """Adds the records of one folder's entries."""
    for name, content in sorted(tree.items()):
        title = name.encode()
        title = _uint(len(title)) + title
        if isinstance(content, dict):
            length = _open(image, DIRECTORY)
            image += title
            _directory(image, content, align)
            _close(image, length)
            continue
        # kind and length of the file's record, its name, kind and length of the data's record
        ahead = 1 + LENGTH + len(title) + 1 + LENGTH
        _pad(image, ahead, align)
        length = _open(image, FILE)
        image += title
        data = _open(image, VERBATIM)
        image += content
        _close(image, data)
        _close(image, length)


def _open(image: bytearray, kind: int) -> int:
    """Starts a record; the place of its length, for _close()."""
    image += _uint(kind) + _uint(0, LENGTH)
    return len(image) - LENGTH


def _close(image: bytearray, place: int) -> None:
    image[place : place + LENGTH] = _uint(len(image) - place - LENGTH, LENGTH)


def _pad(image: bytearray, ahead: int, align: int) -> None:
    """A padding record, where one is needed, so that what comes `ahead` bytes behind it is aligned."""
    missing = -(len(image) + ahead) % align
    if missing == 1:
        missing += align  # the smallest record has two bytes
    if missing:
        # As many bytes for the length as it needs, and they are missing from the padding itself.
        width = next(width for width in range(1, LENGTH + 1) if missing - 1 - width < 1 << 7 * width)
        size = missing - 1 - width
        image += _uint(PADDING) + _uint(size, width) + bytes(size)


def _uint(value: int, width: int = 1) -> bytes:
    """A number in base 128, highest digit first, the top bit set on all bytes but the last; at least `width` bytes."""
    digits = [value & 0x7F]
    while value := value >> 7:
        digits.insert(0, 0x80 | value & 0x7F)
    if width > 1 and len(digits) > width:
        raise ValueError("a ROMFS image holds less than 256 MB")
    return bytes([0x80] * (width - len(digits)) + digits)
