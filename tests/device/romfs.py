"""A model in ROMFS runs in place: romfs.py IMAGE MODEL. Prints the answer, and that RAM did not take the file too.

IMAGE is a ROMFS image that holds the file MODEL; where the runtime has no ROMFS the file itself is loaded.
"""

import gc
import sys

from _engine import ENGINE

import upyml

path = sys.argv[2]
size = 0
try:
    import vfs

    with open(sys.argv[1], "rb") as file:
        image = file.read()
    vfs.mount(vfs.VfsRom(image), "/rom")
    path = "/rom/" + path.split("/")[-1]
    size = len(image)
except ImportError:
    pass

model = upyml.load(path, ENGINE)
del model
gc.collect()
before = gc.mem_alloc() if size else 0
model = upyml.load(path, ENGINE)
model.predict([i / 64 for i in range(model.input_details[0].size)])
gc.collect()
after = gc.mem_alloc() if size else 0
print(list(model.output)[:10], after - before <= size // 4)
