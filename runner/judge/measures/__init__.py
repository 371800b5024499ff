"""Every metric as a value and each row's influence on it, of all segments of a table in one pass.

`influence` of a row is n * w * d(value)/dw: how the value moves with the row's weight w, times the rows n
(the infinitesimal jackknife: Jaeckel 1972; Efron 1982, chapter 6). So whatever the metric, weighted or not,

    standard error = sqrt(sum(influence**2)) / n

and the same sum over clusters' sums where rows come in clusters (Binder 1983); the difference of two models'
influences is that of their difference, which is all that a paired comparison needs.
"""
