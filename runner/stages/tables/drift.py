"""Whether a table moved away from the data that the judged model was trained on (docs/drift.md).

One check a column, and one for the joint distribution. FAILED where an effect is above its threshold beyond
doubt: its lower confidence bound, which holds for all columns together, exceeds it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.adapters.files import sha256_file
from runner.adapters.tables import local_file, read_frame
from runner.config.data import Drift, TableSource
from runner.drift.effects import JS, PSI, WASSERSTEIN, Compared, Effect, Question, effects
from runner.errors import InfrastructureError, LockgateError, SolutionError
from runner.stages.tables.drift_columns import NUMBER, Pair, jointly, paired
from runner.stages.tables.drift_shown import Judged, check_of, facts_of, histograms, intervals
from runner.stages.tables.further import Findings, Seen
from runner.text import one_line

if TYPE_CHECKING:
    import pandas as pd

LEAST = 100  # rows of either table
MOST = (
    1_000_000  # rows of either that are looked at: a random draw of more; the rest adds nothing that counts
)
SEED = 20_250_104
USUAL = 1.5  # the drift whose power is told where `detect` is not given
JOINT = "joint"


def ids(root: Path, name: str, config: TableSource) -> tuple[str, ...]:
    """`TABLE/drift/COLUMN` for each column and `TABLE/drift/joint`; `TABLE/drift` alone where the columns are
    those of training data that cannot be read."""
    drift = _rule(config)
    try:
        columns = drift.columns or _comparable(root, drift.against)
    except (LockgateError, OSError):
        return (f"{name}/drift",)
    joint = (f"{name}/drift/{JOINT}",) if drift.joint is not None else ()
    return (*(_id(name, column) for column in columns), *joint)


def judge(seen: Seen) -> Findings:
    """A check for each id. Raises InfrastructureError where either table cannot be read or is too small."""
    drift = _rule(seen.config)
    columns = drift.columns or _comparable(seen.job.root, drift.against)
    digest, reference = _training(seen.job.root, drift.against)
    current = _drawn(seen.source.frame(), seen.config.source)
    pairs = {column: _paired(column, reference, current) for column in columns}
    known = {column: pair for column, pair in pairs.items() if isinstance(pair, Pair)}
    found = _effects(drift, {column: pair.compared() for column, pair in known.items()}, list(known.values()))
    judged = [
        Judged(_id(seen.name, column), column, *_of(found, pairs[column], column)) for column in columns
    ]
    if drift.joint is not None:
        judged.append(Judged(f"{seen.name}/drift/{JOINT}", "", *_jointly(found, pairs)))
    hidden = seen.config.sensitive
    told = {"against": drift.against, "sha256": digest, "alpha": drift.alpha, "rows": len(reference)}
    return Findings(
        tuple(check_of(each, drift, seen.config.source) for each in judged),
        (*intervals(seen.name, judged), *histograms(seen.name, judged, hidden)),
        facts={**told, "effects": facts_of(judged)},
    )


def _rule(config: TableSource) -> Drift:
    assert config.drift is not None  # noqa: S101  it is why this was called
    return config.drift


def _id(table: str, column: str) -> str:
    """A column that is called as the joint check is has another id."""
    return f"{table}/drift/{one_line(column)}" + (" (column)" if column == JOINT else "")


def _comparable(root: Path, against: str) -> tuple[str, ...]:
    """The names of the training data's columns that hold neither times nor anything nested."""
    path = local_file(root, against)
    if path.suffix == ".csv":
        return tuple(map(str, read_frame(path, against).columns))
    import pyarrow.parquet as pq
    from pyarrow import types

    try:
        schema = pq.read_schema(path)
    except Exception as error:  # readers of hostile files raise whatever they like
        raise InfrastructureError(f"cannot be read: {one_line(str(error))}", where=against) from None
    return tuple(f.name for f in schema if not types.is_temporal(f.type) and not types.is_nested(f.type))


def _training(root: Path, against: str) -> tuple[str, pd.DataFrame]:
    path = local_file(root, against)
    digest = sha256_file(path)
    frame = _drawn(read_frame(path, against), against)
    if sha256_file(path) != digest:
        raise InfrastructureError("it changed while it was read", where=against)
    return digest, frame


def _drawn(frame: pd.DataFrame, where: str) -> pd.DataFrame:
    if len(frame) < LEAST:
        raise InfrastructureError(
            f"{len(frame):,} rows are too few to tell drift: {LEAST} are the least", where=where
        )
    return frame.sample(MOST, random_state=SEED) if len(frame) > MOST else frame


def _paired(column: str, reference: pd.DataFrame, current: pd.DataFrame) -> Pair | LockgateError:
    try:
        return paired(column, reference, current)
    except LockgateError as error:
        return error


def _effects(
    drift: Drift, compared: dict[str, Compared], pairs: list[Pair]
) -> dict[str, tuple[Compared | None, tuple[Effect, ...]]]:
    """The effects of every column and of the joint distribution, at one level for all."""
    asked = {PSI: drift.psi, JS: drift.js, WASSERSTEIN: drift.wasserstein}
    thresholds = {kind: value for kind, value in asked.items() if value is not None}
    several = sum(len(each.asked(thresholds)) for each in compared.values()) + (drift.joint is not None)
    detect = drift.detect or USUAL
    question = Question(thresholds, drift.alpha / max(several, 1), detect, drift.power)
    found: dict[str, Any] = {name: (each, tuple(effects(each, question))) for name, each in compared.items()}
    if drift.joint is not None and pairs:
        from runner.drift.joint import joint

        asked_jointly = Question({JOINT: drift.joint}, question.alpha, detect, drift.power)
        found[""] = (None, (joint(*jointly(pairs), asked_jointly),))
    return found


def _of(found: Any, pair: Pair | LockgateError, column: str) -> tuple[Any, ...]:
    """What a column's check is made of: counts, effects, and why there are none."""
    if not isinstance(pair, Pair):
        return None, (), pair
    compared, known = found[column]
    what = "constant or missing" if pair.kind == NUMBER else "no numbers"
    why = (
        None if known else InfrastructureError(f"no effect that is asked can be told: its values are {what}")
    )
    return compared, known, why


def _jointly(found: Any, pairs: dict[str, Pair | LockgateError]) -> tuple[Any, ...]:
    """Likewise of the joint distribution: it is that of all columns, or none."""
    wrong = [error for error in pairs.values() if not isinstance(error, Pair)]
    if wrong:
        failed = next((e for e in wrong if isinstance(e, SolutionError)), wrong[0])
        return None, (), InfrastructureError(f"not every column can be compared: {failed.what}")
    return None, found[""][1], None
