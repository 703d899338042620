// A library whose files are not in the source.
