"""What an ONNX file says of itself, read from its bytes: nothing in it is loaded, let alone executed.

ONNX is one protocol buffers message. Its structure is walked here and its weights are passed over;
https://protobuf.dev/programming-guides/encoding/ and onnx/onnx.proto have the numbers.
"""

from __future__ import annotations

import mmap
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from runner.text import one_line

MAX_FIELDS, MAX_DEPTH, MAX_OPSETS, MAX_TOP = 3_000_000, 64, 100, 10_000
TOP = (1, 2, 3, 7, 8)  # of ModelProto: ir_version, producer's name and version, graph, opset_import
Span = tuple[int, int]
Field = tuple[int, int | Span]
# Weights of trees lie unpacked, millions of fields of one number each: passed over at once.
RUN = re.compile(rb"(?:\x3d.{4})+|(?:\x40[\x80-\xff]{0,9}[\x00-\x7f])+", re.DOTALL)
# Message -> field -> message: where graphs, and tensors that could lie in other files, are found.
INSIDE: dict[str, dict[int, str]] = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "function": {7: "node", 11: "attribute"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {},
}
ELEMENTS = {1: "float", 2: "uint8", 3: "int8", 6: "int32", 7: "int64", 8: "string", 9: "bool", 11: "double"}
DEFAULT_DOMAIN = "ai.onnx"


class NotOnnx(Exception):
    """The bytes are no ONNX model that Lockgate takes; the message is why."""


def onnx_facts(path: Path) -> dict[str, Any]:
    """ir_version, opset (domain -> version), producer, inputs, outputs and operators of a model.

    Raises NotOnnx for anything else, and for a model whose weights lie in other files."""
    if not path.stat().st_size:
        raise NotOnnx("it is empty")
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return _Reader(data).facts()


class _Reader:
    """One reading of one file; `left` bounds its work."""

    def __init__(self, data: mmap.mmap) -> None:
        self.data, self.left = data, MAX_FIELDS

    def facts(self) -> dict[str, Any]:
        whole = (0, len(self.data))
        top = self.top(whole)
        numbers = Counter(number for number, _ in top)
        version = next((v for number, v in top if number == 1), 0)
        once = numbers[1] == numbers[7] == 1 and numbers[8]
        if not once or not isinstance(version, int) or not 1 <= version < 1000:
            raise NotOnnx("it has no ONNX version, graph and operator set")
        if numbers[8] > MAX_OPSETS:
            raise NotOnnx(f"it has more than {MAX_OPSETS} operator sets")
        graph = next(v for number, v in top if number == 7)
        return {
            "ir_version": version,
            "opset": dict(self.opset(v) for number, v in top if number == 8),
            "producer": " ".join(self.text(v) for number, v in top if number in (2, 3))[:200],
            "inputs": [self.value(v) for number, v in self.fields(_span(graph)) if number == 11],
            "outputs": [self.value(v) for number, v in self.fields(_span(graph)) if number == 12],
            "operators": sorted(self.operators(whole)),
        }

    def top(self, whole: Span) -> list[Field]:
        """The fields of the model itself that are looked at."""
        found: list[Field] = []
        for each in self.fields(whole):
            if each[0] in TOP:
                found.append(each)
            if len(found) > MAX_TOP:
                raise NotOnnx("it says the same of itself too often")
        return found

    def fields(self, span: Span) -> Iterator[Field]:
        """(number, value) of each field: a varint, or where a length-delimited one lies."""
        at, end = span
        while at < end:
            if skipped := RUN.match(self.data, at, end):
                at = skipped.end()
                continue
            self.left -= 1
            if self.left < 0:
                raise NotOnnx(f"it has more than {MAX_FIELDS:,} fields")
            key, at = self.varint(at, end)
            value: int | Span = 0
            if key & 7 == 0:
                value, at = self.varint(at, end)
            elif key & 7 == 2:
                length, at = self.varint(at, end)
                value, at = (at, at + length), at + length
            elif key & 7 in (1, 5):
                at += 8 if key & 7 == 1 else 4
            else:
                raise NotOnnx("it is no protocol buffers message")
            if at > end or key < 8:
                raise NotOnnx("it is cut off, or no protocol buffers message")
            yield key >> 3, value

    def varint(self, at: int, end: int) -> tuple[int, int]:
        value = 0
        for index in range(10):
            if at + index >= end:
                break
            byte = self.data[at + index]
            value |= (byte & 0x7F) << (7 * index)
            if byte < 0x80:
                return value, at + index + 1
        raise NotOnnx("it is cut off, or no protocol buffers message")

    def operators(self, whole: Span) -> set[str]:
        """Every operator of every graph, as domain.name; refuses tensors that lie in other files."""
        found: set[str] = set()
        waiting: list[tuple[str, Span, int]] = [("model", whole, 0)]
        while waiting:
            kind, span, depth = waiting.pop()
            if depth > MAX_DEPTH:
                raise NotOnnx(f"its graphs are nested deeper than {MAX_DEPTH}")
            name, domain = "", ""
            for number, value in self.fields(span):
                if kind == "tensor" and (number == 13 or (number == 14 and value == 1)):
                    raise NotOnnx("its weights lie in other files, which no digest of it covers")
                if kind == "node" and number in (4, 7):
                    name, domain = (self.text(value), domain) if number == 4 else (name, self.text(value))
                elif number in INSIDE[kind]:
                    waiting.append((INSIDE[kind][number], _span(value), depth + 1))
            if kind == "node":
                found.add(f"{domain}.{name}" if domain and domain != DEFAULT_DOMAIN else name)
        return found

    def opset(self, value: int | Span) -> tuple[str, int]:
        """(domain, version) of an operator set."""
        domain, version = DEFAULT_DOMAIN, 0
        for number, found in self.fields(_span(value)):
            if number == 1:
                domain = self.text(found) or DEFAULT_DOMAIN
            elif number == 2 and isinstance(found, int):
                version = found
        return domain, version

    def value(self, value: int | Span) -> dict[str, Any]:
        """Name, element type and shape (None: any) of an input or output."""
        told: dict[str, Any] = {"name": "", "element": "", "shape": []}
        for number, found in self.fields(_span(value)):
            if number == 1:
                told["name"] = self.text(found)
            for _, kind in self.fields(_span(found)) if number == 2 else ():
                told |= self.tensor_type(kind)
        return told

    def tensor_type(self, kind: int | Span) -> dict[str, Any]:
        """Of a tensor: its elements and its shape; of a map or a sequence nothing."""
        told: dict[str, Any] = {}
        for number, found in self.fields(kind) if not isinstance(kind, int) else ():
            if number == 1 and isinstance(found, int):
                told["element"] = ELEMENTS.get(found, str(found))
            elif number == 2 and not isinstance(found, int):
                told["shape"] = [self.dimension(d) for n, d in self.fields(found) if n == 1][:16]
        return told

    def dimension(self, value: int | Span) -> int | None:
        found = [v for number, v in self.fields(_span(value)) if number == 1]
        return found[0] if found and isinstance(found[0], int) and found[0] < 2**53 else None

    def text(self, value: int | Span) -> str:
        start, end = _span(value)
        return one_line(self.data[start : min(end, start + 1000)].decode("utf-8", "replace"), 200)


def _span(value: int | Span) -> Span:
    if isinstance(value, int):
        raise NotOnnx("it is no protocol buffers message")
    return value
