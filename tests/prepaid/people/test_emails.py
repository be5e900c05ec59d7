"""Messages by e-mail: an address confirmed by its code, a real SMTP conversation, refusals for good and for now, the way out."""

import email
import email.policy
import re
import socketserver
import threading
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from escrow import clock
from prepaid.notices import addresses, operations, tasks
from prepaid.notices.errors import AddressRefused, EmailFailed, InvalidEmail
from prepaid.notices.models import Channel, Message
from prepaid.people import operations as people
from prepaid.people.models import EmailWish, User
from tests.prepaid.people.factories import make_user

pytestmark = pytest.mark.django_db
ADDRESS = "lihua@example.com"


class Post(socketserver.ThreadingTCPServer):
    """A mail server: keeps what it is given; ``answers`` to RCPT and DATA are used up one by one, then everything is taken."""

    allow_reuse_address = daemon_threads = True

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.rcpt: list[str] = []
        self.data: list[str] = []
        super().__init__(("127.0.0.1", 0), _Talk)


class _Talk(socketserver.StreamRequestHandler):
    server: Post

    def handle(self) -> None:
        self.say("220 here")
        while line := self.rfile.readline():
            word = line.split(maxsplit=1)[0].upper()
            if word == b"DATA":
                self.say("354 go on")
                lines = []
                while (part := self.rfile.readline()) != b".\r\n":
                    lines.append(part)
                answer = self.server.data.pop(0) if self.server.data else "250 taken"
                if answer.startswith("2"):
                    found = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
                    assert isinstance(found, EmailMessage)
                    self.server.taken.append(found)
                self.say(answer)
            elif word == b"RCPT":
                self.say(self.server.rcpt.pop(0) if self.server.rcpt else "250 known")
            elif word == b"QUIT":
                return self.say("221 bye")
            else:
                self.say("250 yes")
        return None

    def say(self, words: str) -> None:
        self.wfile.write(words.encode() + b"\r\n")


@pytest.fixture
def post(settings) -> Iterator[Post]:
    server = Post()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.EMAIL_SENDER = "prepaid.notices.senders.Smtp"
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.server_address[1]
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_HOST_USER = ""
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def reader() -> User:
    user = make_user(language="en")
    people.confirm_email(user_id=user.pk, address=ADDRESS, at=clock.now())
    user.refresh_from_db()
    return user


def told(user: User, kind: str = "cards.something") -> Message:
    """A message in the app; the e-mail that goes with it, which waits."""
    operations.send(to=user, kind=kind, title="刷卡 a\nb", body="¥200.00", url="/wallet/", at=clock.now())
    return Message.objects.filter(channel=Channel.EMAIL).latest("pk")


def test_the_code_confirms_an_address(client: Client, post) -> None:
    user = make_user(language="en")
    client.force_login(user)
    assert client.post(reverse("email"), {"address": "nobody"}).status_code == 400
    assert (
        client.post(reverse("email"), {"address": f" {ADDRESS.replace('example.com', 'EXAMPLE.com')} "}).status_code
        == 302
    )
    tasks.sweep()
    [sent] = post.taken
    assert sent["To"] == ADDRESS
    assert "List-Unsubscribe" not in sent
    found = re.search(r"\d{6}", sent.get_content())
    assert found
    wrong = f"{(int(found[0]) + 1) % 10**6:06d}"
    assert client.post(reverse("email_code"), {"code": wrong}).status_code == 400
    user.refresh_from_db()
    assert user.email == ""
    assert client.post(reverse("email_code"), {"code": found[0]}).status_code == 302
    user.refresh_from_db()
    assert user.email == ADDRESS
    page = client.get(reverse("email")).content.decode()
    assert "l***@example.com" in page
    assert ADDRESS not in page
    # Used up.
    assert client.post(reverse("email_code"), {"code": found[0]}).headers["Location"] == reverse("email")
    with connection.cursor() as cursor:
        cursor.execute("SELECT email FROM people_user WHERE id = %s", [user.pk])
        assert "lihua" not in cursor.fetchone()[0]


