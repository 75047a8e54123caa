# $
import sys
from pathlib import Path

from sacred.dependencies import (
    MB,
    PEP440_VERSION_PATTERN,
    PackageDependency,
    Source,
    get_digest,
    get_py_file_if_possible,
    is_local_source,
)

Path("data.py").write_text("x = 1\n")
Path("data.pyc").write_text("")
print(get_digest("data.py"), MB)
source = Source.create("data.py", save_git_info=False)
print(source.to_json(), source.digest, source.repo, source.commit, source.is_dirty)
print(Path(source.filename).name, source.to_json(str(Path.cwd())))
print(source == Source.create("data.py", save_git_info=False), len({source, Source.create("data.py", False)}))
print(source == source.filename)
try:
    Source.create("nowhere.py")
except ValueError:
    print("ValueError")
numpy = PackageDependency("numpy", None)
numpy.fill_missing_version()
print(numpy.name, numpy.version is None, numpy.to_json().startswith("numpy=="))
print(PackageDependency("a", "1.0").to_json(), PackageDependency("a", None).to_json())
print(PackageDependency("a", "1.0") == PackageDependency("a", "1.0"))
print(len({PackageDependency("a", "1.0"), PackageDependency("a", "1.0"), PackageDependency("b", "1.0")}))
for text in ("1.0", "2.0a1", "1!1.2.3.post1.dev0", "nope", "1.0.0"):
    print(text, bool(PEP440_VERSION_PATTERN.match(text)))
print(Path(get_py_file_if_possible("data.pyc")).name, get_py_file_if_possible("other.pyc"))
here = str(Path.cwd())
for name, module in (
    ("data.py", "data"),
    ("sub/data.py", "sub.data"),
    ("data.py", "other"),
    ("sub/__init__.py", "sub"),
):
    print(name, module, is_local_source(str(Path.cwd() / name), module, here))
print(is_local_source("/elsewhere/data.py", "data", here))
