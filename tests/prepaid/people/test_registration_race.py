"""Two people, one number, one moment."""

from threading import Thread

from django.db import connection
from django.db.models.signals import pre_save
from django.test import Client

from prepaid.people.models import User
from tests.prepaid.people.factories import next_phone


def test_two_registrations_of_one_number_at_the_same_moment(committed_db: str) -> None:
    """The second one arrives between the first one's check and its insert: one account, the same answer to both."""
    phone = next_phone()

    def somebody_is_faster(sender: type[User], instance: User, **kwargs: object) -> None:
        pre_save.disconnect(somebody_is_faster, sender=User)
        rival = Thread(target=register, args=["先到"])
        rival.start()
        rival.join()

    def register(name: str) -> None:
        answers.append(Client().post("/accounts/signup/", {"phone": phone, "name": name}))
        connection.close()

    answers: list = []
    pre_save.connect(somebody_is_faster, sender=User)
    register("后到")
    assert [(answer.status_code, answer.headers.get("location")) for answer in answers] == [
        (302, "/accounts/phone/verify/"),
        (302, "/accounts/phone/verify/"),
    ]
    assert User.objects.get().name == "先到"
