"""Where things lie, relative to the solution's root, which is the working directory."""

from pathlib import Path

BUILD = Path("build")
DATA = BUILD / "data"
MODEL = BUILD / "model.onnx"
REFERENCE = BUILD / "model.skops"
RECORD = BUILD / "training.json"
EVALUATION = BUILD / "evaluation.parquet"
GOLDEN = BUILD / "golden.jsonl"

TABLES = ("flights", "weather", "planes", "airports", "airlines")
# What decides the model beside the data: recorded, so that a model can be traced to its code.
CODE = ("src/features", "src/training", "requirements.lock")
