"""Sensor drivers: a module each, with a class Sensor; all have what base.py says."""
