"""Which files a source means: globs, folders, Hive's partitions; here and in S3."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from helpers.objects import Objects

from runner.errors import InfrastructureError, UsageError
from runner.sources.formats import CSV, PARQUET, Format, format_of, format_of_all
from runner.sources.globs import Wanted, wanted
from runner.sources.listing import Item, difference
from runner.sources.local import local
from runner.sources.partitions import folders_of, types_of
from runner.sources.remote import in_s3

NAMES = (
    "data/2023-12.csv", "data/2024-01.csv", "data/2024-02.csv", "data/2024-02.csv.bak",
    "data/sub/2024-03.csv", "data/_SUCCESS", "data/.hidden.csv", "data/_temporary/2024-04.csv",
    "other/2024-05.csv",
)  # fmt: skip
GLOBS = {
    "data/2024-*.csv": ["2024-01.csv", "2024-02.csv"],
    "data/2024-0[13].csv": ["2024-01.csv"],
    "data/2024-0[!1].csv": ["2024-02.csv"],
    "data/202?-1?.csv": ["2023-12.csv"],
    "data/**/*.csv": ["2023-12.csv", "2024-01.csv", "2024-02.csv", "sub/2024-03.csv"],
    "*/2024-0[45].csv": ["other/2024-05.csv"],
    "data/sub/": ["2024-03.csv"],
    "data/sub/*": ["2024-03.csv"],
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in NAMES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("a\n1\n")
    return tmp_path


def s3(*keys: str) -> Objects:
    return Objects({"bucket": dict.fromkeys(keys, b"a\n1\n")})


@pytest.mark.parametrize("source", GLOBS)
def test_a_glob_means_the_same_files_here_and_in_s3(root: Path, source: str) -> None:
    here = local(root, source).items()
    assert [item.name for item in here] == GLOBS[source]
    there = in_s3(s3(*NAMES), f"s3://bucket/{source}").items()
    assert [(item.name, item.size) for item in there] == [(item.name, 4) for item in here]


def test_everything_below_a_folder_is_its_table(root: Path) -> None:
    (root / "data/2024-02.csv.bak").unlink()
    assert [item.name for item in local(root, "data").items()] == GLOBS["data/**/*.csv"]
    assert [item.name for item in local(root, "data/").items()] == GLOBS["data/**/*.csv"]


def test_a_file_with_a_wild_name_is_itself(root: Path) -> None:
    (root / "a[1].csv").write_text("a\n")
    assert [item.name for item in local(root, "a[1].csv").items()] == ["a[1].csv"]


@pytest.mark.parametrize("source", ["none/*.csv", "data/1999-*.csv", "none/"])
def test_no_files_are_an_error(root: Path, source: str) -> None:
    with pytest.raises(InfrastructureError, match=r"there (are no files|is no such folder)"):
        local(root, source).items()
    with pytest.raises(InfrastructureError, match="there are no files"):
        in_s3(s3(*NAMES), f"s3://bucket/{source}").items()


def test_links_that_leave_the_solution_are_refused(root: Path, tmp_path_factory: Any) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "2024-09.csv").write_text("a\n")
    (root / "data/2024-09.csv").symlink_to(outside / "2024-09.csv")
    with pytest.raises(UsageError, match="inside the solution"):
        local(root, "data/*.csv").items()
    (root / "data/2024-09.csv").unlink()
    (root / "data/more").symlink_to(outside)
    with pytest.raises(UsageError, match="more is a link to a folder"):
        local(root, "data/").items()
    with pytest.raises(UsageError, match="inside the solution"):
        local(root, "../*.csv").items()
    assert len(local(root, "data/*.csv").items()) == 3  # the link is none of these


def test_a_link_within_the_solution_is_followed(root: Path) -> None:
    (root / "data/2024-09.csv").symlink_to(root / "other/2024-05.csv")
    place = local(root, "data/2024-09*.csv")
    assert place.brought(place.items(), root)[0].read_text() == "a\n1\n"


def test_a_pipe_or_a_folder_with_a_file_s_name_is_an_error(root: Path) -> None:
    os.mkfifo(root / "data/2024-08.csv")
    with pytest.raises(InfrastructureError, match=r"2024-08\.csv is no file"):
        local(root, "data/2024-*.csv").items()
    with pytest.raises(InfrastructureError, match="there is no such file"):
        local(root, "data/2024-08.csv").items()
    (root / "data/2024-08.csv").unlink()
    (root / "data/2024-08.csv").mkdir()
    with pytest.raises(InfrastructureError, match=r"2024-08\.csv is a folder"):
        local(root, "data/2024-*.csv").items()


def test_a_name_that_is_no_text_is_an_error(root: Path) -> None:
    (root / os.fsdecode(b"data/2024-\xff.csv")).write_text("a\n")
    with pytest.raises(InfrastructureError, match="is not UTF-8"):
        local(root, "data/*.csv").items()


@pytest.mark.parametrize("log", ["_delta_log", ".hoodie"])
def test_files_of_a_table_with_a_log_do_not_say_what_is_in_it(root: Path, log: str) -> None:
    (root / "data" / log).mkdir()
    with pytest.raises(InfrastructureError, match="its files alone do not say"):
        local(root, "data/*.csv").items()
    with pytest.raises(InfrastructureError, match="its files alone do not say"):
        in_s3(s3("data/a.csv", f"data/{log}/0.json"), "s3://bucket/data/").items()


def test_a_whole_object_is_asked_for_by_its_key() -> None:
    place = in_s3(s3("data/a.csv", "data/a.csv.bak"), "s3://bucket/data/a.csv")
    assert [item.name for item in place.items()] == ["a.csv"]
    with pytest.raises(InfrastructureError, match="no such object"):
        in_s3(s3("data/a.csv.bak"), "s3://bucket/data/a.csv").items()


@pytest.mark.parametrize("source", ["s3://bucket", "s3:///key", "s3://buck*/key", "s3://bucket/"])
def test_a_place_in_s3_names_a_bucket_and_more(source: str) -> None:
    with pytest.raises(UsageError, match="s3://BUCKET/KEY"):
        in_s3(s3(), source)


def test_a_key_names_no_file_here(tmp_path: Path) -> None:
    remote = s3("data/a/x.csv", "data/b/x.csv", "data/" + "é" * 500 + ".csv", "data/../x.csv")
    place = in_s3(remote, "s3://bucket/data/")
    paths = place.brought(place.items(), tmp_path)
    assert [path.parent for path in paths] == [tmp_path] * 3 and len(set(paths)) == 3


def test_what_changes_between_listing_and_fetching_is_an_error(tmp_path: Path) -> None:
    remote = s3("data/a.csv")
    remote.before = lambda key: remote.buckets["bucket"].update({key: b"longer than before"})
    place = in_s3(remote, "s3://bucket/data/*.csv")
    with pytest.raises(InfrastructureError, match=r"a\.csv was changed while it was fetched"):
        place.brought(place.items(), tmp_path)


def test_more_than_the_disk_has_room_for_is_not_fetched(tmp_path: Path) -> None:
    remote = s3("data/a.csv")
    place = in_s3(remote, "s3://bucket/data/*.csv")
    with pytest.raises(InfrastructureError, match=r"1 files have .* bytes, and the disk has room for"):
        place.brought((Item("a.csv", 10**18),), tmp_path)
    assert not remote.fetched


@pytest.mark.parametrize(
    ("now", "told"),
    [
        ((Item("a", 1), Item("b", 1)), ""),
        ((Item("a", 1),), "b was removed"),
        ((Item("a", 1), Item("b", 1), Item("c", 1)), "c was added"),
        ((Item("a", 1), Item("b", 2)), "b was changed"),
        ((Item("a", 1), Item("b", 1, "tag")), "b was changed"),
    ],
)
def test_the_first_difference_of_two_listings(now: tuple[Item, ...], told: str) -> None:
    assert difference((Item("a", 1), Item("b", 1)), now) == told


def test_what_a_listing_of_s3_begins_with() -> None:
    assert wanted("data/2024-*.csv").beginning == "data/2024-"
    assert wanted("data/").beginning == "data/" and wanted("*.csv").beginning == ""
    assert wanted("data/a.csv") == Wanted("data/a.csv")


def test_partitions_are_typed_unescaped_and_null() -> None:
    names = ("year=2024/place=a%2Fb/1.csv", "year=2023/place=__HIVE_DEFAULT_PARTITION__/1.csv")
    folders = folders_of(names, "t")
    assert folders == {"year": (2024, 2023), "place": ("a/b", None)}
    assert types_of(folders) == {"year": "int64", "place": "string"}


@pytest.mark.parametrize(
    ("values", "typed"),
    [
        (("1", "x"), ("1", "x")),
        (("01", "2"), (1, 2)),
        (("1.5", "2"), ("1.5", "2")),
        (("__HIVE_DEFAULT_PARTITION__", "7"), (None, 7)),
        (("__HIVE_DEFAULT_PARTITION__",), (None,)),
        (("9" * 18, "9" * 19), ("9" * 18, "9" * 19)),
    ],
)
def test_a_partition_of_whole_numbers_is_one_of_integers(values: Any, typed: Any) -> None:
    assert folders_of([f"k={value}/x.csv" for value in values], "t")["k"] == typed


@pytest.mark.parametrize(
    "names",
    [
        ("a=1/x.csv", "x.csv"),
        ("a=1/b=2/x.csv", "b=2/a=1/x.csv"),
        ("a=1/A=2/x.csv", "a=1/A=3/x.csv"),
        ("=1/x.csv", "=2/x.csv"),
        ("file_row_number=1/x.csv", "file_row_number=2/x.csv"),
    ],
)
def test_files_of_other_partitions_are_told(names: tuple[str, str]) -> None:
    with pytest.raises(InfrastructureError, match="partition"):
        folders_of(names, "t")


def test_formats_go_by_names_and_a_table_has_one() -> None:
    assert format_of("a.snappy.parquet") == Format(PARQUET)
    assert format_of("a.csv.gz") == Format(CSV, packed=True)
    for name in ("a.pkl", "a.parquet.gz", "csv", "a.csv.bak"):
        with pytest.raises(UsageError, match="end in"):
            format_of(name)
    with pytest.raises(UsageError, match=r"b\.parquet: .*a\.csv has another"):
        format_of_all(["a.csv", "b.parquet"])
