"""What a metric may be told beside the predictions, under scikit-learn's names."""

from __future__ import annotations

from dataclasses import dataclass, fields

BINS = 10


@dataclass(frozen=True, slots=True)
class Options:
    """threshold: from which probability on a binary prediction is 1; average: how classes are combined
    ('binary' or 'macro' where not given); multi_class: ROC AUC of each class against the rest ('ovr', where
    not given) or of each pair ('ovo'); quantile: which one the pinball loss is of (0.5); k: how many places
    NDCG looks at (all); bins: of the expected calibration error (10)."""

    threshold: float | None = None
    average: str | None = None
    multi_class: str | None = None
    quantile: float | None = None
    k: int | None = None
    bins: int | None = None

    def __str__(self) -> str:
        given = {each.name: getattr(self, each.name) for each in fields(self)}
        text = ", ".join(f"{name}={value}" for name, value in given.items() if value is not None)
        return f"({text})" if text else ""
