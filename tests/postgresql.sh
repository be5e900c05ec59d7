#!/bin/sh
# Prints the folder of an installed PostgreSQL's binaries: the oldest that the platform runs on (docs/adr/0003), because what
# it passes newer ones pass, too. POSTGRESQL names another.
set -eu

major() { "$1/postgres" --version 2>/dev/null | tr -c '0-9\n' ' ' | { read -r number _ && echo "$number"; } || echo 0; }

if [ -n "${POSTGRESQL:-}" ]; then
    [ "$(major "$POSTGRESQL")" -gt 0 ] && echo "$POSTGRESQL" && exit
    echo "POSTGRESQL names $POSTGRESQL, and no postgres runs from there." >&2
    exit 1
fi
places=${PLACES:-/usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql@*/bin $(pg_config --bindir 2>&1)}
for wanted in 15 16 17 18; do
    for folder in $places; do
        [ "$(major "$folder")" != $wanted ] || { echo "$folder"; exit; }
    done
done
echo "No PostgreSQL 15 to 18 is installed: on Debian, apt install postgresql; else set POSTGRESQL to its bin folder." >&2
exit 1
