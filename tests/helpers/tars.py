"""Hostile tar archives, header by header: what tarfile itself would not write."""

from __future__ import annotations

import gzip
import tarfile
from collections.abc import Iterable
from pathlib import Path

# Each is a list of members; what is unpacked must stay inside, and nothing called `planted` be written.


def member(name: str, kind: bytes = tarfile.REGTYPE, data: bytes = b"x", link: str = "") -> bytes:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    info.size = len(data) if kind in (tarfile.REGTYPE, *LONG) else 0
    body = data + b"\0" * (-len(data) % 512) if info.size else b""
    return info.tobuf(tarfile.USTAR_FORMAT if len(name) < 100 else tarfile.PAX_FORMAT) + body


LONG = (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.XGLTYPE)


def with_size(size: int) -> bytes:
    """A header with a size of another kind: base-256, as GNU writes what is large or negative."""
    info = tarfile.TarInfo("a")
    raw = bytearray(info.tobuf(tarfile.USTAR_FORMAT))
    raw[124:136] = tarfile.itn(size, 12, tarfile.GNU_FORMAT)
    raw[148:156] = b" " * 8
    raw[148:156] = b"%06o\0 " % sum(raw[:512])
    return bytes(raw)


def pax(*claims: str) -> bytes:
    """A PAX header that claims something of the file which follows."""
    return member("pax", tarfile.XHDTYPE, b"".join(map(record, claims))) + member("a")


def record(claim: str) -> bytes:
    """'<length of all of this> <claim>', as PAX wants it."""
    line = claim.encode()
    size = next(n for n in range(len(line) + 3, len(line) + 9) if len(b"%d %s\n" % (n, line)) == n)
    return b"%d %s\n" % (size, line)


HOSTILE = {
    "an absolute name": [member("/tmp/planted")],
    "a name that climbs": [member("../planted")],
    "a name that climbs inside": [member("a/../../planted")],
    "the folder itself": [member(".", tarfile.DIRTYPE)],
    "the folder above": [member("..", tarfile.DIRTYPE)],
    "a name with a dot": [member("./a")],
    "two slashes": [member("a//b")],
    "a link": [member("a", tarfile.SYMTYPE, link="/etc")],
    "a link, and a file through it": [member("a", tarfile.SYMTYPE, link=".."), member("a/planted")],
    "a hard link": [member("a", tarfile.LNKTYPE, link="/etc/passwd")],
    "a device": [member("a", tarfile.CHRTYPE)],
    "a block device": [member("a", tarfile.BLKTYPE)],
    "a pipe": [member("a", tarfile.FIFOTYPE)],
    "something contiguous": [member("a", tarfile.CONTTYPE)],
    "something sparse": [member("a", tarfile.GNUTYPE_SPARSE)],
    "an unknown kind": [member("a", b"Z")],
    "a file twice": [member("a"), member("a")],
    "a file below a file": [member("a"), member("a/b")],
    "a folder over a file": [member("a"), member("a/b", tarfile.DIRTYPE)],
    "a file over a folder": [member("a", tarfile.DIRTYPE), member("a")],
    "a name of GNU's": [member("@LongLink", tarfile.GNUTYPE_LONGNAME, b"../planted\0"), member("a")],
    "a link's name of GNU's": [member("@LongLink", tarfile.GNUTYPE_LONGLINK, b"/etc\0"), member("a")],
    "a header for all that follow": [member("g", tarfile.XGLTYPE, b"17 path=../x/y/z\n"), member("a")],
    "a name that climbs, said beforehand": [pax("path=../planted")],
    "an absolute name, said beforehand": [pax("path=/tmp/planted")],
    "a negative size": [with_size(-1024), member("b")],
    "a negative size, said beforehand": [pax("size=-1024")],
    "sparse, said beforehand": [pax("GNU.sparse.map=0,1", "GNU.sparse.size=99999999999")],
    "a header without end": [with_size(2**60)],
    "headers upon headers": [member("x", tarfile.XHDTYPE, b"11 k=valu1\n")] * 3000,
    "a name that is too long": [pax("path=" + "n" * 5000)],
    "a name with a zero": [pax("path=a\0b")],
}


def packed(members: Iterable[bytes]) -> bytes:
    """The members as a .tar.gz."""
    return gzip.compress(b"".join(members) + b"\0" * 1024)


def bundled(path: Path, members: Iterable[bytes]) -> Path:
    path.write_bytes(packed(members))
    return path
