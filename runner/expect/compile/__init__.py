"""Expectations compiled, one family a file; a new one is a function and a line in its family's table."""