def test_five_wrong_codes_end_it(client: Client) -> None:
    client.force_login(make_user())
    client.post(reverse("email"), {"address": ADDRESS})
    sent = client.session["email_code"]["code"]
    wrong = "000000" if sent != "000000" else "000001"
    statuses = [client.post(reverse("email_code"), {"code": wrong}).status_code for _ in range(5)]
    assert statuses == [400] * 5
    assert client.post(reverse("email_code"), {"code": sent}).status_code == 429


def test_wrong_codes_sent_together_are_counted_each(client: Client) -> None:
    """Each of them begins with the session as it was before any: the session cannot be what counts."""
    client.force_login(make_user())
    client.post(reverse("email"), {"address": ADDRESS})
    before = dict(client.session.items())
    sent = before["email_code"]["code"]
    wrong = "000000" if sent != "000000" else "000001"
    statuses = []
    for _ in range(6):
        session = client.session
        session.update(before)
        session.save()
        statuses.append(client.post(reverse("email_code"), {"code": wrong}).status_code)
    assert statuses == [400] * 5 + [429]


@pytest.mark.parametrize("typed", ["{} {}", "full width", "²²²²²²", "٣٣٣٣٣٣", "abc"])
def test_digits_as_keyboards_have_them(client: Client, typed: str) -> None:
    user = make_user()
    client.force_login(user)
    client.post(reverse("email"), {"address": ADDRESS})
    sent = client.session["email_code"]["code"]
    right = {"{} {}": f"{sent[:3]} {sent[3:]}", "full width": "".join(chr(ord(digit) + 0xFEE0) for digit in sent)}
    status = client.post(reverse("email_code"), {"code": right.get(typed, typed)}).status_code
    assert status == (302 if typed in right else 400)


def test_nobody_fills_anothers_mailbox_with_codes(client: Client) -> None:
    answers = []
    for _ in range(4):
        client.force_login(make_user())
        answers.append(client.post(reverse("email"), {"address": ADDRESS}).status_code)
    assert answers == [302, 302, 429, 429]


@pytest.mark.parametrize("answer", ["550 5.7.1 you are blocked", "552 5.2.2 full", "554 no"])
def test_an_answer_that_is_not_about_the_address_does_not_end_it(post, reader, answer: str) -> None:
    message = told(reader)
    post.rcpt = [answer]
    with pytest.raises(EmailFailed) as raised:
        operations.deliver(message_id=message.pk, at=clock.now())
    assert not isinstance(raised.value, AddressRefused)


@pytest.mark.parametrize(
    "typed",
    ["", "@", "a@", "a@b", "a b@example.com", "a@example.com\nBcc: x@example.com", "a@example.com,b@example.com",
     "李@example.com", "a@" + "x" * 250 + ".com", "a@exa mple.com", "\x00a@example.com"],
)  # fmt: skip
def test_what_is_no_address(typed: str) -> None:
    with pytest.raises(InvalidEmail):
        addresses.clean(typed)


def test_a_domain_in_chinese() -> None:
    assert addresses.clean("li@例子.中国") == "li@xn--fsqu00a.xn--fiqs8s"


