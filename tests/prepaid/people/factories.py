"""People and places for tests. Nothing here is random: the n-th user has the n-th number."""

import csv
import time
from datetime import UTC, date, datetime
from functools import cache
from itertools import count

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.http import HttpRequest
from django.test import Client

from prepaid.people import operations
from prepaid.people.access import SECOND_FACTOR
from prepaid.people.models import Department, Division, DivisionLevel, User
from prepaid.people.reference import DATA

AT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
LONG_AGO = date(2022, 6, 1)
_numbers = count(1)


@cache
def reference_rows(name: str) -> list[dict[str, str]]:
    """A file of reference data."""
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def next_phone() -> str:
    """A Chinese mobile number that no other test has, in E.164."""
    return f"+86138{next(_numbers):08d}"


def make_user(*, phone: str = "", name: str = "张小芳", language: str = "zh-hans", verified: bool = True) -> User:
    """A consumer who signs in by code."""
    user = operations.register(phone=phone or next_phone(), name=name, language=language, at=AT)
    if verified:
        operations.verify_phone(user_id=user.pk, phone=user.phone, at=AT)
    return User.objects.get(pk=user.pk)


def make_operator() -> User:
    """Somebody who runs the platform."""
    return operations.make_operator(phone=next_phone(), name="王平台", at=AT, actor="system:test")


def make_district(code: str = "110105") -> Division:
    """A district of the real list."""
    names = {row["code"]: row["name"] for row in reference_rows("beijing_divisions.csv")}
    english = {row["code"]: row["name_en"] for row in reference_rows("districts_en.csv")}
    return Division.objects.get_or_create(
        code=code,
        defaults={
            "name_zh": names[code],
            "name_en": english[code],
            "level": DivisionLevel.DISTRICT,
            "valid_from": LONG_AGO,
        },
    )[0]


def make_subdistrict(code: str = "110105001") -> Division:
    """A subdistrict of the real list, in its district."""
    names = {row["code"]: row["name"] for row in reference_rows("beijing_divisions.csv")}
    return Division.objects.get_or_create(
        code=code,
        defaults={
            "name_zh": names[code],
            "name_en": names[code],
            "level": DivisionLevel.SUBDISTRICT,
            "parent": make_district(code[:6]),
            "valid_from": LONG_AGO,
        },
    )[0]


def make_department(code: str = "commerce") -> Department:
    """A department of the real list."""
    rows = {row["code"]: row for row in reference_rows("departments.csv")}
    return Department.objects.get_or_create(code=code, defaults={**rows[code], "valid_from": LONG_AGO})[0]


def make_official(*, department: str = "commerce", district: str | None = "110105") -> User:
    """A regulator with a post since 2026."""
    make_department(department)
    if district:
        make_district(district)
    user = make_user(name="李监管")
    operations.appoint(
        user_id=user.pk,
        department_code=department,
        district_code=district,
        valid_from=date(2026, 1, 1),
        at=AT,
        actor="system:test",
    )
    return User.objects.get(pk=user.pk)


def pass_second_factor(client: Client | HttpRequest, user: User) -> None:
    """The signed-in session has passed the user's authenticator app, if they open the administration."""
    user = User.objects.get(pk=user.pk)
    if user.opens_administration:
        if not Authenticator.objects.filter(user=user).exists():
            TOTP.activate(user, generate_totp_secret())
        session = client.session
        session[SECOND_FACTOR] = {"user": user.pk, "changes": user.factor_changes, "at": time.time()}
        session.save()
