"""Training/serving skew: what the features component makes of raw rows, against the training table.

`TABLE/skew/rows`: every raw row was answered, and stands in the table once. Then a check a feature, or
`TABLE/skew/features` for all that the answers and the table both have.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from runner.config.data import Skew, TableSource
from runner.errors import SolutionError
from runner.model import Check, Status
from runner.stages import StageJob
from runner.stages.tables.further import Findings, Seen
from runner.stages.tables.serving import Answer, answers
from runner.stages.tables.skew_rows import RawRow, alike, features_of, key_text, read_raw, trained, value_text
from runner.text import one_line

Ask = Callable[[StageJob, str, Sequence[Any]], list[Answer]]
EXAMPLES = 3
ROWS, ALL = "rows", "features"


def ids(root: Path, name: str, config: TableSource) -> tuple[str, ...]:
    """`TABLE/skew/rows`, and one a feature that is named; else `TABLE/skew/features`."""
    return tuple(f"{name}/skew/{one_line(each)}" for each in (ROWS, *(_rule(config).features or (ALL,))))


def judge(seen: Seen, ask: Ask = answers) -> Findings:
    """FAILED where features differ, or a raw row has no answer. Raises InfrastructureError where nothing can
    be compared: no raw rows, a key that is not in the table or there twice, no package to ask."""
    rule = _rule(seen.config)
    hidden = rule.key in seen.config.sensitive
    raw = read_raw(seen.job.root, rule, hidden=hidden)
    table = trained(seen.source.frame(), rule, [row.key for row in raw], hidden=hidden)
    try:
        told = ask(seen.job, rule.component, [row.event for row in raw])
    except SolutionError as error:
        return Findings(_all(seen, Status.FAILED, f"{rule.component}: {error.what}"))
    served = {row.key: features_of(answer) for row, answer in zip(raw, told, strict=True)}
    broken = {key: found for key, found in served.items() if isinstance(found, str)}
    good = {key: found for key, found in served.items() if not isinstance(found, str)}
    checks = (_rows_check(seen, raw, broken), *_features(seen, rule, good, table))
    return Findings(checks, facts={"component": rule.component, "rows": len(raw), "unanswered": len(broken)})


def _rule(config: TableSource) -> Skew:
    assert config.skew is not None  # noqa: S101  it is why this was called
    return config.skew


def _all(seen: Seen, status: Status, cause: str) -> tuple[Check, ...]:
    due = ids(seen.job.root, seen.name, seen.config)
    return tuple(Check(id, status, seen.config.source, cause=cause) for id in due)


def _rows_check(seen: Seen, raw: Sequence[RawRow], broken: Mapping[Any, str]) -> Check:
    id, measured = f"{seen.name}/skew/{ROWS}", f"{len(raw) - len(broken):,} of {len(raw):,} raw rows answered"
    if not broken:
        return Check(id, Status.PASSED, seen.config.source, measured=measured)
    key, why = next(iter(broken.items()))
    why = why.partition(":")[0] if seen.config.sensitive else why  # what follows may hold a row's values
    cause = (
        f"{len(broken):,} of {len(raw):,} raw rows have no features, e.g. {_key(seen, key)}: {one_line(why)}"
    )
    return Check(id, Status.FAILED, seen.config.source, cause=cause, measured=measured)


def _features(
    seen: Seen, rule: Skew, served: Mapping[Any, Mapping[str, Any]], table: Mapping[Any, Mapping[str, Any]]
) -> list[Check]:
    columns = {name for row in table.values() for name in row}
    if rule.features:
        return [_check(seen, feature, [feature], served, table, columns) for feature in rule.features]
    known = [name for name in dict.fromkeys(n for row in served.values() for n in row) if name in columns]
    if not known:
        cause = "the answers and the table have no feature in common"
        return [Check(f"{seen.name}/skew/{ALL}", Status.ERROR, seen.config.source, cause=cause)]
    return [_check(seen, ALL, known, served, table, columns)]


def _check(
    seen: Seen,
    name: str,
    features: Sequence[str],
    served: Mapping[Any, Mapping[str, Any]],
    table: Mapping[Any, Mapping[str, Any]],
    columns: set[str],
) -> Check:
    """The check of some features together."""
    id, rule = f"{seen.name}/skew/{one_line(name)}", _rule(seen.config)
    limit = f"equal, numbers within {rule.tolerance:g}"
    missing = [feature for feature in features if feature not in columns]
    if missing or not served:
        cause = f"the table has no column {missing[0]!r}" if missing else "no raw row has an answer"
        return Check(id, Status.ERROR, seen.config.source, cause=cause, limit=limit)
    found = (
        (key, feature, row.get(feature), table[key][feature], feature in row)
        for key, row in served.items()
        for feature in features
    )
    wrong = [each for each in found if not each[4] or not alike(each[2], each[3], rule.tolerance)]
    measured = f"{len({each[0] for each in wrong}):,} of {len(served):,} rows differ"
    if not wrong:
        return Check(id, Status.PASSED, seen.config.source, measured=measured, limit=limit)
    told = "; ".join(_example(seen, *each) for each in wrong[:EXAMPLES])
    cause = f"{measured}: {told}"
    return Check(id, Status.FAILED, seen.config.source, cause=cause, measured=measured, limit=limit)


def _example(seen: Seen, key: Any, feature: str, served: Any, trained: Any, is_served: bool) -> str:
    if feature in seen.config.sensitive:
        return f"{feature} at {_key(seen, key)} (its values are not shown)"
    got = f"served {value_text(served)}" if is_served else "not served"
    return f"{feature} at {_key(seen, key)}: {got}, training has {value_text(trained)}"


def _key(seen: Seen, key: Any) -> str:
    name = _rule(seen.config).key
    return f"{name} {key_text(key, hidden=name in seen.config.sensitive)}"
