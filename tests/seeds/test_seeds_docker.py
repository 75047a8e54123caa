"""The containers in examples/docker: the files fit together, hold no secrets, and the command of the image works."""

from __future__ import annotations

import json
import re
import shlex
import shutil

import pytest

from seeds_running import ROOT

yaml = pytest.importorskip("yaml")
DOCKER = ROOT / "examples" / "docker"
VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((DOCKER / "docker-compose.yml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def dockerfile():
    """Instructions and their arguments, in order; lines that go on are joined."""
    text = (DOCKER / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [tuple(line.split(maxsplit=1)) for line in lines]


def with_variables(text, **values):
    """As compose puts variables in; one that must be given, and is not, is an error."""

    def value(found):
        name, kind, word = found.groups()
        if name in values:
            return values[name]
        assert kind == "-", f"{name} has no default"
        return word

    return VARIABLE.sub(value, text)


def test_services(compose):
    assert set(compose) == {"services", "volumes", "x-uri"}
    services = compose["services"]
    assert set(services) == {"mongo", "omniboard", "experiment"}
    for name, service in services.items():
        assert ("image" in service) != ("build" in service), name
        for other, how in service.get("depends_on", {}).items():
            assert how == {"condition": "service_healthy"}
            assert "healthcheck" in services[other]
    assert services["mongo"]["image"].startswith("mongo:")
    assert services["omniboard"]["image"].startswith("vivekratnavel/omniboard")
    assert services["experiment"]["profiles"] == ["run"], "`docker compose up` starts no run"
    assert (DOCKER / services["experiment"]["build"] / "Dockerfile").is_file()


def test_servers_are_reachable_from_this_machine_only(compose):
    ports = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert sorted(ports) == ["127.0.0.1:27017:27017", "127.0.0.1:9000:9000"]


def test_volumes(compose, dockerfile):
    mounts = [mount for service in compose["services"].values() for mount in service.get("volumes", [])]
    names, targets = zip(*(mount.split(":") for mount in mounts), strict=True)
    assert sorted(names) == sorted(compose["volumes"])
    state = next(re.search(r"HALLOW_STATE_DIR=(\S+)", rest)[1] for word, rest in dockerfile if word == "ENV")
    assert targets == ("/data/db", state)


def test_passwords_come_from_the_environment(compose):
    """Without MONGO_PASSWORD nothing starts; with it, everybody has the same."""
    services = compose["services"]
    login = services["mongo"]["environment"]
    uris = [compose["x-uri"], services["omniboard"]["environment"]["MONGO_URI"]]
    uris += services["experiment"]["environment"].values()
    assert len(set(uris)) == 1
    for text in (login["MONGO_INITDB_ROOT_PASSWORD"], uris[0]):
        assert {name for name, kind, _ in VARIABLE.findall(text) if kind == "?"} == {"MONGO_PASSWORD"}
    user = with_variables(login["MONGO_INITDB_ROOT_USERNAME"])
    assert with_variables(uris[0], MONGO_PASSWORD="pw") == f"mongodb://{user}:pw@mongo:27017/sacred?authSource=admin"


def test_no_file_holds_a_secret():
    assert (DOCKER / ".gitignore").read_text().split() == [".env"]
    for path in {*DOCKER.iterdir()} - {DOCKER / ".env"}:
        text = VARIABLE.sub("$", path.read_text(encoding="utf-8"))
        for given in re.findall(r"(?i)(?:password|secret|token)[\"']?\s*[:=]\s*(\S+)", text):
            assert given.strip("\"'`").startswith(("$", "...")), (path.name, given)
        assert not re.search(r"://\w+:\w+@", text), path.name


def test_dockerfile(dockerfile):
    words = [word for word, _ in dockerfile]
    assert words[0] == "FROM"
    assert set(words) <= {"FROM", "ARG", "RUN", "USER", "WORKDIR", "ENV", "COPY", "ENTRYPOINT"}
    assert words.index("USER") < words.index("ENTRYPOINT"), "not as root"
    for word, rest in dockerfile:
        if word == "COPY":
            assert all((DOCKER / source).exists() for source in shlex.split(rest)[:-1])


def test_the_command_of_the_image(dockerfile, alias, tmp_path, mongo_server, mongo_database):
    """It runs, records where MONGO_URI says, and the password of that stays out of the record."""
    command = json.loads(next(rest for word, rest in dockerfile if word == "ENTRYPOINT"))
    assert command[:3] == ["python", "-m", "hallow.as_sacred"]
    copied = [source for word, rest in dockerfile if word == "COPY" for source in shlex.split(rest)[:-1]]
    for source in copied:
        shutil.copy(DOCKER / source, tmp_path)
    uri = mongo_server.uri_of(mongo_database)
    done = alias(*command[3:], "with", "rate=0.3", MONGO_URI=uri + ("&" if "?" in uri else "?") + "appName=xyzzy")
    assert done.out == "x = 2.000\n"
    record = done.record(uri)
    assert (record.status, record.name, record.config["rate"]) == ("COMPLETED", "minimum", 0.3)
    assert record.metrics["value"].values[0] == 64
    assert "xyzzy" not in json.dumps([record.config, record.meta, record.info, record.output], default=str)
    assert alias(*command[3:], "print_config").out.count("rate = 0.1") == 1
