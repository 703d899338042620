"""A model in ROMFS runs in place: romfs.py IMAGE MODEL. Prints the answer, and that RAM did not take the file too.

IMAGE is a ROMFS image that holds the file MODEL; where the runtime has no ROMFS the file itself is loaded.
"""

import gc
import sys

from _engine import ENGINE

import upyml


def content(path):
    """A file's bytes: in place where it lies in flash."""
    with open(path, "rb") as file:
        try:
            return memoryview(file)
        except TypeError:
            return file.read()


path = sys.argv[2]
size = 0
try:
    import vfs

    image = content(sys.argv[1])
    vfs.mount(vfs.VfsRom(image), "/image")
    path = "/image/" + path.split("/")[-1]
    size = len(image)
except (ImportError, AttributeError):
    pass

model = upyml.load(path, ENGINE)
del model
gc.collect()
before = gc.mem_alloc() if size else 0
model = upyml.load(path, ENGINE)
model.predict([i / 64 for i in range(model.input_details[0].size)])
gc.collect()
after = gc.mem_alloc() if size else 0
print(list(model.output)[:10], after - before <= size // 2)
