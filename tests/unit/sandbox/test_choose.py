import re
from pathlib import Path

import pytest

from runner.adapters.aws import AwsTarget
from runner.errors import InfrastructureError, UsageError
from runner.sandbox import MINISTACK
from runner.sandbox.choose import aws_in_use, is_real
from runner.sandbox.detached import down, status
from runner.sandbox.process import require_pinned

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("option", "environ", "expected"),
    [
        (False, {}, False),
        (True, {}, True),
        (False, {"LOCKGATE_AWS": "1"}, True),
        (False, {"LOCKGATE_AWS": "0"}, False),
        (False, {"AWS_PROFILE": "prod", "AWS_ACCESS_KEY_ID": "AKIA", "AWS_ENDPOINT_URL": "https://x"}, False),
    ],
)
def test_a_real_aws_is_used_only_where_it_was_asked_for(option, environ, expected):
    assert is_real(option, environ) is expected


@pytest.mark.parametrize(
    ("url", "error"),
    [("http://127.0.0.1:1", InfrastructureError), ("https://s3.amazonaws.com", UsageError)],
)
def test_a_named_sandbox_must_be_one_and_answer(tmp_path, url, error):
    environ = {"LOCKGATE_SANDBOX_URL": url}
    with pytest.raises(error), aws_in_use(real=False, log_dir=tmp_path, environ=environ):
        pass


class Known:
    def __init__(self, target):
        self.target = target

    def account(self):
        return "123456789012"


def test_a_real_one_is_told_by_its_account(tmp_path):
    target = AwsTarget("real", "", "eu-west-1", "", ("k", "s", ""))
    with aws_in_use(
        real=True, log_dir=tmp_path, environ={}, find=lambda region: target, real_aws=Known
    ) as found:
        assert found.description == "AWS: REAL account 123456789012 in eu-west-1"


def test_another_version_of_ministack_is_refused():
    require_pinned(MINISTACK, "here")
    for version in (None, "1.5.34"):
        with pytest.raises(InfrastructureError, match=r"is not the pinned"):
            require_pinned(version, "here")


def test_the_pin_is_the_one_that_is_installed():
    assert f'"ministack=={MINISTACK}"' in (ROOT / "pyproject.toml").read_text()
    assert re.search(
        rf"^ministack=={re.escape(MINISTACK)} ", (ROOT / "requirements/run.lock").read_text(), re.M
    )


@pytest.mark.parametrize("state", ["", "[]", "{}", '{"url": 1}', '{"pid": 1}', "\x00"])
def test_a_state_file_that_says_nothing_is_no_sandbox(tmp_path, state):
    (tmp_path / "sandbox.json").write_text(state)
    assert status(tmp_path) is None
    assert not down(tmp_path)
    assert not (tmp_path / "sandbox.json").exists()
