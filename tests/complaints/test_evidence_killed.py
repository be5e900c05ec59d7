"""Killed while a file is added: there is no row without its content and no content without its row."""

import os
import signal
import subprocess
import sys
import textwrap
from urllib.parse import quote

import pytest
from django.db import connection

from complaints.evidence import operations
from complaints.evidence.files import cleaned
from complaints.evidence.models import Evidence, StoredFile
from escrow import clock
from tests.complaints import factories as make
from tests.complaints import pictures

KILLED = """
    import os, signal, sys
    sys.path.insert(0, os.getcwd())
    import django
    django.setup()
    from complaints.evidence import operations
    from complaints.evidence.files import cleaned
    from complaints.evidence.models import Evidence
    from prepaid.people.models import User
    from escrow import clock

    create = Evidence.objects.create
    def killed(**facts):
        if sys.argv[2] == "after":
            create(**facts)
        os.kill(os.getpid(), signal.SIGKILL)
    Evidence.objects.create = killed
    raw = open(sys.argv[3], "rb").read()
    user = User.objects.get(cases__number=sys.argv[1])
    operations.add_as_consumer(number=sys.argv[1], complainant=user, files=[cleaned(raw)], at=clock.now())
"""


@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_between_the_file_and_its_row_nothing_is_left(committed_db, moment, tmp_path):
    """The process dies after the content was written, before or after the row that names it; nothing was committed."""
    case = make.complaint()
    (tmp_path / "a.jpg").write_bytes(pictures.picture())
    name = connection.settings_dict["NAME"]
    server = connection.settings_dict
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    environment["DATABASE_URL"] = (
        f"postgres://{server['USER']}:{quote(server['PASSWORD'], safe='')}@{server['HOST']}:{server['PORT']}/{name}"
    )
    script = textwrap.dedent(KILLED)
    ended = subprocess.run(
        [sys.executable, "-c", script, case.number, moment, str(tmp_path / "a.jpg")],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    assert (StoredFile.objects.count(), Evidence.objects.count()) == (0, 0)
    added = operations.add_as_consumer(
        number=case.number, complainant=case.complainant, files=[cleaned(pictures.picture())], at=clock.now()
    )
    assert (len(added), StoredFile.objects.count()) == (1, 1)
