from itertools import pairwise

import pytest

from runner.components.targets import Target, deploy_target, host_target


def platforms(target):
    options = target.pip_options()
    return [value for name, value in pairwise(options) if name == "--platform"]


@pytest.mark.parametrize(
    ("runtime", "architecture", "newest", "machine"),
    [
        ("python3.11", "x86_64", "manylinux_2_26_x86_64", "x86_64"),
        ("python3.12", "x86_64", "manylinux_2_34_x86_64", "x86_64"),
        ("python3.13", "arm64", "manylinux_2_34_aarch64", "aarch64"),
    ],
)
def test_takes_wheels_up_to_the_runtimes_glibc(runtime, architecture, newest, machine):
    target = deploy_target(runtime, architecture)
    found = platforms(target)
    assert found[0] == newest
    assert f"manylinux2014_{machine}" in found
    assert all(name.endswith(machine) for name in found)
    assert target.name == f"{runtime}-{architecture}"


def test_python311_does_not_take_what_its_glibc_lacks():
    assert "manylinux_2_28_x86_64" not in platforms(deploy_target("python3.11", "x86_64"))


def test_a_host_of_another_system_is_another_target():
    assert Target("3.12", "arm64", "darwin").name == "python3.12-arm64-darwin"
    assert Target("3.12", "arm64", "darwin") != deploy_target("python3.12", "arm64")
    assert host_target().architecture in ("x86_64", "arm64")
