"""Model: a loaded .upm file with its arena; predict, classify, run and what one may ask about it."""

from upyml import loading
from upyml.errors import ModelError
from upyml.format import decode, records


class Details:
    """What is known of an input or output: name, shape, dtype ("int8"...), scale, zero_point and size (elements).

    real value = scale * (q - zero_point); shape has no batch axis.
    """

    def __init__(self, name, record):
        self.name = name
        self.shape = record["shape"]
        self.dtype = records.DTYPES[record["dtype"]][0].lower()
        self.scale = record["scale"]
        self.zero_point = record["zero_point"]
        self.size = decode.elements(self.shape)

    def __repr__(self):
        return "%s: %s %s, scale %g, zero point %d" % (self.name, self.dtype, self.shape, self.scale, self.zero_point)


class Model:
    """A model ready to run; made by upyml.load().

    input, output: the first of inputs and outputs, raw memoryviews into the arena; input_details, output_details tell
    how to read them. What an input holds is lost by a run; an output stays until the next. run() allocates nothing.
    arena_size: bytes of the arena, those that the model was planned for; where they are not to be had the least that will
    do, which gives the same numbers.

    A model may be converted so that an input lies with the caller, as in a camera's buffer: it is None until bind()
    says where, and a run leaves it as it is.
    """

    def __init__(self, source, engine=None):
        engine = loading.choose(engine)
        data, name = loading.read(source)
        least = loading.check(data, name, engine)
        self._head = head = decode.header(data)
        owner, self._arena = loading.model_arena(least, head["state_size"] + head["arena_size"], engine)
        self.arena_size = len(self._arena)
        self._data = data
        self._module = engine
        self._engine = engine.Engine(data, owner)
        self.run = self._engine.run
        self._name = name
        self._labels = None
        numbers = decode.inputs(data, head)
        self.input_details, self.inputs = self._views(numbers, "inputs", "input", engine, owner)
        numbers = decode.outputs(data, head)
        self.output_details, self.outputs = self._views(numbers, "outputs", "output", engine, owner)
        self.input = self.inputs[0]
        self.output = self.outputs[0]
        self._floats = [None] * len(self.inputs)
        self.caller_inputs = tuple([view is None for view in self.inputs])
        self.reset()

    def _views(self, numbers, key, word, engine, owner):
        names = self._text(key, "").split("\n")
        details, views = [], []
        for i, number in enumerate(numbers):
            record = decode.tensor(self._data, self._head, number)
            name = names[i] if i < len(names) and names[i] else "%s%d" % (word, i)
            details.append(Details(name, record))
            _, width, code = records.DTYPES[record["dtype"]]
            if record["kind"] == records.CALLER:
                views.append(None)
                continue
            first = (self._head["state_size"] + record["offset"]) // width
            whole = self._arena if code == "b" else engine.cast(owner, code)
            views.append(whole[first : first + details[i].size])
        return tuple(details), tuple(views)

    def bind(self, buffer, i=0):
        """Let input `i` lie in a buffer of the caller's, which the next runs read in place.

        buffer: as many bytes as the input's raw values take, in the input's number type; it is read, and written only by
        predict(), classify() and selftest(). Raises ModelError where the model has the input in its arena
        (caller_inputs tells for each), or the length is wrong.
        """
        from upyml import conversion

        conversion.bind(self, buffer, i)

    @property
    def metadata(self):
        """The file's texts by key, read anew: name, version, labels, sample_rate, window, hop and whatever else it has.

        Raises ModelError where they are not UTF-8.
        """
        try:
            return decode.metadata(self._data, self._head)
        except UnicodeError:
            raise self._unreadable() from None

    def _text(self, key, default=None):
        """One text of the metadata, without the others."""
        try:
            return decode.text(self._data, self._head, key, default)
        except UnicodeError:
            raise self._unreadable() from None

    def _unreadable(self):
        return ModelError("the metadata of %s is not UTF-8: convert the model again" % self._name)

    @property
    def labels(self):
        """Names of the classes, a tuple; empty where the file has none. Raises ModelError where they are not UTF-8."""
        if self._labels is None:
            text = self._text("labels", "")
            self._labels = tuple(text.split("\n")) if text else ()
        return self._labels

    def predict(self, x):
        """Run the model on numbers and answer numbers.

        x: as many real values as the input holds, flat or nested: a list, array, NumPy or ulab array, memoryview or
        bytes (0 to 255); with several inputs a tuple or list of them. Values beyond an integer input's range are
        clamped, and NaN counts as 0.0: what may be missing has to be looked for before. Answers an array('f'), with
        several outputs a tuple. Raises ModelError where the length or the type is wrong, MemoryError where the numbers
        do not fit: an array('f') is taken as it is, a NumPy or ulab array converted to a new one, all else to one of
        the model's own, made once.
        """
        self._fill(x)
        self.run()
        return self._answer()

    def _fill(self, x):
        from upyml import conversion

        if len(self.inputs) == 1:
            x = (x,)
        elif not isinstance(x, (tuple, list)) or len(x) != len(self.inputs):
            names = ", ".join([details.name for details in self.input_details])
            raise ModelError("the model has %d inputs: give a tuple of them (%s)" % (len(self.inputs), names))
        conversion.own_inputs(self)
        for i, view in enumerate(self.inputs):
            self._engine.quantize(i, conversion.converted(self, i, x[i]), view)

    def _answer(self):
        answers = []
        for i, view in enumerate(self.outputs):
            floats = loading.floats(len(view), "the answer")
            self._engine.dequantize(i, view, floats)
            answers.append(floats)
        return answers[0] if len(answers) == 1 else tuple(answers)

    def classify(self, x):
        """(label, score): the first output's largest value and the label in its place (its number where there is none).

        A single output value is the score of the second of two classes (a sigmoid): below 0.5 the answer is the first
        with 1 - score. With two labels it is their name, else the number 0 or 1. x, errors: as for predict().
        """
        self._fill(x)
        self.run()
        return self._best()

    def _best(self):
        answer = self._answer()
        scores = answer[0] if len(self.outputs) > 1 else answer
        labels = self.labels
        if len(scores) == 1:
            score = scores[0]
            if self.output_details[0].dtype == "int32":  # the place itself
                best, score = int(score), 1.0
            else:
                best = 1 if score >= 0.5 else 0
                score = score if best else 1 - score
                labels = labels if len(labels) == 2 else ()
        else:
            best = 0
            for i in range(1, len(scores)):
                if scores[i] > scores[best]:
                    best = i
            score = scores[best]
        return (labels[best] if best < len(labels) else best), score

    def reset(self):
        """Forget what the model remembers from run to run: the next run is as the first one after load()."""
        if self._head["state_size"]:
            from upyml import states

            states.reset(self._data, self._head, self._arena)

    def stream(self, hop=None, window=None):
        """A Stream over live samples: push them one at a time.

        hop, window: whole numbers of samples above 0; by default what the file says, else the input's first axis as the
        window, and the window as the hop. Raises ModelError where they are no such numbers.
        """
        from upyml.stream import Stream

        return Stream(self, hop, window)

    def profile(self, x=None):
        """One run, op by op: a list of (op number, name, microseconds, bytes of arena in use). x: as for predict().

        Ops of a fused group run together: the first has the time of all.
        """
        from upyml import inspection

        if x is not None:
            self._fill(x)
        return inspection.profile(self)

    def selftest(self):
        """True where this runtime computes the file's test vectors to the bit, else what differs first.

        That is false in an `if` and a sentence in print() and str(). Clears the model's state and what its inputs hold.
        """
        from upyml import inspection

        return inspection.selftest(self)

    def __str__(self):
        from upyml import inspection

        return inspection.summary(self)
