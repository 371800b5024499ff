"""A model's file as something that can be asked: each format is a line in OPENERS."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING

from runner.judge.onnx_model import Scorer, Unusable, open_model
from runner.judge.predictions_file import read_predictions
from runner.judge.skops_model import SkopsModel

if TYPE_CHECKING:
    from runner.judge.trial import Bench

Opener = Callable[[bytes, "Bench"], Scorer]


def open_file(data: bytes, name: str, bench: Bench) -> Scorer:
    """The model in a file's bytes; its format is that of its name.

    Raises Unusable where it cannot be opened, WrongModel where it is none of this evaluation."""
    suffix = PurePath(name).suffix
    if suffix not in OPENERS:
        raise Unusable(f"{suffix or 'a file without a suffix'} is none of {', '.join(OPENERS)}")
    return OPENERS[suffix](data, bench)


def wanted(name: str, width: int) -> str:
    """What such a file has to be, for people; `width` is the number of features."""
    kinds = {".onnx": "an ONNX model", ".skops": "a scikit-learn model"}
    kind = kinds.get(PurePath(name).suffix)
    return f"{kind} of {width} float features" if kind else "predictions of the evaluation's rows"


def _onnx(data: bytes, bench: Bench) -> Scorer:
    return open_model(data, bench.evaluation.matrix.shape[1], bench.criteria.task)


def _skops(data: bytes, bench: Bench) -> Scorer:
    return SkopsModel(data, bench.python, bench.trusted)


def _parquet(data: bytes, bench: Bench) -> Scorer:
    return read_predictions(data, ".parquet", bench.evaluation, bench.row_id, bench.criteria.task)


def _csv(data: bytes, bench: Bench) -> Scorer:
    return read_predictions(data, ".csv", bench.evaluation, bench.row_id, bench.criteria.task)


OPENERS: Mapping[str, Opener] = {".onnx": _onnx, ".skops": _skops, ".parquet": _parquet, ".csv": _csv}
