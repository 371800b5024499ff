from __future__ import annotations

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel

from runner.adapters.aws import AwsError
from runner.errors import InfrastructureError, RefusedError, UsageError
from runner.merge.refusals import REFUSED, USAGE, as_ours

MODEL = ServiceModel(Loader().load_service_model("codecommit", "service-2"))


def test_every_code_is_one_of_codecommits() -> None:
    assert {*REFUSED, *USAGE} <= {shape.name for shape in MODEL.error_shapes}


@pytest.mark.parametrize("code", REFUSED)
def test_what_the_branches_forbid_is_refused_with_a_way_out(code: str) -> None:
    error = as_ours(AwsError("said", code=code), "there")
    assert isinstance(error, RefusedError) and error.hint and "nothing was merged" in error.what


@pytest.mark.parametrize("code", USAGE)
def test_a_wrong_name_is_usage(code: str) -> None:
    assert isinstance(as_ours(AwsError("said", code=code), "there"), UsageError)


@pytest.mark.parametrize("code", ["ThrottlingException", "AccessDeniedException", "InternalFailure", ""])
def test_anything_else_could_not_be_told(code: str) -> None:
    error = as_ours(AwsError("what it said", code=code, where="codecommit:get_branch"), "there")
    assert isinstance(error, InfrastructureError)
    assert "what it said" in error.what and "codecommit:get_branch" in error.what
