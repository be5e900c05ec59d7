"""What a thief of the running system's data would read, and a backup of it restored elsewhere."""

import base64
import json
import shutil
import subprocess
import sys
from contextlib import closing

import psycopg2
import pytest
import redis

from embedded.secrets import ROOT
from tests import raw

#: Whoever is in the database: numbers, names, accounts; what the public reads (names of merchants) is no secret.
ASK = """
import json
from django.conf import settings
from escrow.models import Beneficiary, Instruction, Payment, StatementLine
from prepaid.merchants.models import Merchant
from prepaid.people.models import User
from prepaid.cards.models import Card
public = {name for pair in Merchant.objects.values_list("name", "beneficiary__custody_no") for name in pair}
known = {user.phone[3:] for user in User.objects.all()} | {user.name for user in User.objects.all()}
for model, *fields in (
    (Merchant, "legal_representative", "contact_phone"), (Beneficiary, "payout_account_no"),
    (Instruction, "payee_account", "payee_name"), (Payment, "refund_account", "refund_account_name"),
    (StatementLine, "counterparty_account", "counterparty_name"), (Card, "code_secret"),
):
    known |= {value for row in model.objects.values_list(*fields) for value in row}
known = sorted(value for value in known - public if len(value) > 1)
published = sorted(Merchant.objects.values_list("contact_phone", flat=True))
print(json.dumps({"known": known, "published": published, "owner": settings.DATABASE_OWNER_URL, "redis": settings.REDIS_URL}))
"""
PLAYED = "from complaints.cases.models import Outcome; print(Outcome.objects.exists())"
READ = "from prepaid.people.models import User; print(User.objects.by_phone('+8613800000001').name)"
SAID = "请打 13911112222 找我，身份证 11010519491231002X。"


@pytest.fixture(scope="module")
def lived_in(city):
    """The city after a day of the main job, with people at its doors; what is known of them."""
    from demo.visitor import Visitor

    played = city.manage("shell", "--verbosity", "0", "-c", PLAYED)
    if played.stdout.split()[-1:] != ["True"]:
        story = city.manage("story", "--url", city.url)
        assert story.returncode == 0, story.stdout + story.stderr
    door = Visitor(city.url)
    door.get("/accounts/login/").submit(having="login", login="13800000002")
    with closing(Visitor(city.url)) as operator:
        operator.sign_in("+8613800000031").get("/admin/people/user/?q=13800000001")
        operator.get("/notices/inbox/?phone=13800000001")
        person = operator.get("/admin/people/user/?q=13800000001").follow(r"/people/user/\d+/change/")
        person.follow("/reveal/").submit(reason=f"核实来电人身份。{SAID}")
    door.close()
    asked = city.manage("shell", "--verbosity", "0", "-c", ASK)
    assert asked.returncode == 0, asked.stderr
    said = json.loads(asked.stdout.splitlines()[-1])
    assert {"13800000001", "王芳"} <= set(said["known"])
    return said


def test_no_table_holds_anybody_in_clear(lived_in):
    with closing(psycopg2.connect(lived_in["owner"])) as database, database.cursor() as cursor:
        found = raw.leaks(cursor, lived_in["known"])
        # The contract of a sold card names the number that its shop gave to be called at, as the public page does.
        named = {f"cards_contract.text: {phone.removeprefix('+86')}" for phone in lived_in["published"]}
        found = [leak for leak in found if leak.replace("+86", "") not in named]
        cursor.execute("SELECT count(*) FROM people_user")
        assert cursor.fetchone()[0] > 10
    assert not found, "\n".join(found)


def test_neither_do_the_logs_nor_the_cache(city, lived_in):
    logs = list((city.var / "log").glob("*.log"))
    assert {"web.log", "worker.log"} <= {log.name for log in logs}
    found = [(log.name, what) for log in logs for what in raw.in_clear(log.read_text(), lived_in["known"])]
    cache = redis.Redis.from_url(lived_in["redis"])
    for key in cache.scan_iter():
        match cache.type(key):
            case b"string":
                values = [cache.get(key)]
            case b"list":
                values = cache.lrange(key, 0, -1)
            case b"hash":
                values = [part for pair in cache.hgetall(key).items() for part in pair]
            case b"set":
                values = list(cache.smembers(key))
            case _:
                values = cache.zrange(key, 0, -1)
        for text in (value.decode(errors="ignore") for value in [key, *values]):
            found += [(key.decode(errors="replace"), what) for what in raw.in_clear(text, lived_in["known"])]
    assert not found, found


def test_what_is_there_to_be_found_is_found():
    known = ["王芳"]
    session = base64.urlsafe_b64encode(json.dumps({"phone": "+8613800000001"}).encode()).decode()
    for text in ("x 13911112222.", "+86 13911112222", "11010519491231002X", "户名王芳", f"{session}:1abc:sign"):
        assert raw.in_clear(text, known), text
    for text in ("a13911112222f", "2026030213911112222", "110105194912310021", "139****2222"):
        assert not raw.in_clear(text, known), text


def test_a_backup_restored_elsewhere_proves(city, lived_in, tmp_path):
    file, elsewhere = tmp_path / "prepaid.dump", city.var.with_name(f"{city.var.name}-elsewhere")

    def run(*command, var=city.var, **more) -> subprocess.CompletedProcess[str]:
        environment = {**city.environment, "PREPAID_VAR": str(var), **more}
        return subprocess.run(
            [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120
        )

    written = run("-m", "embedded", "backup", str(file))
    assert written.returncode == 0, written.stderr
    assert file.stat().st_mode & 0o777 == 0o600
    assert b"13800000001" not in file.read_bytes()
    assert run("-m", "embedded", "backup", str(file)).returncode == 1, "a backup is never overwritten"
    refused = run("-m", "embedded", "restore", str(file))
    assert refused.returncode == 1
    assert "not empty" in refused.stderr
    try:
        read = run("-m", "embedded", "restore", str(file), var=elsewhere)
        assert read.returncode == 0, read.stderr
        without = run("manage.py", "shell", "--verbosity", "0", "-c", READ, var=elsewhere)
        assert without.returncode != 0
        assert "王芳" not in without.stdout

        # The keys are kept apart from the dump, and brought.
        for key in ("personal-data-key", "blind-index-key"):
            shutil.copy(city.var / "secrets" / key, elsewhere / "secrets" / key)
        with_keys = run("manage.py", "shell", "--verbosity", "0", "-c", READ, var=elsewhere)
        assert with_keys.stdout.splitlines()[-1] == "王芳", with_keys.stderr
        for command in ("check_database", "prove"):
            done = run("manage.py", command, var=elsewhere)
            assert done.returncode == 0, done.stdout + done.stderr
        assert "every fen is accounted for" in done.stdout
        here = city.manage("prove")
        assert here.returncode == 0, here.stdout
    finally:
        run("-m", "embedded", "clean", var=elsewhere)
        shutil.rmtree(elsewhere, ignore_errors=True)
