"""The compiler and the tools that look after boards; they run on a computer, never on a board."""
