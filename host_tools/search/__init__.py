"""The search for architectures that are accurate within a board's time, RAM and flash: `upyml search`.

space.py reads the user's file, data.py the samples; costs.py says what a candidate takes on the board, training.py how
good it is; study.py keeps the trials where many processes share them, trial.py runs one, run.py all; results.py, plot.py
and html.py tell what was found.
"""
