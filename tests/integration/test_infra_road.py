"""The last three stages of the road, as their projects' buildspecs run them, by the real commands in a local
AWS: a kept run is signed where it lies, deployed, and its commit merged; and none of it out of turn."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from helpers.bare_repository import BareRepository
from helpers.buildspec import Build, Builder
from helpers.cloudformation import branches, read
from helpers.merges import history
from helpers.releases import Shop, answer

from runner.adapters.aws import Aws, AwsError, sandbox_target
from runner.kept import bundle_key, uri_of
from runner.kept.put import keep, keep_blobs
from runner.manifest.build import digest
from runner.remote.store import S3Store
from runner.sandbox.process import start_embedded

pytestmark = pytest.mark.integration

BUCKET = "lockgate-square"


@dataclass
class Road:
    """A kept run of the tested commit of a repository, and the stages after Test."""

    aws: Aws
    folder: Path
    git: BareRepository
    base: str
    tested: str
    store: S3Store
    sha256: str
    key: str
    shop: Path
    told: list[str] = field(default_factory=list)

    def stage(self, name: str, **told: str) -> Build:
        """What the stage's project does, in a folder with the artifact that it takes."""
        project = read("release")["Resources"][f"{name}Project"]["Properties"]
        bin_folder = Path(sys.executable).parent
        scratch = self.folder / f"{name}-{len(self.told)}"
        source, state = scratch / "src", scratch / "state"
        self.told.append(name)
        for place in (source, state):
            place.mkdir(parents=True)
        if name == "Deploy":
            shutil.copytree(self.shop, source, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".lockgate"))
        [policy] = [
            v["Value"]["Fn::Sub"][0]
            for v in branches(project["Environment"]["EnvironmentVariables"])
            if v["Name"] == "LOCKGATE_POLICY"
        ] or [""]
        for variable, value in (("Solution", "square"), ("Branch", "dev"), ("Stages", "integration")):
            policy = policy.replace(f"${{{variable}}}", value)
        base = {
            "PATH": f"{bin_folder}:{os.environ['PATH']}", "HOME": str(scratch),
            "LOCKGATE_SANDBOX_URL": self.aws.target.endpoint or "",
            "LOCKGATE_MANIFEST_URI": uri_of(self.store.url), "LOCKGATE_MANIFEST_SHA256": self.sha256,
            "LOCKGATE_COMMIT": self.tested, "LOCKGATE_SIGN_KEY": self.key, "LOCKGATE_POLICY": policy,
            "LOCKGATE_ENVIRONMENT": "prod", "LOCKGATE_SOLUTION": ".", "LOCKGATE_FROM": "dev",
            "LOCKGATE_INTO": "main", "LOCKGATE_REPOSITORY": f"file://{self.git.path}", **told,
        }  # fmt: skip
        spec = project["Source"]["BuildSpec"].replace("/tmp/", f"{scratch}/")
        places = (source, str(source)), (state, str(state))
        return Builder(*places, base=base, start={}, separate=False).build(spec)


@pytest.fixture(scope="module")
def road(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Road]:
    folder = tmp_path_factory.mktemp("road")
    git, base, tested = history(folder / "repository.git")
    shop = Shop(folder / "shop", folder / "cache")
    shop.configure(bucket=BUCKET)
    run = shop.release(factor=3, sign=False, commit=tested, tree_clean=None)
    with start_embedded(folder / "log", folder / "cache") as sandbox:
        aws = Aws(sandbox_target(sandbox.url))
        aws.ensure_bucket(BUCKET)
        made = aws.call("kms", "create_key", KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
        store = S3Store(aws, BUCKET, f"runs/{run.name}")
        sha256 = digest((run / "manifest.json").read_bytes())
        keep_blobs(store, run, shop.root / "lockgate.yml")
        keep(store, run, sha256)
        yield Road(aws, folder, git, base, tested, store, sha256, made["KeyMetadata"]["Arn"], shop.root)


def stack_is_there(aws: Aws) -> bool:
    try:
        return bool(aws.call("cloudformation", "describe_stacks", StackName="square-prod")["Stacks"])
    except AwsError:
        return False


def refused(done: Build, why: str, road: Road) -> None:
    """A stage that failed for a reason, and changed nothing in production or in main."""
    assert done.status == "FAILED"
    assert why in done.log
    assert not stack_is_there(road.aws)
    assert road.git.tip("main") == road.base


def test_a_commit_goes_the_whole_road_in_its_order(road: Road) -> None:
    refused(road.stage("Deploy"), "signatures", road)  # nobody has signed it yet
    refused(road.stage("Sign", LOCKGATE_MANIFEST_SHA256="0" * 64), f"its sha256 is {road.sha256}", road)
    assert not road.store.has(bundle_key())
    done = road.stage("Sign")
    assert (done.status, road.store.has(bundle_key())) == ("SUCCEEDED", True), done.log

    refused(road.stage("Deploy", LOCKGATE_POLICY=policy_of("main")), "branch", road)
    done = road.stage("Deploy")
    assert done.status == "SUCCEEDED", done.log
    assert answer(road.aws, 2) == 12
    done = road.stage("Merge")
    assert done.status == "SUCCEEDED", done.log
    assert road.git.tip("main") == road.tested


def policy_of(branch: str) -> str:
    stages = "{integration: {}}"
    return (
        f'solution: square\nsigners: [signer.pem]\nstages: {stages}\nbranches: ["{branch}"]\nclean: false\n'
    )
