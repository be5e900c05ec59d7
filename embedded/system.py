"""The whole system in one foreground process tree: what ``make run`` does once everything is installed."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from embedded import assets
from embedded.keeper import Loan
from embedded.locks import Lock
from embedded.ports import is_free
from embedded.problems import Problem, explained, folder
from embedded.processes import Signals, dies_with_parent, end_marked, last_words, log_file
from embedded.secrets import ROOT, secret, var
from embedded.services import loans, publish
from embedded.supervisor import Child, Supervisor

HOST = "127.0.0.1"
HEALTHY_WITHIN = 120.0
MARK = "PREPAID_SUPERVISED"  # in the environment of every child, so that what a killed supervisor left can be found


def up() -> None:
    """Prepare everything, run it, print one screen, and stay until Ctrl-C. Problem: one sentence why it cannot."""
    lock = Lock(folder("run") / "up")
    if not lock.try_alone():
        raise Problem(
            f"It already runs here (process {lock.signature()}): stop it with Ctrl-C in its window, "
            "or set PREPAID_VAR, PREPAID_PORT and PREPAID_BANK_PORT for a second one."
        )
    lock.sign()
    end_marked(_mark(), patience=10)
    web, bank = _port("PREPAID_PORT", 8000), _port("PREPAID_BANK_PORT", 8001)
    signals = Signals()
    with ExitStack() as stack:
        lent = loans(stack)
        os.environ.update(_addresses(web, bank))
        publish({name: os.environ[name] for name in ["PUBLIC_URL", "SANDBOX_BANK_URL"]})
        _prepare(signals)
        supervisor = Supervisor(folder("run") / "processes.json", signals)
        stack.callback(supervisor.stop)
        supervisor.start(*_servers(web, bank))
        if not supervisor.watch(until=_Healthy(web, bank)):
            return
        supervisor.start(*_workers())  # now, so that pages are there sooner; bells wait for them
        if _is_on("PREPAID_DEMO") and _is_on("PREPAID_LIFE"):
            _begin_life()
        print(_screen(), flush=True)
        supervisor.watch(until=lambda: False, beat=lambda: _renew(lent))
        print("Stopping …", flush=True)


def _mark() -> bytes:
    return f"{MARK}={var()}".encode()


def _port(variable: str, default: int) -> int:
    text = os.environ.get(variable) or str(default)
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise Problem(f"{variable} must be a port number from 1 to 65535, not {text!r}.")
    if not is_free(int(text), HOST):
        raise Problem(f"Port {text} is in use: stop what listens there, or set {variable} to a free port.")
    return int(text)


def _addresses(web: int, bank: int) -> dict[str, str]:
    """The variables that tell our processes where the others are; what is set already stays."""
    ours = {
        "PREPAID_VAR": str(var()),
        "STATIC_ROOT": str(var() / "static"),
        "PUBLIC_URL": f"http://{HOST}:{web}",
        "SANDBOX_BANK_URL": f"http://{HOST}:{bank}",
    }
    return ours | {name: os.environ[name] for name in ours if os.environ.get(name)}


def _prepare(signals: Signals) -> None:
    """What pages load beside what they show; each is quick when nothing changed."""
    _step("translations", "locale/catalogues.py", "compile")  # first: demo letters are written in Chinese
    with ThreadPoolExecutor() as pool:
        for done in [pool.submit(_prepare_files), pool.submit(_prepare_data)]:
            done.result()
    if signals.within(0):
        raise Problem("Stopped before everything was ready.")


def _prepare_files() -> None:
    assets.build()
    _step("static files", "manage.py", "collectstatic", "--noinput", "--verbosity=0")


def _prepare_data() -> None:
    _step("database", "manage.py", "migrate", "--noinput", "--verbosity=0")
    if _is_on("PREPAID_DEMO"):
        _step("demo data", "manage.py", "load_demo")  # the reference data first
    else:
        _step("reference data", "manage.py", "load_reference")


def _step(what: str, *command: str) -> None:
    print(f"Preparing {what} …", flush=True)
    done = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    log = folder("log") / f"{what.replace(' ', '-')}.log"
    log.write_text(done.stdout)
    if done.returncode:
        lines = [line.strip() for line in done.stdout.splitlines() if line.strip()] or ["no output"]
        raise Problem(f"Preparing {what} failed, the whole story is in {log}: {lines[-1]}")


def _servers(web: int, bank: int) -> list[Child]:
    common, python = _environment(), [sys.executable, "-m"]
    gunicorn = [*python, "gunicorn", "prepaid.wsgi", "--bind", f"{HOST}:{web}", "--no-control-socket"]
    return [
        Child("bank", [*python, "sandbox_bank"], common | _bank_keys() | {"SANDBOX_BANK_PORT": str(bank)}),
        Child("web", [*gunicorn, "--worker-class", "gthread", "--preload", "--workers", "2", "--threads", "8"], common),
    ]


def _workers() -> list[Child]:
    celery = [sys.executable, "-m", "celery", "-A", "prepaid"]
    quiet = ["--loglevel", "WARNING"]
    schedule = str(folder("run") / "beat")
    return [
        Child("worker", [*celery, "worker", "-c", "2", *quiet, "--without-gossip", "--without-mingle"], _environment()),
        Child("beat", [*celery, "beat", *quiet, "--schedule", schedule, "--pidfile="], _environment()),
        Child("sweeper", [sys.executable, "manage.py", "sweep", "--watch"], _environment()),
    ]


def _is_on(variable: str) -> bool:
    return os.environ.get(variable, "1").lower() in {"1", "true", "yes"}


def _begin_life() -> None:
    """A few cards are sold and used in the demo city, once, beside everything that runs; var/log/life.log says how that went."""
    with log_file("life") as log:
        subprocess.Popen(
            [sys.executable, "manage.py", "live_demo"],
            cwd=ROOT,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=dies_with_parent(signal.SIGTERM),
        )


def _environment() -> dict[str, str]:
    return {**os.environ, MARK: str(var()), "PYTHONUNBUFFERED": "1"}


def _bank_keys() -> dict[str, str]:
    """The bank's half of the key exchange: its own private key, the platform's public one."""
    names = {
        "SANDBOX_BANK_PRIVATE_KEY": "sandbox-bank-private-key",
        "SANDBOX_PLATFORM_PUBLIC_KEY": "sandbox-platform-public-key",
    }
    return {variable: os.environ.get(variable) or secret(name) for variable, name in names.items()}


class _Healthy:
    """True once web and bank answer; Problem when they do not in time."""

    def __init__(self, web: int, bank: int) -> None:
        self._waiting = {"bank": f"http://{HOST}:{bank}/healthz", "web": f"http://{HOST}:{web}/healthz"}
        self._deadline = time.monotonic() + HEALTHY_WITHIN

    def __call__(self) -> bool:
        for name, url in list(self._waiting.items()):
            if answers(url):
                del self._waiting[name]
            elif time.monotonic() > self._deadline:
                raise Problem(f"{name} did not answer within {HEALTHY_WITHIN:g} s: {last_words(name)}")
        return not self._waiting


def answers(url: str) -> bool:
    """Whether a GET of ``url`` on this machine gives 200."""
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _renew(lent: list[Loan]) -> None:
    """A keeper that was killed is started again; a server that cannot be started is tried again next time."""
    for loan in lent:
        try:
            loan.renew()
        except (Problem, OSError) as problem:
            print((explained(problem) if isinstance(problem, OSError) else None) or problem, flush=True)


def _screen() -> str:
    logins = var() / "demo-logins.txt"
    return "\n".join(
        [
            "",
            f"  预付卡资金存管平台 · Prepaid card escrow      {os.environ['PUBLIC_URL']}/",
            f"  模拟银行 · Sandbox bank                       {os.environ['SANDBOX_BANK_URL']}/",
            "",
            *([f"  {line}" for line in logins.read_text().splitlines()] + [""] if logins.exists() else []),
            f"  日志 · Logs {var() / 'log'}      停止 · Stop: Ctrl-C",
        ]
    )
