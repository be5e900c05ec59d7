#!/bin/sh
# Makes .venv with exactly what requirements/$1.txt locks (run or test). Does nothing when it is there already.
set -eu
cd "$(dirname "$0")/.."
kind=$1

stop() { echo "$*" >&2; exit 1; }

[ -w . ] || stop "This folder is read-only for $(id -un): run from a copy that you may write to."

find_python() {
    # First those for which every locked package is ready-made, then any newer one.
    for below in 14 99; do
        for candidate in "${PYTHON:-}" python3 python3.13 python3.12 python3.11 python3.14 python; do
            [ -n "$candidate" ] || continue
            "$candidate" -c "import sys; sys.exit(not (3, 11) <= sys.version_info < (3, $below))" 2>/dev/null &&
                echo "$candidate" && return
        done
    done
    stop "Python 3.11 or newer is needed and none was found: install it, or set PYTHON to its path."
}

if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    [ ! -e .venv ] || [ -w .venv ] || stop ".venv belongs to somebody else: remove it and run again."
    python=$(find_python) || exit 1
    "$python" -c 'import venv, ensurepip' 2>/dev/null ||
        stop "Python's venv module is missing: on Debian or Ubuntu, apt install python3-venv."
    echo "Making the virtual environment with $("$python" --version) …"
    "$python" -m venv --clear .venv || stop "The virtual environment could not be made: is the disk full?"
fi

stamp=.venv/installed-$kind
wanted=$(cat "requirements/$kind.txt" requirements/run.txt | cksum)
[ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ] || exit 0
[ -w .venv ] || stop ".venv belongs to somebody else: remove it and run again."

echo "Installing the locked Python packages of requirements/$kind.txt …"
log=.venv/install.log
if ! .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input --require-hashes \
    --requirement "requirements/$kind.txt" >"$log" 2>&1
then
    tail -n 5 "$log" >&2
    if grep -q 'No space left' "$log"; then stop "The disk is full: free some space and run again."
    elif grep -qE "command '?(gcc|cc|clang|[a-z0-9_-]+-gcc)'? failed|C compiler|Microsoft Visual C" "$log"; then
        stop "A package has no ready-made build for this machine and there is no compiler: on Debian, apt install gcc python3-dev."
    elif grep -qE 'NewConnectionError|Could not find a version|Temporary failure|Read timed out|ProxyError' "$log"; then
        stop "The Python packages could not be fetched: is there a network? The whole story is in $log."
    fi
    stop "pip could not install the locked packages; the whole story is in $log."
fi
echo "$wanted" >"$stamp"
# What tests need includes what a run needs.
[ "$kind" != test ] || cat requirements/run.txt requirements/run.txt | cksum >.venv/installed-run
