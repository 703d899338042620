"""The registers of a chip at an I2C bus: MicroPython's machine.I2C, or CircuitPython's busio.I2C."""

from upyml.sensors.base import SensorError


def bus_of(bus, scl, sda, id, frequency=400000):
    """The bus that was given, else the one of these pins (MicroPython; the defaults are a Pico's GP5 and GP4)."""
    if bus is not None:
        return bus
    from machine import I2C, Pin

    return I2C(id, scl=Pin(scl), sda=Pin(sda), freq=frequency)


class Registers:
    """Reads and writes the registers of the chip at an address; name: the chip's, for the sentence of an error."""

    def __init__(self, bus, address, name):
        self._bus = bus
        self._address = address
        self._name = name
        self._busio = not hasattr(bus, "readfrom_mem_into")
        self._register = bytearray(1)
        self._byte = bytearray(1)

    def get(self, register):
        """The byte in a register."""
        self.read(register, self._byte)
        return self._byte[0]

    def set(self, register, value):
        """Writes a byte to a register."""
        try:
            if self._busio:
                self._locked(self._bus.writeto, bytes((register, value)))
            else:
                self._bus.writeto_mem(self._address, register, bytes((value,)))
        except OSError:
            self._silent()

    def read(self, register, buffer):
        """Fills the buffer from a register on. Allocates nothing."""
        try:
            if self._busio:
                self._register[0] = register
                self._locked(self._bus.writeto_then_readfrom, self._register, buffer)
            else:
                self._bus.readfrom_mem_into(self._address, register, buffer)
        except OSError:
            self._silent()

    def expect(self, register, *known):
        """Raises SensorError unless the register, which says what chip this is, has one of the known values."""
        found = self.get(register)
        if found not in known:
            raise SensorError(
                "the chip at I2C address 0x%02x is no %s: it calls itself 0x%02x" % (self._address, self._name, found)
            )

    def _locked(self, call, *buffers):
        while not self._bus.try_lock():
            pass
        try:
            call(self._address, *buffers)
        finally:
            self._bus.unlock()

    def _silent(self):
        raise SensorError(
            "no %s answers at I2C address 0x%02x: look at its wires (SDA, SCL, power) and its address pin"
            % (self._name, self._address)
        )
