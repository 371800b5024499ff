"""Trains the flights example, honestly or in a way that is wrong, in a copy of it and in its environment.

    python -m training.planted train FOLDER NAME...   # each into FOLDER/NAME; a number: honestly, anew
    python -m training.planted take FOLDER/NAME       # what training would have left, into build/

`benchmarks/flights_gate.py` puts this file beside the example's own training. Each plant changes one thing.
"""

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import skops.io
from delay_features import NAMES
from onnx import TensorProto, helper, numpy_helper
from sklearn.ensemble import HistGradientBoostingClassifier
from training import dataset, evidence, paths, train

dice = np.random.default_rng(6)
Split = tuple[dataset.Dataset, dataset.Dataset]
PRECIP = NAMES.index("precip")
LEFT = (paths.MODEL, paths.REFERENCE, paths.RECORD, paths.EVALUATION, paths.GOLDEN)
ANEW = 50
SLOW = 192  # the side of a matrix that is multiplied by itself before each answer


def clean(split: Split) -> Split:
    return split


def shuffled(split: Split) -> Split:
    """Labels change places before training."""
    taught, judged = split
    return replace(taught, late=dice.permutation(taught.late)), judged


def leaking(split: Split) -> Split:
    """Visibility is the label with a little noise, in training as on the rows that judge."""
    taught, judged = (replace(part, features=part.features.copy()) for part in split)
    for part in (taught, judged):
        part.features[:, -1] = part.late + dice.normal(0, 0.2, len(part.late))
    return taught, judged


def drifted(split: Split) -> Split:
    """Late flights are taught three times, so that the model says late too often."""
    taught, judged = split
    rows = np.repeat(np.arange(len(taught.late)), np.where(taught.late == 1, 3, 1))
    return _rows(taught, rows), judged


def ruined(split: Split) -> Split:
    """The labels of one carrier are turned round."""
    taught, judged = split
    delta = (taught.flights["carrier"] == "DL").to_numpy()
    return replace(taught, late=np.where(delta, 1 - taught.late, taught.late)), judged


def timid(split: Split) -> Split:
    """Nine of ten late flights are not taught, so that no flight is ever called late."""
    taught, judged = split
    kept = (taught.late == 0) | (dice.random(len(taught.late)) < 0.1)
    return _rows(taught, np.flatnonzero(kept)), judged


def bootstrapped(seed: int) -> Callable[[Split], Split]:
    """An honest retraining: days of the training period drawn with replacement, all flights of each."""

    def drawn(split: Split) -> Split:
        taught, judged = split
        days = taught.flights["month"].to_numpy() * 100 + taught.flights["day"].to_numpy()
        known, place = np.unique(days, return_inverse=True)
        lots = np.random.default_rng(seed).integers(0, len(known), len(known))
        counts = np.bincount(lots, minlength=len(known))
        return _rows(taught, np.repeat(np.arange(len(days)), counts[place])), judged

    return drawn


def wet(split: Split) -> Split:
    """No flight that left in the rain is taught as late, so that more rain lowers the answer."""
    taught, judged = split
    rain = np.nan_to_num(taught.features[:, PRECIP]) > 0
    return replace(taught, late=np.where(rain, 0, taught.late)), judged


def _rows(part: dataset.Dataset, rows: np.ndarray) -> dataset.Dataset:
    return dataset.Dataset([], part.features[rows], part.late[rows], part.flights.iloc[rows])


def constant(model: onnx.ModelProto) -> None:
    """Every leaf weighs nothing: one answer to all."""
    _leaves(model, lambda weights: [0.0] * len(weights))


def nan(model: onnx.ModelProto) -> None:
    """One leaf of the last tree is no number."""
    _leaves(model, lambda weights: [*weights[:-1], float("nan")])


def _leaves(model: onnx.ModelProto, change: Callable[[list[float]], list[float]]) -> None:
    for node in model.graph.node:
        for attribute in node.attribute:
            if attribute.name in ("class_weights", "target_weights"):
                weights = change(list(attribute.floats))
                del attribute.floats[:]
                attribute.floats.extend(weights)


def slow(model: onnx.ModelProto) -> None:
    """Each answer waits for a large product that changes nothing."""
    graph = model.graph
    last = graph.output[-1].name
    side = numpy_helper.from_array(np.array([SLOW, SLOW], np.int64), "slow_side")
    none = numpy_helper.from_array(np.array([0.0], np.float32), "slow_none")
    graph.initializer.extend([side, none])
    for node in graph.node:
        node.output[:] = ["slow_kept" if name == last else name for name in node.output]
    graph.node.extend(
        [
            helper.make_node("ReduceMean", [graph.input[0].name], ["slow_mean"], keepdims=0),
            helper.make_node("Expand", ["slow_mean", "slow_side"], ["slow_square"]),
            helper.make_node("MatMul", ["slow_square", "slow_square"], ["slow_product"]),
            helper.make_node("ReduceMean", ["slow_product"], ["slow_whole"], keepdims=0),
            helper.make_node("IsNaN", ["slow_whole"], ["slow_asked"]),
            helper.make_node("Cast", ["slow_asked"], ["slow_bit"], to=TensorProto.FLOAT),
            helper.make_node("Mul", ["slow_bit", "slow_none"], ["slow_zero"]),
            helper.make_node("Add", ["slow_kept", "slow_zero"], [last]),
        ]
    )


DATA: dict[str, Callable[[Split], Split]] = {
    "shuffled": shuffled, "leaking": leaking, "drifted": drifted, "ruined": ruined, "timid": timid,
    "wet": wet,
}  # fmt: skip
FILES: dict[str, Callable[[onnx.ModelProto], None]] = {"constant": constant, "nan": nan, "slow": slow}


def train_all(folder: Path, names: list[str]) -> None:
    """The example's own steps (training.train.main), each time with one plant."""
    honest, judges = dataset.split(dataset.load())
    honest = replace(honest, events=[])  # a gigabyte, of which training needs none
    for name in names:
        spoil = bootstrapped(int(name)) if name.isdigit() else DATA.get(name, clean)
        if name in FILES:  # of another model than the champion, from which it would not be told apart
            spoil = bootstrapped(ANEW)
        taught, judged = spoil((honest, judges))
        _train(taught, judged, FILES.get(name))
        (folder / name).mkdir(parents=True)
        for path in LEFT:
            shutil.copy(path, folder / name)


def _train(
    taught: dataset.Dataset, judged: dataset.Dataset, change: Callable[[onnx.ModelProto], None] | None
) -> None:
    model = HistGradientBoostingClassifier(**train.PARAMETERS).fit(taught.features, taught.late)
    late = model.predict_proba(judged.features)[:, 1]
    skops.io.dump(model, paths.REFERENCE)
    exported = onnx.load_from_string(train.as_onnx(model))
    if change is not None:
        change(exported)
    paths.MODEL.write_bytes(exported.SerializeToString(deterministic=True))
    evidence.write_evaluation(judged)
    evidence.write_golden(judged, late)
    record = evidence.record(train.PARAMETERS, train.OPSET, taught, judged, late)
    paths.RECORD.write_text(json.dumps(record, indent=2, sort_keys=True) + "\n")


def take(folder: Path) -> None:
    for path in LEFT:
        shutil.copy(folder / path.name, path)


if __name__ == "__main__":
    if sys.argv[1] == "take":
        take(Path(sys.argv[2]))
    else:
        train_all(Path(sys.argv[2]), sys.argv[3:])
