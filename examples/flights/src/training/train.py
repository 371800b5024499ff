"""`python -m training.train`: build/data/ -> the model, and everything that it is judged with.

Writes (training.paths): the model as ONNX, the scikit-learn model as skops (the reference for parity),
the training record, the evaluation table and the golden rows. The same inputs give the same model, byte
for byte; skops alone writes memory addresses and dates, so the reference's digest differs each time.
"""

import json
from typing import Any

import skops.io
from delay_features import NAMES
from onnx.helper import set_model_props
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType
from sklearn.ensemble import HistGradientBoostingClassifier

from training import dataset, evidence, paths

SEED = 2013
# Early stopping would hold out a random tenth, in which neighbouring flights leak into each other.
PARAMETERS: dict[str, Any] = {
    "max_iter": 100,
    "learning_rate": 0.1,
    "max_leaf_nodes": 31,
    "early_stopping": False,
    "random_state": SEED,
}
OPSET = 15


def main() -> None:
    train, test = dataset.split(dataset.load())
    model = HistGradientBoostingClassifier(**PARAMETERS).fit(train.features, train.late)
    late = model.predict_proba(test.features)[:, 1]
    skops.io.dump(model, paths.REFERENCE)
    paths.MODEL.write_bytes(as_onnx(model))
    evidence.write_evaluation(test)
    evidence.write_golden(test, late)
    record = evidence.record(PARAMETERS, OPSET, train, test, late)
    paths.RECORD.write_text(json.dumps(record, indent=2, sort_keys=True) + "\n")


def as_onnx(model: HistGradientBoostingClassifier) -> bytes:
    """The model as ONNX: input `features` (rows, len(NAMES)) float32, outputs `label` and
    `probabilities` (rows, 2). It carries its inputs' names, which `predict` holds its caller to."""
    inputs = [("features", FloatTensorType([None, len(NAMES)]))]
    exported = convert_sklearn(
        model, "late", initial_types=inputs, options={"zipmap": False}, target_opset=OPSET
    )
    set_model_props(exported, {"features": json.dumps(NAMES)})
    return exported.SerializeToString(deterministic=True)


if __name__ == "__main__":
    main()
