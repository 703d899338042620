"""A module `machine` whose buses have sensors behind them: chips of registers and FIFOs, a microphone, voltages.

A chip's FIFO holds frames that a test puts there; the clock of the world stands still meanwhile.
"""


made = []  # every I2S, ADC and Timer, for the test to look at


class Pin:
    def __init__(self, number):
        self.number = number


class Chip:
    """Registers by number; those of a FIFO are the subclass's."""

    def __init__(self, who_register, who):
        self.registers = bytearray(128)
        self.who = (who_register, who)
        self.fifo = bytearray()
        self.overrun = False
        self.wake()

    def wake(self):
        self.registers[self.who[0]] = self.who[1]

    def write(self, register, value):
        self.registers[register] = value

    def read(self, register, buffer):
        for i in range(len(buffer)):
            buffer[i] = self.byte(register + i)


class MPU6050(Chip):
    def __init__(self, who=0x68):
        Chip.__init__(self, 0x75, who)

    def write(self, register, value):
        if register == 0x6B and value & 0x80:
            self.registers = bytearray(128)
            self.registers[0x6B] = 0x40  # asleep
            self.wake()
        elif register == 0x6A and value & 0x04:
            self.fifo = bytearray()
        else:
            self.registers[register] = value

    def byte(self, register):
        if register == 0x72:
            return len(self.fifo) >> 8
        if register == 0x73:
            return len(self.fifo) & 0xFF
        if register >= 0x74 and register != 0x75:  # bytes behind the FIFO's register come from it, too
            return self.pop()
        if register == 0x3A:
            flags, self.overrun = 0x10 * self.overrun, False
            return flags
        return self.registers[register]

    def read(self, register, buffer):
        if register == 0x74:
            for i in range(len(buffer)):
                buffer[i] = self.pop()
        else:
            Chip.read(self, register, buffer)

    def pop(self):
        first = self.fifo[0]
        self.fifo = self.fifo[1:]
        return first

    def put(self, frame):
        """ax, ay, az, gx, gy, gz."""
        for value in frame:
            self.fifo += bytes((value >> 8 & 0xFF, value & 0xFF))


class LSM6DS3(Chip):
    def __init__(self, who=0x69):
        Chip.__init__(self, 0x0F, who)

    def write(self, register, value):
        self.registers[register] = value
        if register == 0x0A and value & 7 == 0:
            self.fifo = bytearray()
            self.overrun = False

    def byte(self, register):
        words = len(self.fifo) // 2
        if register == 0x3A:
            return words & 0xFF
        if register == 0x3B:
            return words >> 8 | 0x40 * self.overrun | 0x10 * (not words)
        return self.registers[register]

    def read(self, register, buffer):
        if register == 0x3E:
            buffer[:] = self.fifo[: len(buffer)]
            self.fifo = self.fifo[len(buffer) :]
        else:
            Chip.read(self, register, buffer)

    def put(self, frame):
        for value in frame[3:] + frame[:3]:
            self.fifo += bytes((value & 0xFF, value >> 8 & 0xFF))


class I2C:
    chips = {}  # by address

    def __init__(self, id, scl, sda, freq):
        self.pins = scl.number, sda.number

    def _chip(self, address):
        if address not in self.chips:
            raise OSError(5)
        return self.chips[address]

    def writeto_mem(self, address, register, data):
        self._chip(address).write(register, data[0])

    def readfrom_mem_into(self, address, register, buffer):
        self._chip(address).read(register, buffer)


class I2S:
    RX, MONO = 5, 1

    def __init__(self, id, **options):
        self.options = options
        self.given = 0
        made.append(self)

    def readinto(self, buffer):
        """Sample i is i * 65536 + 7, so that the upper half of its 32 bits is i."""
        for i in range(0, len(buffer), 2):
            buffer[i], buffer[i + 1] = 7, self.given
            self.given += 1
        return 2 * len(buffer)

    @staticmethod
    def shift(buf, bits, shift):
        for i in range(0, len(buf), 2):
            value = ((buf[i + 1] << 16 | buf[i] & 0xFFFF) << shift) & 0xFFFFFFFF
            buf[i], buf[i + 1] = ((value & 0xFFFF) ^ 0x8000) - 0x8000, ((value >> 16) ^ 0x8000) - 0x8000


class ADC:
    values = {}  # by pin: what it reads next, an array("H")

    def __init__(self, pin):
        self.pin = pin.number
        self.at = 0

    def read_u16(self):
        self.at += 1
        return self.values[self.pin][self.at - 1]


class Timer:
    PERIODIC = 1

    def __init__(self, id):
        made.append(self)

    def init(self, mode, freq, callback):
        self.freq, self.callback = freq, callback

    def deinit(self):
        self.callback = None




try:
    import board_chips  # noqa: F401 - where a board has sensors on its bus, this puts them into I2C.chips
except ImportError:
    pass
