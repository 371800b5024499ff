"""Great Expectations' suites compiled to the fewest passes over a table, answered in its own result JSON.

    suite + columns -> plan: what each expectation asks (Ask) and how it concludes -> one scan for every
    aggregate, then uniqueness and quantiles, then the unexpected values of what failed -> result JSON

What cannot be compiled with certainty (`Uncompiled` says why) is left to Great Expectations itself.
"""
