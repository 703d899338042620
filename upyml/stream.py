"""Stream: sliding windows over live samples."""

from upyml import loading
from upyml.conversion import EXACT, MISTAKES, as_array, is_floats, number_type, own_inputs, unordered
from upyml.errors import ModelError


def _samples(word, given, model, default):
    """`hop` or `window`: as given, else as the file says, else the default."""
    if given is None:
        given = model._text(word)
    if given is None:
        return default
    try:
        count = int(given)
        if count > 0 and (isinstance(given, str) or count == given):
            return count
    except MISTAKES:
        pass
    raise ModelError("%s must be a whole number of samples above 0, received %r" % (word, given))


class Stream:
    """The last `window` samples of `channels` values each; every `hop` samples the model runs on them.

    The model's first input is the window: (window, channels), (window,), or the same behind axes of 1. Made by
    Model.stream(). A push allocates nothing, but one that answers allocates the answer, an array('f') of the model's
    output, and besides it some hundred bytes whatever the model: slices that turn the window, a list, a tuple.
    """

    def __init__(self, model, hop=None, window=None):
        details = model.input_details[0]
        if len(model.inputs) != 1:
            raise ModelError("a stream feeds a model with one input, this has %d" % len(model.inputs))
        shape = [count for count in details.shape if count != 1] or [1]
        window = _samples("window", window, model, shape[0])
        hop = _samples("hop", hop, model, window)
        if details.size % window:
            raise ModelError("an input in shape %s does not hold a window of %d samples" % (details.shape, window))
        self.window = window
        self.hop = hop
        self.channels = details.size // window
        self._model = model
        own_inputs(model)
        self._ring = loading.floats(details.size, "a stream")
        # The window quantized, still turned as the ring is.
        width, code = number_type(details)
        owner, raw = loading.arena(width * details.size, model._module, "a stream")
        self._raw = (raw if code == "b" else model._module.cast(owner, code))[: details.size]
        self.reset()

    def reset(self):
        """Forget the samples; the model's own state stays."""
        self._at = 0
        self._missing = self.window

    def push(self, sample):
        """Take one sample: `channels` real values in a list, tuple or array, or a number where there is one channel.

        Answers None, or once the window is full and then every `hop` samples what classify() answers (predict() where
        the model has no labels). Raises ModelError where the sample has another length or holds what is no number.
        """
        if self.channels == 1 and not hasattr(sample, "__len__"):
            self._put_number(sample)
        else:
            self._put(sample)
        at = self._at + self.channels
        self._at = at if at < len(self._ring) else 0
        self._missing -= 1
        if self._missing:
            return None
        self._missing = self.hop
        return self._run()

    def _put_number(self, sample):
        try:
            self._ring[self._at] = sample
        except MISTAKES:
            self._put(sample)

    def _put(self, sample):
        ring, at, channels = self._ring, self._at, self.channels
        try:
            if not EXACT or hasattr(sample, "astype"):
                sample = as_array(sample)
            count = type(sample).__name__ if unordered(sample) else len(sample)
            if count != channels:
                pass
            elif not EXACT and is_floats(sample):
                ring[at : at + channels] = sample
            else:
                for i in range(channels):
                    ring[at + i] = sample[i]
        except MISTAKES:
            count = self._wrong(sample)
        if count != channels:
            raise ModelError("a sample has %d values, received %s" % (channels, count))

    def _wrong(self, sample):
        """The value that is no number and its place, or the sample's type where it has no values."""
        try:
            for i in range(len(sample)):
                value = sample[i]
                try:
                    self._ring[self._at] = value
                except MISTAKES:
                    return "%s at place %d" % (type(value).__name__, i)
        except MISTAKES:
            pass
        return type(sample).__name__

    def _run(self):
        model, raw, at = self._model, self._raw, self._at
        model._engine.quantize(0, self._ring, raw)
        oldest = len(raw) - at
        model.input[:oldest] = raw[at:]
        if at:
            model.input[oldest:] = raw[:at]
        model.run()
        return model._best() if model.labels else model._answer()
