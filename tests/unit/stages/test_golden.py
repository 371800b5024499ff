import json

import pytest

from runner.errors import UsageError
from runner.stages.golden import differences, groups, read_rows

NAN = float("nan")


@pytest.mark.parametrize(
    ("expected", "served", "problem"),
    [
        ({"p": 0.3}, {"p": 0.3 + 5e-7, "model": "x"}, ""),
        ({"p": 0.3}, {"p": 0.7}, "answer.p: served 0.7, training gave 0.3 (tolerance 1e-06)"),
        ({"p": 0.3}, {}, "answer.p is not served"),
        ({"p": 0.3}, {"p": NAN}, "answer.p: served nan"),
        ({"p": 0.3}, {"p": "0.3"}, "answer.p: served '0.3'"),
        ({"p": 1}, {"p": True}, "answer.p: served True"),
        ({"p": None}, {"p": None}, ""),
        ({"a": [{"p": 1.0}]}, {"a": [{"p": 2.0}]}, "answer.a[0].p"),
        ({"a": [1, 2]}, {"a": [1]}, "answer.a: served 1 items, training gave 2"),
        ({"a": {}}, {"a": []}, "answer.a: served []"),
        ([1e6], [1e6 + 0.5], ""),
        ([1e6], [1e6 + 1.5], "answer[0]"),
        ({"p": 0.3}, None, "answer: served None"),
        ("yes", "yes", ""),
    ],
)
def test_differences(expected, served, problem):
    found = differences(expected, served, 1e-6).problems
    assert (not found) if not problem else found[0].startswith(problem)


def test_every_difference_is_told_with_its_size():
    found = differences({"a": 1.0, "b": 2.0}, {"a": 1.5, "b": 4.0}, 1e-6)
    assert len(found.problems) == 2
    assert [pair.size for pair in found.compared] == [0.5, 1.0]


def test_rows_keep_their_line_numbers_and_come_in_groups(tmp_path):
    lines = [json.dumps({"event": i, "expected": {"v": i}}) for i in range(12)]
    (tmp_path / "g").write_text("\n".join([lines[0], "", *lines[1:]]))
    rows = read_rows(str(tmp_path), "g")
    assert [row.number for row in rows[:3]] == [1, 3, 4]
    assert [len(group) for group in groups(rows)] == [10, 2]


@pytest.mark.parametrize(
    "text",
    ["", "\n\n", "{", "[]", "3", '{"event": 1}', '{"event": 1, "expected": {}}', "[" * 100_000, "\udcff"],
)
def test_rows_that_could_not_fail_are_refused(tmp_path, text):
    (tmp_path / "g").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(UsageError):
        read_rows(str(tmp_path), "g")


@pytest.mark.parametrize("expected", [{"a": {}}, [{}], [[], {"a": [{}]}], None, {}, "[" * 900 + "]" * 900])
def test_a_row_that_compares_no_value_is_refused_with_its_number(tmp_path, expected):
    text = expected if isinstance(expected, str) else json.dumps(expected)
    (tmp_path / "g").write_text(f'{{"event": 1, "expected": 0}}\n{{"event": 1, "expected": {text}}}\n')
    with pytest.raises(UsageError, match=r"g:2: .*nothing would be compared"):
        read_rows(str(tmp_path), "g")


@pytest.mark.parametrize("expected", [0, False, "", {"a": None}, [{}, {"a": [0]}]])
def test_a_row_that_compares_some_value_is_read(tmp_path, expected):
    (tmp_path / "g").write_text(json.dumps({"event": 1, "expected": expected}))
    assert read_rows(str(tmp_path), "g")[0].expected == expected


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        read_rows(str(tmp_path), "none")
