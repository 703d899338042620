"""Stream: sliding windows over live samples."""

from array import array

from upyml.errors import ModelError


class Stream:
    """The last `window` samples of `channels` values each; every `hop` samples the model runs on them.

    The model's first input is the window: (window, channels), (window,), or the same behind axes of 1. Made by
    Model.stream(). A push allocates nothing but its result.
    """

    def __init__(self, model, hop=None, window=None):
        details = model.input_details[0]
        if len(model.inputs) != 1:
            raise ModelError("a stream feeds a model with one input, this has %d" % len(model.inputs))
        shape = [count for count in details.shape if count != 1] or [1]
        window = int(window or model.metadata.get("window", 0)) or shape[0]
        hop = int(hop or model.metadata.get("hop", 0)) or window
        if window < 1 or details.size % window or hop < 1:
            raise ModelError(
                "an input in shape %s does not hold a window of %d samples (hop %d)" % (details.shape, window, hop)
            )
        self.window = window
        self.hop = hop
        self.channels = details.size // window
        self._model = model
        self._ring = array("f", bytes(4 * details.size))
        # The window quantized, still turned as the ring is.
        code, width = {"int8": ("b", 1), "uint8": ("B", 1), "int16": ("h", 2), "int32": ("i", 4), "float32": ("f", 4)}[
            details.dtype
        ]
        self._raw = memoryview(array(code, bytes(width * details.size)))
        self.reset()

    def reset(self):
        """Forget the samples; the model's own state stays."""
        self._at = 0
        self._missing = self.window

    def push(self, sample):
        """Take one sample: `channels` real values in a list, tuple or array, or a number where there is one channel.

        Answers None, or once the window is full and then every `hop` samples what classify() answers (predict() where
        the model has no labels). Raises ModelError where the sample has another length.
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
        except TypeError:
            self._put(sample)

    def _put(self, sample):
        ring, at, channels = self._ring, self._at, self.channels
        try:
            count = len(sample)
            if count == channels:
                for i in range(channels):
                    ring[at + i] = sample[i]
        except TypeError:
            count = type(sample).__name__
        if count != channels:
            raise ModelError("a sample has %d values, received %s" % (channels, count))

    def _run(self):
        model, raw, at = self._model, self._raw, self._at
        model._engine.quantize(0, self._ring, raw)
        oldest = len(raw) - at
        model.input[:oldest] = raw[at:]
        if at:
            model.input[oldest:] = raw[:at]
        model.run()
        return model._best() if model.labels else model._answer()
