"""What `lockgate worker` refuses before it polls for anything."""

from __future__ import annotations

import pytest

from runner.cli import main

URL = "LOCKGATE_CODEPIPELINE_URL"


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        ([], "--provider"),
        (["--provider", "a b"], "letters, digits"),
        (["--provider", "p" * 36], "1 to 35"),
        (["--provider", "P", "--version", "1234567890"], "1 to 9"),
        (["--provider", "P", "--category", "Approval"], "Approval"),
        (["--provider", "P", "--query", "Team"], "--query"),
        (["--provider", "P", "--query", "Team=a b"], "letters, digits"),
        (["--provider", "P", "--hours", "25"], "25"),
        (["--provider", "P", "--scratch", "/nonexistent"], "/nonexistent"),
        (["--provider", "P"], "only in a real AWS"),
    ],
)
def test_wrong_usage_is_2_and_says_why(
    argv: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["worker", *argv]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("url", "option", "said"),
    [
        ("http://127.0.0.1:1", ["--aws"], "names a double"),
        ("https://codepipeline.us-east-1.amazonaws.com", [], "is a real AWS"),
    ],
)
def test_a_double_and_a_real_aws_are_never_mixed_up(
    url: str,
    option: list[str],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(URL, url)
    assert main(["worker", "--provider", "P", *option]) == 2
    assert said in capsys.readouterr().err
