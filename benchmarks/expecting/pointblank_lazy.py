"""pointblank on lazy polars, alone in its process and in an environment of its own (requirements/peers.lock).

python pointblank_lazy.py TABLE; the suite's checks but those of a quantile and a type, which it lacks, with
nothing collected but the verdicts, which is its fastest. Prints how many passed, and of how many."""

import json
import sys

import pointblank as pb
import polars as pl

CARRIERS = ["AA", "UA", "DL", "B6", "WN", "EV", "MQ", "US"]

checks = (
    pb.Validate(data=pl.scan_parquet(sys.argv[1]))
    .rows_distinct(columns_subset=["id"])
    .rows_distinct(columns_subset=["tail"])
    .col_vals_not_null(columns=["id", "f0", "carrier", "origin", "code"])
    .col_vals_between(columns=["f0", "f1", "f2", "f3", "i0", "i1"], left=-1000, right=1000, na_pass=True)
    .col_vals_in_set(columns="carrier", set=CARRIERS)
    .col_vals_regex(columns="code", pattern=r"^N\d{5}$")
    .col_vals_expr(expr=pl.col("origin").str.len_chars() == 3)
    .col_avg_ge(columns="f4", value=0)
    .col_sd_ge(columns="f5", value=0.1)
    .col_vals_ge(columns="share", value=0)
    .col_vals_le(columns="share", value=1)
    .col_vals_expr(expr=pl.col("dest").n_unique().is_between(1, 200))
    .row_count_match(count=1, inverse=True)
    .col_vals_ge(columns="i3", value=pb.col("i0"), thresholds=0.9)
    .interrogate(collect_extracts=False, collect_tbl_checked=False)
)
steps = checks.validation_info
good = [step.all_passed or step.warning is False for step in steps]  # a threshold was met where one is given
print(json.dumps({"passed": sum(good), "of": len(steps)}))
