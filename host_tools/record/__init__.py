"""Recording what a board's sensor measures: driver and recorder onto the board, packets back, a picture meanwhile."""
