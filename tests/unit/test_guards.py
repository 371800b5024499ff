"""The guards of conftest.py: what must not happen in a test really raises."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest


def test_the_network_raises() -> None:
    with pytest.raises(RuntimeError, match=r"only this machine"), socket.socket() as client:
        client.connect(("192.0.2.1", 443))


def test_a_real_aws_raises() -> None:
    boto3 = pytest.importorskip("boto3")
    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "us-east-1"}
    config = boto3.session.Config(retries={"total_max_attempts": 1})
    with pytest.raises(Exception, match=r"only this machine|Could not connect|resolve"):
        boto3.client("sts", config=config, **keys).get_caller_identity()


def test_the_home_folder_raises() -> None:
    with pytest.raises(OSError):
        (Path.home() / "touched").write_text("x")
