"""The arena plan: where each tensor lies, in which order each op goes through its input, how much RAM that takes.

Read in this order: geometry (sizes of an op), overlap (where an output may lie over its input), scratch and strips
(what an op costs in RAM and time), lives (who is live when), demand and groups (ops that run together row by row),
search (offsets for one arena size), sizes (which arena size), symbolic (the proof that a plan is sound). passes/plan.py
puts them together.
"""
