"""Stand-alone, run by the solution's own Python: a skops model's predictions on a matrix.

    python -I _skops_scores.py MODEL.skops MATRIX.npy OUT.npy predict_proba|predict [TYPE ...]

Needs numpy, skops and the scikit-learn that the model was trained with; nothing of Lockgate. Types
outside skops' own list, REVIEWED and the named ones are refused by name (exit 3) before anything of them
is built.
"""

from __future__ import annotations

import sys

# scikit-learn's own containers of numbers, which skops does not trust by itself. Their state is
# arrays; a forged one can crash this process, which holds nothing, and is then no evidence.
REVIEWED = frozenset(
    {
        "numpy.dtype",
        "sklearn.calibration._CalibratedClassifier",
        "sklearn.calibration._SigmoidCalibration",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.tree._tree.Tree",
        "sklearn.utils._bunch.Bunch",
    }
)
REFUSED = 3


def refused(untrusted: list[str]) -> list[str]:
    """The types that nobody has reviewed, sorted."""
    return sorted(set(untrusted) - REVIEWED)


def main(model: str, matrix: str, out: str, method: str, *trusted: str) -> int:
    """Write the predictions as .npy (float64); exit status 3 and the types' names where refused."""
    import numpy as np
    import skops.io

    untrusted = list(skops.io.get_untrusted_types(file=model))
    unknown = refused([name for name in untrusted if name not in trusted])
    if unknown:
        print("untrusted types:", ", ".join(unknown))
        return REFUSED
    estimator = skops.io.load(model, trusted=untrusted)
    said = getattr(estimator, method)(np.load(matrix, allow_pickle=False))
    np.save(out, np.asarray(said, dtype=np.float64), allow_pickle=False)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
