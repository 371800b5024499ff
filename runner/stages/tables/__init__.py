"""The data stage's parts: suites read (suite), Great Expectations asked (engine), its answers put
into words (words), judged (checks) and kept (evidence).

`engine.validate` is the seam behind which other engines can answer in Great Expectations' own
validation-result JSON: nothing after it knows who computed the result.
"""
