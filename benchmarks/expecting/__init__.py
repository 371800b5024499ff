"""The table, the suite and the contestants of `benchmarks/expectations.py`."""
