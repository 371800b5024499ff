from __future__ import annotations

import pytest
from helpers.aws_model import problems
from helpers.codepipeline import TOTAL, FakeCodePipeline
from hypothesis import given
from hypothesis import strategies as st

from runner.worker.outcome import Failure, JobError, Success, bounded

MODEL = FakeCodePipeline().model
ID = "00000000-0000-0000-0000-000000000000"


@given(st.text(), st.text(), st.dictionaries(st.text(max_size=20), st.text(max_size=3000), max_size=8))
def test_whatever_a_run_says_is_a_request_that_the_model_takes(
    summary: str, run_id: str, variables: dict[str, str]
) -> None:
    given = Success(f"PASSED: {summary}", run_id, variables).arguments()
    shape = MODEL.operation_model("PutJobSuccessResult").input_shape
    assert not problems(shape, {"jobId": ID, **given})


@given(st.text(max_size=6000), st.text(max_size=2000))
def test_whatever_goes_wrong_is_a_request_that_the_model_takes(message: str, run_id: str) -> None:
    given = Failure("JobFailed", message, run_id).arguments()
    shape = MODEL.operation_model("PutJobFailureResult").input_shape
    assert not problems(shape, {"jobId": ID, **given})


def test_variables_are_bounded_one_by_one_and_together() -> None:
    found = bounded({"A": "x" * 5000, "b c": "1", "EMPTY": "", "B": "one\ntwo"})
    assert set(found) == {"A", "B"} and len(found["A"]) == 1500 and found["B"] == "one two"
    with pytest.raises(JobError, match="bytes, over"):
        bounded({f"N{i}": "x" * 1400 for i in range(TOTAL // 1400 + 1)})
