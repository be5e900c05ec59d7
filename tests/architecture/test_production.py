"""docker-compose.yml and Dockerfile, read: no Docker engine is needed."""

import re

import pytest
import yaml
from django.core.management import get_commands

from embedded.secrets import ROOT

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
ONCE = ["migrate", "reference"]
OURS = [*ONCE, "web", "worker", "beat", "sweeper"]
SECRET = re.compile(r"PASSWORD|SECRET|KEY|URL$|AUTH")


def read_by_code() -> str:
    return "".join(
        (ROOT / path).read_text()
        for path in ["prepaid/settings.py", "manage.py", "embedded/secrets.py", "embedded/system.py", "Dockerfile"]
    )


def test_all_parts_are_there():
    assert set(SERVICES) == {"postgres", "redis", *OURS}


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_nobody_is_root_or_may_become_it(name):
    service = SERVICES[name]
    assert str(service["user"]) not in {"", "0", "root"}
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert service["read_only"] is True
    assert not service.get("privileged")


@pytest.mark.parametrize("name", sorted(set(SERVICES) - set(ONCE)))
def test_who_keeps_running_is_watched(name):
    assert SERVICES[name]["healthcheck"]["test"]
    assert SERVICES[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_no_secret_has_a_default(name):
    for variable, value in SERVICES[name]["environment"].items():
        if SECRET.search(variable):
            assert re.search(r"\$\{\w+:\?\}", value), f"{variable} is not demanded from the environment"
        assert not re.search(r"\$\{\w+:?-", value), f"{variable} has a default"


def test_only_the_one_shot_migration_is_the_owner():
    assert SERVICES["migrate"]["command"][-2:] == ["migrate", "--noinput"]
    assert all(SERVICES[name]["restart"] == "no" for name in ONCE)
    assert all("prepaid_owner" not in str(SERVICES[name]["environment"]) for name in OURS if name != "migrate")


def test_nothing_serves_before_the_database_is_migrated_and_has_its_reference_data():
    done = {"condition": "service_completed_successfully"}
    assert SERVICES["reference"]["command"] == ["python", "manage.py", "load_reference"]
    assert SERVICES["reference"]["depends_on"]["migrate"] == done
    assert all(SERVICES[name]["depends_on"]["reference"] == done for name in ["web", "worker", "beat", "sweeper"])


@pytest.mark.parametrize("name", ONCE)
def test_what_runs_once_is_a_command_there_is(name):
    assert SERVICES[name]["command"][:2] == ["python", "manage.py"]
    assert SERVICES[name]["command"][2] in get_commands()


@pytest.mark.parametrize("name", OURS)
def test_every_variable_is_one_the_code_reads(name):
    code = read_by_code()
    assert [variable for variable in SERVICES[name]["environment"] if variable not in code] == []


def test_the_demo_is_off():
    assert all(SERVICES[name]["environment"]["PREPAID_DEMO"] == "0" for name in OURS)


def test_databases_and_broker_are_not_published():
    assert all("ports" not in SERVICES[name] for name in ["postgres", "redis", "worker", "beat"])
    assert SERVICES["web"]["ports"] == ["127.0.0.1:8000:8000"]


def test_the_image_installs_what_is_locked_and_runs_as_nobody():
    text = (ROOT / "Dockerfile").read_text()
    final = text.rpartition("\nFROM ")[2]
    assert re.search(r"^USER 10001$", final, re.MULTILINE)
    assert text.count("pip install") == text.count("--require-hashes")
    assert not re.search(r"(SECRET_KEY|PASSWORD|_KEYS?)=", text)


def test_roles_are_made_without_a_password_in_the_file():
    text = (ROOT / "deploy" / "roles.sh").read_text()
    assert set(re.findall(r"PASSWORD (\S+);", text)) == {":'owner_password'", ":'app_password'"}
