"""Engine: a model's ops bound to the kernels that this runtime runs best."""

import struct

from upyml._reference import backend, edges
from upyml._reference.casting import cast
from upyml.format import decode, layout

# Ops whose kernels read each element before they write its place: they need no copy when they work in place.
_ELEMENTWISE = (
    layout.ADD,
    layout.SUB,
    layout.MUL,
    layout.TABLE,
    layout.SOFTMAX,
)


class Tensor:
    """One tensor: `data` is its bytes as int8 (a memoryview), whatever its type.

    place: where they lie in the arena, if they are worked out apart from it (see apart()), else None.
    """

    def __init__(self, model, head, number, arena):
        record = decode.tensor(model, head, number)
        self.dtype = record["dtype"]
        self.shape = record["shape"]
        self.size = decode.elements(self.shape)
        self.width = layout.DTYPES[self.dtype][1]
        self.zero_point = record["zero_point"]
        # The scale's bits: a float of CircuitPython has only 30.
        self.scale = struct.unpack_from("<I", model, head["tensors"] + number * decode.TENSOR_SIZE + 24)[0]
        self.constant = record["kind"] == layout.CONSTANT
        self.caller = record["kind"] == layout.CALLER
        self.array = None  # for the NumPy kernels
        self.place = None
        self.ring_rows = record["ring_rows"]
        first, nbytes = record["offset"], decode.nbytes(record)
        if self.constant:
            self.data = backend.signed(model[first : first + nbytes])
            return
        if record["kind"] == layout.CALLER:
            self.data = None  # until bind()
            return
        if record["kind"] == layout.ARENA:
            first += head["state_size"]
        self.data = arena[first : first + nbytes]

    def apart(self):
        """Room for the whole tensor outside the arena, for a fused group: it may hold a few rows, or lie over an input."""
        self.place = self.data
        self.data = backend.signed(bytes(self.size * self.width))

    def take(self):
        """What the arena holds before the group: a state that the group changes."""
        if not self.ring_rows:
            self.data[:] = self.place

    def settle(self, made):
        """The arena's bytes as they are after the group, which makes the first `made` rows."""
        height = self.shape[0]
        rows = self.ring_rows or height
        row = len(self.data) // height
        for y in range(max(0, made - rows), made):
            slot = y % rows * row
            self.place[slot : slot + row] = self.data[y * row : (y + 1) * row]

    def image(self):
        """(height, width, channels); what is missing at the front is 1."""
        return ((1, 1) + tuple(self.shape))[-3:]


class Step:
    """One op: its kernel, tensors and parameters; `cache` is the kernel's own."""

    def __init__(self, kernel, x, y, params):
        self.kernel = kernel
        self.x = x
        self.y = y
        self.params = params
        self.group = 0  # number of the last op of its fused group
        self.made = 0  # rows that op makes there
        self.copy = False
        self.cache = None


class Engine:
    """A model in an arena.

    model: bytes of a .upm file; arena: writable buffer of at least check(model) bytes. `kernels` is "numpy", "ulab" or
    "plain", the best there is by default. Raises ValueError(code) where the file may not run.
    """

    def __init__(self, model, arena, kernels=None):
        from upyml.format import check

        self._source = model
        self._callers = {}
        self._size = len(model)
        model = memoryview(model)
        needed = check.check(model, False)
        if needed < 0:
            raise ValueError(needed)
        arena = cast(arena, "b")
        if len(arena) < needed:
            raise ValueError(-1 - [name for name, _ in layout.ERRORS].index("ARENA"))
        head = decode.header(model)
        self._model = model
        kernels = kernels or backend.best()
        tensors = {}  # by number, those that something links to: the check does not look where the others lie

        def linked(numbers):
            for number in numbers:
                if number not in tensors:
                    tensors[number] = Tensor(model, head, number, arena)
            return [tensors[number] for number in numbers]

        self._inputs = linked(decode.inputs(model, head))
        self._outputs = linked(decode.outputs(model, head))
        self._steps = []
        group = 0
        for number in range(head["op_count"]):
            op = decode.op(model, head, number)
            group = max(group, number + op["fused"] - 1)
            kernel = backend.kernel(layout.OPS[op["opcode"]][0], kernels)
            step = Step(kernel, linked(op["inputs"]), linked(op["outputs"])[0], op["params"])
            # The reference works out a whole output before it writes over its input: any order then gives the same.
            forward = op["order"] == layout.FORWARD and op["opcode"] in _ELEMENTWISE
            step.copy = op["order"] != layout.DISJOINT and not forward
            if op["strip"]:
                from upyml.format import groups

                step.group = group
                step.made = groups.made_rows(model, head, number)
                if step.y.place is None:
                    step.y.apart()
            self._steps.append(step)
        self._kernels = kernels
        if kernels == "numpy":
            backend.numpy_arrays([tensor for tensor in tensors.values() if tensor.data is not None])

    def run(self, hook=None):
        """Run all ops; hook(number) is called after each. Raises ValueError where the model's buffer has grown."""
        if len(self._source) != self._size:  # MicroPython has moved it
            raise ValueError("the model's or the arena's buffer has changed: load the model again")
        self._take()
        done = 0  # ops the hook was told of
        for number, step in enumerate(self._steps):
            if done == number and step.group:
                for fused in self._steps[number : step.group + 1]:
                    fused.y.take()
            y = step.y.data
            if step.copy:
                out = backend.signed(bytes(len(y)))
                step.kernel(self._model, step, out)
                y[:] = out
            else:
                step.kernel(self._model, step, y)
            if number < step.group:
                continue
            for fused in self._steps[done : number + 1]:
                if fused.group:
                    fused.y.settle(fused.made)
            while done <= number:
                if hook:
                    hook(done)
                done += 1

    def bind(self, i, buffer):
        """Where input i lies, which is not in the arena; None: nowhere. Raises ValueError."""
        if not 0 <= i < layout.MAX_CALLERS:
            raise ValueError("there is no such input")
        self._callers[i] = buffer

    def _take(self):
        """The inputs that lie with the caller, as they are now."""
        for i, tensor in enumerate(self._inputs):
            if tensor.caller:
                data = self._callers.get(i)
                data = None if data is None else cast(data, "b")
                if data is None or len(data) != tensor.size * tensor.width:
                    raise ValueError("an input has no buffer, or one of another size: bind one")
                tensor.data = data
                if self._kernels == "numpy":
                    backend.numpy_arrays([tensor])

    def quantize(self, i, floats, out):
        """Numbers of an array('f') to the type of input `i`, by its scale and zero point, into `out`."""
        edges.quantize_floats(self._inputs[i], floats, out)

    def dequantize(self, i, raw, out):
        """Numbers of the type of output `i` to an array('f') with as many elements."""
        edges.dequantize_numbers(self._outputs[i], raw, out)
