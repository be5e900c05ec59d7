#!/bin/sh
# Writes the lock files: every platform, every supported Python, every file's hash, no registry's address.
# Versions already locked stay; `make lock UPGRADE=1` moves them.
set -eu
cd "$(dirname "$0")/.."
lock() {
    out=$1 from=$2; shift 2
    "${UV:-.venv/bin/uv}" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' \
        ${UPGRADE:+--upgrade} "$@" --output-file "requirements/$out.txt" "$from"
}
lock test pyproject.toml --extra local --extra dev
lock run pyproject.toml --extra local --constraint requirements/test.txt
lock production pyproject.toml --constraint requirements/test.txt
lock bench requirements/bench.in --constraint requirements/test.txt
