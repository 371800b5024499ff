"""An environment's stack and what runs in it: what a content asks for, and how far reality is from it."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from runner.adapters.aws import Aws, AwsError
from runner.errors import InfrastructureError
from runner.history.store import TAKEN
from runner.release import template
from runner.release.content import Stored, parameters
from runner.release.drift import drift, not_checked
from runner.release.expected import VERSION, Expectation, expected, not_reread
from runner.release.publish import publish, require_there
from runner.release.records import Content
from runner.release.running import GONE, Running, differences, read_running
from runner.release.stack import BACK, GOOD, STILLBORN, LivingStack, Standing
from runner.stages.stack_deploy import INLINE_LIMIT, StackPlan, Stacks

NO_BYTES: Callable[[str], Path | None] = lambda sha256: None  # noqa: E731


@dataclass(frozen=True, slots=True)
class Moving:
    """An alias whose version changes: its logical name, the function's and its own, and both versions."""

    logical: str
    function: str
    alias: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """A content as a stack: its template with versions named by digest, its plan, what must run then."""

    content: Content
    plan: StackPlan
    expectations: tuple[Expectation, ...]


@dataclass
class Target:
    """The tools of one environment's stack; `token` is that of the release at work. `stored`: what has to
    lie in the bucket, with its sizes; `bytes_of`: digest -> file, for what does not lie there yet;
    `blind`: what the last look for drift could not compare."""

    aws: Aws
    stacks: Stacks
    bucket: str
    solution: str
    say: Callable[[str], None]
    tags: Mapping[str, str]
    role: str = ""
    allowed: frozenset[str] = frozenset()
    stored: Mapping[str, Stored] = field(default_factory=dict)
    bytes_of: Callable[[str], Path | None] = NO_BYTES
    token: str = ""
    blind: str = field(default="", init=False)

    def wanted(self, content: Content) -> Wanted:
        """What a content means here. Raises InfrastructureError where its template is nowhere."""
        given = parameters(content, self.bucket, self._s3)
        text = template.versioned(self._template(content), given)
        plan = self._plan(content.stack_name, text, given)
        return Wanted(content, plan, expected(text, given, content))

    def publish(self, content: Content) -> None:
        """The bytes of a content into the bucket, where they do not lie there."""
        mine = {n: s for n, s in self.stored.items() if content.parts[n].key == s.key}
        publish(self.aws, self.bucket, mine, self.bytes_of)
        older = {n: p for n, p in content.parts.items() if p.key and n not in mine}
        for name, part in older.items():  # a rollback's: they were put there by a release before
            require_there(self.aws, self.bucket, name, part.key, part.deployed)

    def bring_to(self, wanted: Wanted) -> bool:
        """The stack to its template; whether anything changed. Raises as `LivingStack.bring_to` does."""
        return self._bring_to(wanted.plan)

    def publish_versions(self, wanted: Wanted) -> list[Moving]:
        """Publish what is new beside what runs, whose aliases stay; the aliases that are to move.

        None where the stack is new, or where CloudFormation itself moves the traffic."""
        text, name = wanted.plan.body, wanted.content.stack_name
        if self._stack(name).standing() is None:
            return []
        own = template.code_deploy_aliases(text)
        staying = [m for m in self.moving(wanted) if m.logical not in own and m.new != m.old]
        if not staying:
            return []
        pinned = template.pinned(text, {m.logical: m.old for m in staying})
        self._bring_to(self._plan(name, pinned, wanted.plan.parameters))
        return [m for m in self.moving(wanted) if m.logical in {s.logical for s in staying}]

    def unfit(self, wanted: Wanted) -> list[str]:
        """How published versions differ from a content, in words: asked before any of them has traffic."""
        versions = tuple(e for e in wanted.expectations if e.type == VERSION)
        running = read_running(self.aws, wanted.content.stack_name, versions)
        return differences(versions, replace(running, status=GOOD[0]))

    def moving(self, wanted: Wanted) -> list[Moving]:
        """The aliases of a template that the stack has: where each points, and the version that it is to
        have ('' while that is not published)."""
        there = self._physical(wanted.content.stack_name)
        found = []
        for logical, (_, version) in template.aliases(wanted.plan.body).items():
            if logical in there:
                new = there.get(version, "").rpartition(":")[2]
                found.append(self._pointing(logical, there[logical], new))
        return found

    def aliases(self, stack_name: str) -> list[Moving]:
        """The aliases that a stack has, whatever its templates are and wherever those lie; none where there
        is no stack. No version is new."""
        if self.standing(stack_name) is None:
            return []
        listed = (r for r in self._resources(stack_name) if r["ResourceType"] == template.ALIAS)
        return [
            self._pointing(r["LogicalResourceId"], r["PhysicalResourceId"], "")
            for r in listed
            if r.get("PhysicalResourceId")
        ]

    def _pointing(self, logical: str, arn: str, new: str) -> Moving:
        """An alias with where it points now."""
        function, alias = arn.split(":")[-2:]
        told = self.aws.call("lambda", "get_alias", FunctionName=function, Name=alias)
        return Moving(logical, function, alias, str(told["FunctionVersion"]), new)

    def differences(self, wanted: Wanted) -> list[str]:
        """How what runs differs from a content, in words; nothing if it does not.

        A stack that CloudFormation rolled back to this very template is as it should be."""
        running, standing = self._running(wanted), self.standing(wanted.content.stack_name)
        if standing is None:
            return differences(wanted.expectations, running)
        if not standing.has(wanted.plan):
            other = "the stack has another template or other parameters than the release"
            return [other, *differences(wanted.expectations, running)]
        if standing.status in BACK:
            running = replace(running, status=GOOD[0])
        return differences(wanted.expectations, running)

    def facts(self, wanted: Wanted) -> dict[str, str]:
        """What was read back, for the ledger."""
        return self._running(wanted).facts()

    def drift(self, stack_name: str) -> list[str]:
        """What somebody changed by hand; nothing where there is no stack yet, or none that ever ran."""
        standing = self.standing(stack_name)
        if standing is None or standing.status in STILLBORN:
            return []
        found = drift(self.aws, stack_name, self.stacks.wait)
        self.blind = not_checked(self.aws, stack_name)
        return found

    def unseen(self, wanted: Wanted) -> list[str]:
        """What nobody could compare: components that are nowhere read back, resources without drift (of
        the last time that it was looked for)."""
        standing = self.standing(wanted.content.stack_name)
        masked = [f"parameter {name} (NoEcho)" for name in (standing.masked if standing else ())]
        lost = [*not_reread(wanted.expectations, wanted.content), *masked]
        return [*(f"not read back: {name}" for name in lost), *([self.blind] if self.blind else [])]

    def settle(self, content: Content) -> None:
        """Wait for what is under way, and lead the stack out of what it was left in."""
        self._stack(content.stack_name).settle()

    def outputs(self, stack_name: str) -> dict[str, str]:
        """The stack's outputs; none where there is no stack."""
        standing = self.standing(stack_name)
        return dict(standing.outputs) if standing else {}

    def standing(self, stack_name: str) -> Standing | None:
        return self._stack(stack_name).standing()

    def _running(self, wanted: Wanted) -> Running:
        return read_running(self.aws, wanted.content.stack_name, wanted.expectations)

    def _stack(self, name: str) -> LivingStack:
        return LivingStack(self.stacks, name, self.token, self._show, self.allowed)

    def _show(self, lines: list[str]) -> None:
        for line in lines:
            self.say(f"  {line}")

    def _bring_to(self, plan: StackPlan) -> bool:
        if plan.template_url:
            self._put_template(plan)
        return self._stack(plan.name).bring_to(plan)

    def _plan(self, name: str, text: str, given: Mapping[str, str]) -> StackPlan:
        is_large = len(text.encode()) > INLINE_LIMIT
        url = f"{self._s3}/{self.bucket}/{self._template_key(text)}" if is_large else ""
        return StackPlan(name, text, given, self.tags, url, self.role)

    def _template_key(self, text: str) -> str:
        return f"{self.solution}/templates/{_sha256(text)}.yml"

    def _put_template(self, plan: StackPlan) -> None:
        body = io.BytesIO(plan.body.encode())
        where: dict[str, Any] = {"Bucket": self.bucket, "Key": self._template_key(plan.body)}
        try:
            self.aws.call("s3", "put_object", Body=body, IfNoneMatch="*", **where)
        except AwsError as error:
            if error.code not in TAKEN:
                raise

    def _template(self, content: Content) -> str:
        """The template as it was built: beside the manifest, or in the bucket, by its digest."""
        path = self.bytes_of(content.template)
        key = content.parts[content.stack].key
        data = path.read_bytes() if path else self.aws.read(self.bucket, key)
        if _sha256(data) != content.template:
            raise InfrastructureError("the template is not what its name says", where=str(path or key))
        return data.decode("utf-8-sig")

    def _physical(self, stack_name: str) -> dict[str, str]:
        """Logical -> physical names of what the stack has now."""
        there = self._resources(stack_name)
        return {r["LogicalResourceId"]: r.get("PhysicalResourceId", "") for r in there}

    def _resources(self, stack_name: str) -> list[dict[str, Any]]:
        """What the stack has now."""
        listed = self.aws.pages(
            "cloudformation", "list_stack_resources", "StackResourceSummaries", StackName=stack_name
        )
        return [r for r in listed if r["ResourceStatus"] not in GONE]

    @property
    def _s3(self) -> str:
        return self.aws.target.endpoint or f"https://s3.{self.aws.target.region}.amazonaws.com"


def _sha256(text: str | bytes) -> str:
    return hashlib.sha256(text.encode() if isinstance(text, str) else text).hexdigest()