def test_a_message_goes_there_with_its_page_and_the_way_out(post, reader, settings) -> None:
    message = told(reader)
    assert message.delivered_at is None
    tasks.deliver(message.pk)
    tasks.deliver(message.pk)
    [sent] = post.taken
    assert sent["Subject"] == "刷卡 a b"
    assert sent["Message-ID"] == f"<message-{message.pk}@{settings.DEFAULT_FROM_EMAIL.partition('@')[2]}>"
    assert sent["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    text = sent.get_content()
    assert "¥200.00" in text
    assert f"{settings.PUBLIC_URL}/wallet/" in text
    leave = sent["List-Unsubscribe"].strip(" <>")
    assert leave in text.replace("\n", "")
    message.refresh_from_db()
    assert message.delivered_at is not None

    # Opening the page changes nothing; the mail program's POST, without a cookie or a token of a form, ends it.
    stranger = Client(enforce_csrf_checks=True)
    address = leave.removeprefix(settings.PUBLIC_URL)
    assert "l***@example.com" in stranger.get(address).content.decode()
    reader.refresh_from_db()
    assert reader.email_wish == EmailWish.ALL
    assert stranger.post(address, {"List-Unsubscribe": "One-Click"}).status_code == 200
    reader.refresh_from_db()
    assert reader.email_wish == EmailWish.NONE
    assert stranger.post(address[:-2] + "x/").status_code == 404
    before = Message.objects.filter(channel=Channel.EMAIL).count()
    operations.send(to=reader, kind="cards.something", title="a", body="b", at=clock.now())
    assert Message.objects.filter(channel=Channel.EMAIL).count() == before


def test_the_digest_alone(reader) -> None:
    people.choose_email(user_id=reader.pk, wish="digest", at=clock.now())
    reader.refresh_from_db()
    assert (reader.email_for("cards.something"), reader.email_for("cards.digest")) == ("", ADDRESS)


def test_no_such_mailbox_ends_it_and_is_told_in_the_app(post, reader, django_capture_on_commit_callbacks) -> None:
    message = told(reader)
    post.rcpt = ["550 5.1.1 no such user"]
    with django_capture_on_commit_callbacks(execute=True), pytest.raises(AddressRefused):
        operations.deliver(message_id=message.pk, at=clock.now())
    reader.refresh_from_db()
    assert reader.email_refused_at is not None
    assert reader.email_for("cards.something") == ""
    assert Message.objects.filter(recipient=reader, kind="people.email_refused", channel=Channel.IN_APP).count() == 1
    clock.advance(timedelta(hours=1))
    tasks.sweep()
    assert not post.taken


def test_a_full_mailbox_is_tried_again_under_the_same_number(post, reader) -> None:
    message = told(reader)
    post.rcpt = ["452 full"]
    with pytest.raises(EmailFailed):
        operations.deliver(message_id=message.pk, at=clock.now())
    post.data = ["554 not today"]  # about the words, not the mailbox
    clock.advance(timedelta(minutes=1))
    tasks.sweep()
    reader.refresh_from_db()
    assert reader.email_refused_at is None
    assert not post.taken
    clock.advance(timedelta(minutes=5))
    tasks.sweep()
    assert [one["Message-ID"].split("@")[0] for one in post.taken] == [f"<message-{message.pk}"]


def test_a_killed_worker_sends_it_again_as_the_same_message(post, reader) -> None:
    """Handed over, and killed before it was written down: at least once, and the mailbox can tell that it is the same."""
    message = told(reader)
    tasks.deliver(message.pk)
    Message.objects.filter(pk=message.pk).update(delivered_at=None, next_try_at=clock.now())
    tasks.sweep()
    first, second = post.taken
    assert first["Message-ID"] == second["Message-ID"]


def test_another_address_is_confirmed_and_the_old_one_told(post, reader) -> None:
    waiting = told(reader)
    people.confirm_email(user_id=reader.pk, address="new@example.com", at=clock.now())
    tasks.sweep()
    assert [(one["To"], one["Subject"]) for one in post.taken] == [(ADDRESS, "No more messages to this address")]
    waiting.refresh_from_db()
    assert waiting.next_try_at is None  # what was written for the old address is in the app alone
    people.remove_email(user_id=reader.pk, at=clock.now())
    tasks.sweep()
    assert post.taken[-1]["To"] == "new@example.com"
    reader.refresh_from_db()
    assert reader.email == ""


def test_closing_the_account_forgets_the_address(reader) -> None:
    told(reader)
    people.close_account(user_id=reader.pk, at=clock.now())
    reader.refresh_from_db()
    assert reader.email == ""
    assert not Message.objects.filter(recipient=reader).exists()


def test_without_a_mail_server_the_page_says_so(client: Client, settings, reader) -> None:
    settings.EMAIL_SENDER = ""
    client.force_login(reader)
    page = client.get(reverse("email"), headers={"accept-language": "en"}).content.decode()
    assert "We do not send e-mails at the moment" in page
    assert client.post(reverse("email"), {"address": "other@example.com"}).status_code == 503
    operations.send(to=reader, kind="cards.something", title="a", body="b", at=clock.now())
    assert not Message.objects.filter(channel=Channel.EMAIL, kind="cards.something").exists()
    # The address can be removed all the same.
    assert client.post(reverse("email_remove")).status_code == 302
    reader.refresh_from_db()
    assert reader.email == ""
