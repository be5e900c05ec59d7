#!/bin/sh
# Reads a dump of pg_dump's custom format on standard input into the empty database that PGDATABASE, PGUSER … name.
# In production: docker compose exec -T -e PGDATABASE=prepaid -e PGUSER=postgres postgres \
#     sh -c "$(cat deploy/restore.sh)" < prepaid.dump
# OWNER and APP are the two roles (docs/operations.md); they must exist.
set -eu
OWNER=${OWNER:-prepaid_owner} APP=${APP:-prepaid_app}

run() { psql --no-psqlrc --quiet --tuples-only --no-align --set ON_ERROR_STOP=1 "$@"; }
no_defaults() {
    for kind in TABLES SEQUENCES FUNCTIONS; do
        run --command "ALTER DEFAULT PRIVILEGES FOR ROLE $OWNER REVOKE ALL ON $kind FROM $APP"
    done
}

tables=$(run --command "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')")
[ "$tables" = 0 ] || { echo "The database is not empty: restore into a new one." >&2; exit 1; }

# A new database gives every new table to the role that serves. Without this it could rewrite the ledger afterwards: a
# dump says what was granted, never what was not. The dump brings the defaults back at its end.
no_defaults
pg_restore --exit-on-error --single-transaction --dbname "$PGDATABASE" || {
    run --command "ALTER DEFAULT PRIVILEGES FOR ROLE $OWNER GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO $APP" \
        --command "ALTER DEFAULT PRIVILEGES FOR ROLE $OWNER GRANT USAGE, SELECT ON SEQUENCES TO $APP" \
        --command "ALTER DEFAULT PRIVILEGES FOR ROLE $OWNER GRANT EXECUTE ON FUNCTIONS TO $APP"
    exit 1
}
