"""Any value of a network opened into the arithmetic that made it."""
