"""Who solution code is run as. What it can then do is shown in tests/containers/test_root.py."""

from __future__ import annotations

import pwd
from pathlib import Path

import pytest

from runner.adapters import privileges
from runner.errors import InfrastructureError

OTHER = next(user.pw_name for user in pwd.getpwall() if user.pw_uid != 0)
ALL = 2**40 - 1


def test_root_runs_solution_code_as_the_named_user() -> None:
    user = privileges.test_user({privileges.VARIABLE: OTHER}, uid=0, capabilities=ALL)
    assert user is not None
    assert user.pw_name == OTHER


@pytest.mark.parametrize(
    "environ, uid", [({}, 0), ({privileges.VARIABLE: ""}, 0), ({privileges.VARIABLE: OTHER}, 1000)]
)
def test_who_is_not_root_or_names_nobody_stays_what_they_are(environ: dict[str, str], uid: int) -> None:
    assert privileges.test_user(environ, uid=uid, capabilities=ALL) is None


@pytest.mark.parametrize("name, what", [("nobody-of-this-name", "there is no user"), ("root", "is root")])
def test_a_wrong_name_never_means_root(name: str, what: str) -> None:
    with pytest.raises(InfrastructureError, match=what):
        privileges.test_user({privileges.VARIABLE: name}, uid=0, capabilities=ALL)


@pytest.mark.parametrize("name, bit", privileges.NEEDED.items())
def test_root_that_cannot_become_somebody_else_says_so(name: str, bit: int) -> None:
    with pytest.raises(InfrastructureError, match=f"CAP_{name} cannot"):
        privileges.test_user({privileges.VARIABLE: OTHER}, uid=0, capabilities=ALL & ~(1 << bit))


def test_without_a_test_user_folders_stay_as_they_are(tmp_path: Path) -> None:
    with privileges.lent(tmp_path / "not-made"), privileges.writable(tmp_path, ["build/out"]):
        assert list(tmp_path.iterdir()) == []
