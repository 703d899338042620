# What the rp2 port's firmware needs frozen in (without it no file system is mounted), and upyml where it is built in.
# The drivers that the stock firmware has from micropython-lib (dht, neopixel ...) are not in Debian's source package.

freeze("$(PORT_DIR)/modules")  # noqa: F821 - these names are a manifest's
include("$(MPY_DIR)/extmod/asyncio")  # noqa: F821
