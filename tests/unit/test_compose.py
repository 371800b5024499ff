"""docker-compose.yml, as a document: valid for Compose 2, readable by 1.29, and hardened."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
FILE: dict[str, Any] = yaml.safe_load(TEXT)
SCHEMA = json.loads((ROOT / "tests/data/compose-spec/compose-spec.json").read_text(encoding="utf-8"))
SERVICES = sorted(FILE["services"])


def problems(document: dict[str, Any]) -> list[str]:
    return [error.message for error in jsonschema.Draft7Validator(SCHEMA).iter_errors(document)]


def test_it_is_valid_for_compose_2() -> None:
    assert problems(FILE) == []
    wrong = copy.deepcopy(FILE)
    wrong["services"]["gate"]["depends_on"]["sandbox"]["condition"] = "service_is_healthy"
    wrong["services"]["gate"]["cap_dorp"] = ["ALL"]
    assert len(problems(wrong)) == 2


def test_compose_1_29_can_fill_it_in() -> None:
    """That knows defaults, but neither a default in a default nor ${X:+...}."""
    filled = TEXT.split("\nx-hardened", 1)[1]  # the comment above shows a command of the shell's
    known = re.findall(r"\$\{[A-Z_]+:-[^${}]+\}", filled)
    assert len(known) == filled.count("$") > 0


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_has_no_right_that_it_does_not_need(name: str) -> None:
    service = FILE["services"][name]
    assert service["read_only"] is True
    # The tests are the gate's user: what is PID 1 there has to hide what it was started with.
    assert service.get("init", False) is (name == "sandbox")
    assert service["cap_drop"] == ["ALL"] and service["security_opt"] == ["no-new-privileges:true"]
    assert service["pids_limit"] and service["mem_limit"] and "/tmp" in service["tmpfs"]
    widening = (
        "privileged cap_add devices network_mode pid ipc userns_mode ports group_add extra_hosts secrets"
    )
    assert not set(widening.split()) & set(service)
    assert "docker.sock" not in json.dumps(service["volumes"])


def test_no_real_aws_and_no_credential_reaches_a_container() -> None:
    names = {name for service in FILE["services"].values() for name in service["environment"]}
    assert not [name for name in names if name.startswith("AWS") or name == "LOCKGATE_AWS"]


def test_the_gate_waits_for_the_sandbox_that_it_uses() -> None:
    gate, sandbox = FILE["services"]["gate"], FILE["services"]["sandbox"]
    url = gate["environment"]["LOCKGATE_SANDBOX_URL"]
    assert sandbox["healthcheck"]["test"] == ["CMD", "lockgate", "sandbox", "status", "--url", url]
    assert gate["depends_on"] == {"sandbox": {"condition": "service_healthy"}}
    command = sandbox["command"]
    options = dict(zip(command[2::2], command[3::2], strict=True))
    assert url == f"http://{options['--name']}:{options['--port']}"
    assert options["--name"] in FILE["services"]  # Docker's DNS knows services by their names


@pytest.mark.parametrize("name", SERVICES)
@pytest.mark.parametrize("variable", ["NO_PROXY", "no_proxy"])
def test_the_sandbox_is_reached_without_a_proxy(name: str, variable: str) -> None:
    assert FILE["services"][name]["environment"][variable].split(",")[0] == "sandbox"


@pytest.mark.parametrize("name", SERVICES)
def test_an_image_that_is_missing_is_built_from_the_same_base_as_by_hand(name: str) -> None:
    build, dockerfile = FILE["services"][name]["build"], ROOT / "images/Dockerfile"
    default = re.search(r"^ARG BASE_IMAGE=(\S+)$", dockerfile.read_text(encoding="utf-8"), re.M)
    assert default is not None
    assert build["args"] == {"BASE_IMAGE": f"${{BASE_IMAGE:-{default[1]}}}"}
    assert (ROOT / build["dockerfile"]) == dockerfile
    assert FILE["services"][name]["image"].endswith(f":{build['target']}")
