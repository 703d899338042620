// MicroPython for ESP32 includes this file of ESP-IDF; upyml needs nothing of it.
