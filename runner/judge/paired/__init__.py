"""A candidate against a champion on the same rows: values, intervals, the paired difference, a verdict.

    predictions of both -> influence of each row on the metric -> difference, its interval -> verdict

Every metric here has an influence function: the difference of two models' is a mean of differences of rows,
so that its standard error needs one pass and no resampling (Efron & Tibshirani 1993, chapter 22; Hampel
1974). For the area under the ROC curve it is DeLong, DeLong & Clarke-Pearson's (1988).
"""
