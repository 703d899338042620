"""What a model costs, whether it fits a board, and how good it is: for the terminal, and as one HTML file."""

from host_tools.report.layers import costs, picture

__all__ = ["costs", "picture"]
