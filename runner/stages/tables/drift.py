"""Whether a table moved away from the data that the judged model was trained on (docs/drift.md).

One check a column, and one for the joint distribution. FAILED where an effect is above its threshold beyond
doubt: its lower confidence bound, which holds for all columns together, exceeds it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from runner.adapters.files import sha256_file
from runner.adapters.tables import local_file, read_frame
from runner.config.data import Drift, TableSource
from runner.drift.effects import JS, PSI, WASSERSTEIN, Compared, Question, effects
from runner.errors import InfrastructureError, LockgateError
from runner.sources.drawing import drawn
from runner.sources.files import file_at
from runner.sources.source import Source
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
Both = tuple[Pair, Compared]


def ids(root: Path, name: str, config: TableSource) -> tuple[str, ...]:
    """`TABLE/drift/COLUMN` for each column and `TABLE/drift/joint`; `TABLE/drift` alone where the columns are
    those of training data that cannot be read."""
    drift = _rule(config)
    try:
        columns = drift.columns or _comparable(root, drift.against)
    except (LockgateError, OSError):
        return (f"{name}/drift",)
    joint = (f"{name}/drift/{JOINT}",) if drift.joint is not None else ()
    return (*(_id(name, column) for column in columns if _thresholds(drift)), *joint)


def judge(seen: Seen) -> Findings:
    """A check for each id. Raises InfrastructureError where either table cannot be read or is too small."""
    drift = _rule(seen.config)
    columns = drift.columns or _comparable(seen.job.root, drift.against)
    digest, reference = _training(seen, drift.against, columns)
    current = _drawn(seen.source, columns, seen.config.source)
    judged = list(_judged(seen.name, drift, {c: _both(c, reference, current) for c in columns}))
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


def _thresholds(drift: Drift) -> dict[str, float]:
    """What is asked of each column; nothing where the joint distribution alone is."""
    asked = {PSI: drift.psi, JS: drift.js, WASSERSTEIN: drift.wasserstein}
    return {kind: value for kind, value in asked.items() if value is not None}


def _id(table: str, column: str) -> str:
    """A column that is called as the joint check is has another id."""
    return f"{table}/drift/{one_line(column)}" + (" (column)" if column == JOINT else "")


def _comparable(root: Path, against: str) -> tuple[str, ...]:
    """The names of the training data's columns that hold neither times nor anything nested; some."""
    path = local_file(root, against)
    found = _csv(path, against) if path.suffix == ".csv" else _parquet(path, against)
    if not found:
        raise InfrastructureError("it has no columns that can be compared", where=against)
    return found


def _csv(path: Path, against: str) -> tuple[str, ...]:
    return tuple(map(str, read_frame(path, against).columns))


def _parquet(path: Path, against: str) -> tuple[str, ...]:
    import pyarrow.parquet as pq
    from pyarrow import types

    try:
        schema = pq.read_schema(path)
    except Exception as error:  # readers of hostile files raise whatever they like
        raise InfrastructureError(f"cannot be read: {one_line(str(error))}", where=against) from None
    return tuple(f.name for f in schema if not types.is_temporal(f.type) and not types.is_nested(f.type))


def _training(seen: Seen, against: str, columns: Collection[str]) -> tuple[str, pd.DataFrame]:
    path = local_file(seen.job.root, against)
    folder = seen.scratch / "training"
    folder.mkdir(exist_ok=True)
    digest = sha256_file(path)
    frame = _drawn(file_at(path, folder), columns, against)
    if sha256_file(path) != digest:
        raise InfrastructureError("it changed while it was read", where=against)
    return digest, frame


def _drawn(source: Source, columns: Collection[str], where: str) -> pd.DataFrame:
    frame = drawn(source, columns, MOST, SEED)
    if len(frame) < LEAST:
        raise InfrastructureError(
            f"{len(frame):,} rows are too few to tell drift: {LEAST} are the least", where=where
        )
    return frame


def _both(column: str, reference: pd.DataFrame, current: pd.DataFrame) -> Both | LockgateError:
    try:
        pair = paired(column, reference, current)
        return pair, pair.compared()
    except LockgateError as error:
        return error
    except UnicodeDecodeError:
        return InfrastructureError("it holds a text that is not UTF-8")


def _judged(table: str, drift: Drift, columns: Mapping[str, Both | LockgateError]) -> Iterator[Judged]:
    """The effects of every column and of the joint distribution, at one level for all."""
    thresholds = _thresholds(drift)
    known = [both for both in columns.values() if not isinstance(both, LockgateError)]
    several = sum(len(compared.asked(thresholds)) for _, compared in known) + (drift.joint is not None)
    alpha, detect = drift.alpha / max(several, 1), drift.detect or USUAL
    question = Question(thresholds, alpha, detect, drift.power)
    if thresholds:
        yield from (_column(_id(table, column), column, both, question) for column, both in columns.items())
    if drift.joint is not None:
        asked_jointly = Question({JOINT: drift.joint}, alpha, detect, drift.power)
        yield _jointly(f"{table}/drift/{JOINT}", columns.values(), asked_jointly)


def _column(id: str, column: str, both: Both | LockgateError, question: Question) -> Judged:
    if isinstance(both, LockgateError):
        return Judged(id, column, None, (), both)
    pair, compared = both
    if found := tuple(effects(compared, question)):
        return Judged(id, column, compared, found)
    what = "constant or missing" if pair.kind == NUMBER else "no numbers"
    error = InfrastructureError(f"no effect that is asked can be told: its values are {what}")
    return Judged(id, column, compared, (), error)


def _jointly(id: str, columns: Iterable[Both | LockgateError], question: Question) -> Judged:
    """Of all columns, or of none."""
    from runner.drift.joint import joint

    pairs = []
    for both in columns:
        if isinstance(both, LockgateError):
            error = InfrastructureError(f"not every column can be compared: {both.what}")
            return Judged(id, "", None, (), error)
        pairs.append(both[0])
    return Judged(id, "", None, (joint(*jointly(pairs), question),))
