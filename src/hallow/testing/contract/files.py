"""Promises about files: sources, resources, artifacts."""

from __future__ import annotations

from hashlib import md5
from typing import TYPE_CHECKING, Any

import pytest

from hallow.errors import ArtifactNameError
from hallow.testing.contract.support import Session, recorded

if TYPE_CHECKING:
    from pathlib import Path

    from hallow.testing.contract.backend import Backend


class FilePromises:
    """Kept once, kept whole, found again."""

    def test_resource_bytes_survive_the_original(self, backend: Backend, tmp_path: Path) -> None:
        """A resource can be read back after the file is gone."""
        (data := tmp_path / "d.csv").write_bytes(b"1,2\n\0\xff")

        def main(_run: Any) -> None:
            _run.add_resource(data)
            data.unlink()

        run = recorded(backend, main)
        assert backend.raw(run._id).resource(str(data)) == b"1,2\n\0\xff"
        (resource,) = backend.open().get(run._id).resources
        assert (resource.name, resource.read_bytes()) == (str(data), b"1,2\n\0\xff")
        assert resource.md5 == md5(b"1,2\n\0\xff").hexdigest()

    def test_artifacts_with_what_was_said_of_them(self, backend: Backend, tmp_path: Path) -> None:
        """Bytes, name, metadata and content type."""
        (made := tmp_path / "plot.bin").write_bytes(bytes(range(256)) * 2000)

        def main(_run: Any) -> None:
            _run.add_artifact(made, name="plots/a.png", metadata={"epoch": 3, "a.b": [1]}, content_type="image/x-own")
            made.unlink()

        run = recorded(backend, main)
        record = backend.open().get(run._id)
        (artifact,) = record.artifacts
        assert (artifact.name, artifact.content_type) == ("plots/a.png", "image/x-own")
        assert artifact.metadata == {"epoch": 3, "a.b": [1]}
        assert artifact.read_bytes() == bytes(range(256)) * 2000
        assert backend.raw(run._id).artifact("plots/a.png") == bytes(range(256)) * 2000

    def test_an_empty_artifact(self, backend: Backend, tmp_path: Path) -> None:
        """No content is content, too."""
        (made := tmp_path / "empty").write_bytes(b"")
        run = recorded(backend, lambda _run: _run.add_artifact(made))
        assert backend.open().get(run._id).artifact("empty").read_bytes() == b""

    def test_artifact_names_do_not_clash(self, backend: Backend, tmp_path: Path) -> None:
        """A second artifact of one name with another content is a version; the same content is the same artifact."""
        for number in (1, 2):
            (tmp_path / f"a{number}").mkdir()
            (tmp_path / f"a{number}" / "m.txt").write_text(f"content {number}")

        def main(_run: Any) -> None:
            for number in (1, 2, 1):
                _run.add_artifact(tmp_path / f"a{number}" / "m.txt")

        run = recorded(backend, main)
        record = backend.open().get(run._id)
        assert [(file.name, file.given) for file in record.artifacts] == [("m.txt", "m.txt"), ("m.2.txt", "m.txt")]
        assert record.artifact("m.txt").read_text() == "content 2"
        assert record.artifacts[0].read_text() == "content 1"

    def test_a_folder_as_artifact(self, backend: Backend, tmp_path: Path) -> None:
        """Each file in it can be had again."""
        (tmp_path / "out" / "deep").mkdir(parents=True)
        (tmp_path / "out" / "a.txt").write_text("a")
        (tmp_path / "out" / "deep" / "b.txt").write_text("b")
        run = recorded(backend, lambda _run: _run.add_artifact(tmp_path / "out"))
        record = backend.open().get(run._id)
        assert record.artifact("out/a.txt").read_text() == "a"
        assert record.artifact("out/deep/b.txt").read_text() == "b"

    def test_names_of_artifacts_that_a_store_might_need_itself(self, backend: Backend, tmp_path: Path) -> None:
        """They are kept, or refused with an error; the record is sound in any case."""
        (made := tmp_path / "x").write_text("mine")
        names = ["run.json", "info.json", "metrics.json", "cout.txt", "config.json"]
        session = Session(backend)
        for name in names:
            if "reserved" in backend.cannot:
                with pytest.raises(ArtifactNameError, match=name):
                    session.observer.artifact_event(name=name, filename=str(made))
            else:
                session.observer.artifact_event(name=name, filename=str(made))
        with pytest.raises(ArtifactNameError, match="leads out"):
            session.observer.artifact_event(name="../x", filename=str(made))
        session.complete(result=1)
        record = backend.open().get(session.run_id)
        assert (record.problem, record.result, record.config["lr"]) == ("", 1, 0.1)
        if "reserved" not in backend.cannot:
            assert [record.artifact(name).read_text() for name in names] == ["mine"] * 5

    def test_sources_have_their_text(self, backend: Backend) -> None:
        """The code that was run is in the record."""
        run = recorded(backend, lambda: None)
        record = backend.open().get(run._id)
        names = [file.name for file in record.sources]
        assert len(names) == len(set(names)) > 0
        first = record.source("support.py")
        assert first.md5 == md5(first.read_bytes()).hexdigest()
        assert "def " in first.read_text()
        assert backend.raw(run._id).source(first.name) == first.read_bytes()

    def test_equal_contents_are_stored_once(self, backend: Backend, tmp_path: Path) -> None:
        """A second run of the same code with the same data adds one document at most, and no content."""
        (data := tmp_path / "d.csv").write_text("1,2")
        counts = []
        for _ in range(3):
            recorded(backend, lambda _run: _run.add_resource(data))
            counts.append(backend.contents())
        assert counts[1] == counts[0]
        assert counts[2] == counts[0]

    def test_a_source_that_is_gone(self, backend: Backend, caplog: pytest.LogCaptureFixture) -> None:
        """It is left out with a warning, and the run starts."""
        session = Session(backend, sources=[("no/such/file.py", "0" * 32)])
        session.complete()
        record = backend.open().get(session.run_id)
        assert record.status == "COMPLETED"
        assert "no/such/file.py" in caplog.text
        for file in record.sources:
            with pytest.raises(FileNotFoundError):
                file.read_bytes()

    def test_a_content_that_is_gone(self, backend: Backend) -> None:
        """Asking for a file that was never added names those there are."""
        run = recorded(backend, lambda: None)
        record = backend.open().get(run._id)
        with pytest.raises(FileNotFoundError, match=r"no artifact 'plto\.png'"):
            record.artifact("plto.png")

    def test_artifacts_of_the_present_run_can_be_opened(self, backend: Backend, tmp_path: Path) -> None:
        """As a check-point that is read again later in the same run."""
        (made := tmp_path / "c.txt").write_text("weights")

        session = Session(backend)
        session.observer.artifact_event(name="c.txt", filename=str(made))
        with session.observer.open_artifact("c.txt", "r") as file:
            assert file.read() == "weights"
        with session.observer.open_artifact("c.txt") as file:
            assert file.read() == b"weights"
        with pytest.raises(FileNotFoundError, match=r"c\.txt"):
            session.observer.open_artifact("d.txt")
