"""The records of a .upm file, and what a board needs to load one; layout.py has the rest of the table.

All numbers are little-endian; a record is a tuple of (field, struct code) without gaps, so a field's place is the size of
what stands before it. Apart from layout.py because of the heap: the fields of every op and the words for every error
are asked for only when something is to be explained, or when no engine in C is there.
"""

HEADER = (
    ("magic", "4s"),
    ("format_version", "H"),
    ("header_size", "H"),
    ("file_size", "I"),
    ("crc32", "I"),  # of the whole file but these four bytes
    ("engine_version", "H"),
    ("flags", "H"),  # reserved, 0
    ("state_size", "I"),  # bytes at the start of the arena that survive from run to run
    ("arena_size", "I"),  # bytes of activations and scratch the plan was made for; 0: the least that will do
    ("tensor_count", "H"),
    ("op_count", "H"),
    ("input_count", "B"),
    ("output_count", "B"),
    ("vector_count", "H"),
    ("tensors", "I"),
    ("ops", "I"),
    ("links", "I"),  # u16 tensor numbers: the model's inputs, its outputs, then each op's
    ("link_count", "I"),
    ("data", "I"),
    ("data_size", "I"),
    ("metadata", "I"),
    ("metadata_size", "I"),
    ("vectors", "I"),
    ("signature", "I"),
    ("signature_size", "I"),
)

TENSOR = (
    ("kind", "B"),
    ("dtype", "B"),
    ("rank", "B"),
    ("ring_rows", "B"),  # 0: the whole tensor; R: room for R rows, row r lies in slot r modulo R
    ("offset", "I"),  # ARENA, STATE: from the area's start; CONSTANT: from the file's; CALLER: place among the inputs
    ("shape", "4I"),  # the first `rank` count, the rest are 1
    ("scale", "f"),
    ("zero_point", "i"),
)

OP = (
    ("opcode", "B"),
    ("order", "B"),
    ("input_count", "B"),
    ("output_count", "B"),
    ("links", "H"),  # place of the first input in the links; the outputs follow the inputs
    ("fused", "B"),  # ops in the fused group that starts here; 0: none does
    ("strip", "B"),  # most rows the op makes at a time in its group; 0: it is in none
    ("top", "I"),  # first byte of the activation area above everything live during the op
    ("params", "52s"),  # the op's own fields, see OPS; the rest is 0
)

# What an op's activations are in the tensor table.
KINDS = ("ARENA", "CONSTANT", "STATE", "CALLER")
ARENA, CONSTANT, STATE, CALLER = range(4)

# Number types: name, bytes an element, the type code of array and struct.
DTYPES = (("INT8", 1, "b"), ("UINT8", 1, "B"), ("INT16", 2, "h"), ("INT32", 4, "i"), ("FLOAT32", 4, "f"))
INT8, UINT8, INT16, INT32, FLOAT32 = range(5)
