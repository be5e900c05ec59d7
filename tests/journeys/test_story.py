"""The main job through HTTP against the real system, undisturbed and with processes dying in the middle of it."""

import json
import random
import subprocess
import sys
import time

import pytest

from embedded.secrets import ROOT
from tests.soak import SOAK

#: How often the story is played while processes die.
KILLS = 20 if SOAK else 1


def test_the_story_ends_with_every_fen_accounted_for(city):
    done = city.manage("story", "--url", city.url)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "every fen is accounted for" in done.stdout
    assert "21. " in done.stdout


@pytest.mark.skipif(not SOAK, reason="the same in the other language: part of make soak")
def test_the_story_in_english(city):
    done = city.manage("story", "--url", city.url, "--language", "en")
    assert done.returncode == 0, done.stdout + done.stderr


def test_without_a_running_system_it_says_what_to_do(city):
    done = city.manage("story", "--url", "http://127.0.0.1:9")
    assert done.returncode == 1
    assert "make run" in done.stderr


#: The web server died between verifying the number and answering: there is an account, and nobody is signed in, or the
#: visitor's session still waits for the code.
HALF_SIGNED_UP = """
from demo.story import Story
from escrow import clock
from prepaid.people import operations
from prepaid.people.models import User
story = Story({url!r})
if {waits!r}:
    story.consumer.get("/accounts/signup/").submit(having="phone", phone=story.consumer_phone, name="顾客")
    user = User.objects.by_phone(story.consumer_phone)
else:
    user = operations.register(phone=story.consumer_phone, name="顾客", at=clock.now())
operations.verify_phone(user_id=user.pk, phone=user.phone, at=clock.now())
story._until("sign up", story.consumer_known, story.sign_up_consumer)
print(story.consumer.get("/accounts/me/").at)
"""


@pytest.mark.parametrize("waits", [True, False])
def test_a_registration_whose_answer_was_lost_ends_signed_in(city, waits):
    ran = city.manage("shell", "-c", HALF_SIGNED_UP.format(url=city.url, waits=waits))
    assert ran.stdout.rstrip().endswith("/accounts/me/"), ran.stdout + ran.stderr


HALF_SIGNED_IN = """
from demo import city
from demo.story import Story
story = Story("{url}", patience=1)
officer = story.officer
officer.get("/accounts/login/").submit(having="login", login=city.SPORTS.phone)
officer.enter_code(city.SPORTS.phone)
print(officer.at)
story._officer_at("/admin/")
print(officer.at)
"""


def test_an_officer_whose_second_factor_was_never_answered_ends_in_the_administration(city):
    ran = city.manage("shell", "-c", HALF_SIGNED_IN.format(url=city.url))
    half, whole = ran.stdout.split()[-2:]
    assert half.endswith("/accounts/second-factor/code/"), ran.stdout + ran.stderr
    assert whole.endswith("/admin/"), ran.stdout + ran.stderr


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(KILLS))
def test_kill_9_at_a_random_moment_of_the_story(city, seed):
    """Worker, web server and bank each die once during the story, at moments the seed draws. Everything completes."""
    draw = random.Random(seed)
    victims = ["worker", "web", "bank"]
    draw.shuffle(victims)
    story = subprocess.Popen(
        [sys.executable, "manage.py", "story", "--url", city.url, "--patience", "120"],
        cwd=ROOT,
        env=city.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    killed = {}
    begun = story.stdout.readline()  # the first step is told: from here on everything may die at any moment
    for victim in victims:
        time.sleep(draw.uniform(0, 10))
        if story.poll() is None:
            killed[victim] = city.kill(victim)
    output, _ = story.communicate(timeout=600)
    assert story.returncode == 0, f"seed {seed}, killed {list(killed)}:\n{begun}{output}\n{city.said()}"
    assert killed, "the story ended before anything died"
    city.wait_healthy(instead_of=killed)
    proven = city.manage("prove", "--json")
    assert json.loads(proven.stdout)["ok"], proven.stdout
