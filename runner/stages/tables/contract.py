"""Whether a table has the columns that its readers rely on: a check each, and one for what else there is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from runner.config.data import Contract as Rule
from runner.config.data import TableSource
from runner.contract.columns import Agreed, Contract, read_contract
from runner.contract.differences import Difference, differences
from runner.contract.found import found_in
from runner.model import Check, Status
from runner.stages.tables.further import Findings, Seen
from runner.text import one_line


def ids(root: Path, name: str, config: TableSource) -> tuple[str, ...]:
    """`TABLE/contract(COLUMN)` for each agreed column, and `TABLE/contract` for additions and the order.
    Raises ConfigError for a contract that is none."""
    return (*_ids(name, _contract(root, config).columns), f"{name}/contract")


def judge(seen: Seen) -> Findings:
    """FAILED for each difference that is not allowed. Raises InfrastructureError where the table's columns
    cannot be told."""
    contract, rule = _contract(seen.job.root, seen.config), _rule(seen.config)
    told = found_in(seen.source, contract.columns)
    found = differences(contract.columns, told.columns, told.fits)
    types = {column.name: column.type for column in told.columns}
    each = zip(_ids(seen.name, contract.columns), contract.columns, strict=True)
    checks = (_check(seen, id, rule, found.columns[c.name], types.get(c.name, ""), c) for id, c in each)
    whole = _check(seen, f"{seen.name}/contract", rule, found.table, f"{len(types):,} columns")
    facts = {"columns": contract.path, "sha256": contract.sha256, "allow": list(rule.allow)}
    return Findings((*checks, whole), facts=facts)


def _check(
    seen: Seen, id: str, rule: Rule, found: Iterable[Difference], measured: str, agreed: Agreed | None = None
) -> Check:
    """A check of some differences: first those that are not allowed, since a long cause is cut."""
    breaches = [each for each in found if each.kind not in rule.allow]
    borne = [each for each in found if each.kind in rule.allow]
    cause = one_line("; ".join((*_words(breaches, ""), *_words(borne, "allowed: "))))
    status = Status.FAILED if breaches else Status.PASSED
    limit = _limit(agreed) if agreed else f"no changes but {', '.join(rule.allow) or 'none'}"
    return Check(id, status, seen.config.source, cause=cause, measured=measured, limit=limit)


def _words(found: Iterable[Difference], before: str) -> Iterator[str]:
    return (f"{before}{each.kind}: {each.told}" for each in found)


def _limit(column: Agreed) -> str:
    return column.type if column.nullable else f"{column.type}, no nulls"


def _ids(table: str, columns: Iterable[Agreed]) -> list[str]:
    """Names that only what cannot be printed tells apart are counted."""
    seen, ids = Counter[str](), list[str]()
    for name in (one_line(column.name, 120) for column in columns):
        seen[name] += 1
        ids.append(f"{table}/contract({name})" + (f"#{seen[name]}" if seen[name] > 1 else ""))
    return ids


def _contract(root: Path, config: TableSource) -> Contract:
    return read_contract(root, _rule(config).columns)


def _rule(config: TableSource) -> Rule:
    assert config.contract is not None  # noqa: S101  it is why this was called
    return config.contract
