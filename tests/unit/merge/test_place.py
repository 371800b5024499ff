from __future__ import annotations

import pytest

from runner.errors import UsageError
from runner.merge.place import CodeCommitPlace, GitPlace, place_of


@pytest.mark.parametrize(
    ("url", "region"),
    [
        ("codecommit://flights", ""),
        ("codecommit://profile@flights", ""),
        ("codecommit::eu-west-1://flights", "eu-west-1"),
        ("codecommit::us-gov-east-1://profile@flights", "us-gov-east-1"),
        ("https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/flights", "eu-west-1"),
        ("https://user-at-1:p%40ss@git-codecommit.eu-west-1.amazonaws.com/v1/repos/flights", "eu-west-1"),
        ("ssh://APKA@git-codecommit.cn-north-1.amazonaws.com.cn/v1/repos/flights/", "cn-north-1"),
        ("https://git-codecommit-fips.us-east-2.amazonaws.com/v1/repos/flights", "us-east-2"),
    ],
)
def test_codecommit_by_any_of_its_urls(url: str, region: str) -> None:
    """One that was taken for git's would be pushed to, past its approval rules."""
    assert place_of(url) == CodeCommitPlace("flights", region)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://user:token@github.com/a/b.git", "https://github.com/a/b.git"),
        ("https://token@gitlab.example/a/b.git", "https://gitlab.example/a/b.git"),
        ("ssh://git@github.com/a/b.git", "ssh://github.com/a/b.git"),
        ("git@github.com:a/b.git", "git@github.com:a/b.git"),
        ("file:///srv/b.git", "file:///srv/b.git"),
        ("/srv/b.git", "/srv/b.git"),
    ],
)
def test_any_other_is_gits_and_shown_without_credentials(url: str, shown: str) -> None:
    found = place_of(url)
    assert isinstance(found, GitPlace) and (found.url, found.shown) == (url, shown)


@pytest.mark.parametrize(
    "url",
    ["", "ext::sh -c id", "fd::3", "-oProxyCommand=id", "--upload-pack=id", "codecommit://a b", "git://x/y",
     "codecommit::nowhere://flights", "https://x/\ny", "a@-x:y\n", "codecommit://" + "n" * 101],
)  # fmt: skip
def test_what_is_no_repository(url: str) -> None:
    with pytest.raises(UsageError):
        place_of(url)
