import io
import os
import zipfile

from runner.components.archive import dependency_entries, write_zip


def tree(root, order):
    for name, data in order:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(data)
    return root


FILES = [
    ("pkg/__init__.py", "x = 1\n"),
    ("pkg/__pycache__/a.pyc", "c"),
    ("pkg/data.bin", "d" * 5000),
    ("bin/tool", "#!/home/somebody/bin/python\n"),
    ("pkg-1.dist-info/direct_url.json", '{"url": "file:///home/somebody"}'),
    (
        "pkg-1.dist-info/RECORD",
        "pkg/data.bin,,\n../../bin/tool,sha256=x,1\npkg/__pycache__/a.pyc,,\npkg/__init__.py,,\n",
    ),
]


def zipped(root):
    stream = io.BytesIO()
    return write_zip(stream, dependency_entries(root)), stream.getvalue()


def test_bytes_depend_on_content_alone(tmp_path):
    first = tree(tmp_path / "a", FILES)
    second = tree(tmp_path / "deep/er/b", reversed(FILES))
    os.utime(second / "pkg/__init__.py", (0, 0))
    (second / "pkg/data.bin").chmod(0o664)
    assert zipped(first) == zipped(second)


def test_leaves_out_what_names_the_machine(tmp_path):
    unzipped, data = zipped(tree(tmp_path, FILES))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.namelist() == ["pkg-1.dist-info/RECORD", "pkg/__init__.py", "pkg/data.bin"]
        assert archive.read("pkg-1.dist-info/RECORD") == b"pkg/__init__.py,,\npkg/data.bin,,\n"
        assert unzipped == sum(info.file_size for info in archive.infolist())
    assert b"somebody" not in data


def test_an_executable_stays_one(tmp_path):
    root = tree(tmp_path, [("pkg/run.sh", ""), ("pkg/a.py", "")])
    (root / "pkg/run.sh").chmod(0o700)
    with zipfile.ZipFile(io.BytesIO(zipped(root)[1])) as archive:
        modes = {info.filename: oct(info.external_attr >> 16) for info in archive.infolist()}
    assert modes == {"pkg/run.sh": "0o100755", "pkg/a.py": "0o100644"}
