"""Groups of rows: cut out by columns, bins or expressions, judged one by one and against each other.

rule + table -> partitions (a code a row) -> values, differences, p values -> adjusted -> checks, a plot
"""
