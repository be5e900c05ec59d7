#!/bin/sh
# Run once by the postgres image, on an empty volume: the owner migrates, the app role serves.
set -eu
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
    --set owner_password="$PREPAID_OWNER_PASSWORD" --set app_password="$PREPAID_APP_PASSWORD" <<'SQL'
CREATE ROLE prepaid_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE prepaid_app LOGIN PASSWORD :'app_password';
CREATE DATABASE prepaid OWNER prepaid_owner;
REVOKE CONNECT ON DATABASE prepaid FROM PUBLIC;
GRANT CONNECT ON DATABASE prepaid TO prepaid_app;
\connect prepaid
ALTER DEFAULT PRIVILEGES FOR ROLE prepaid_owner GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO prepaid_app;
ALTER DEFAULT PRIVILEGES FOR ROLE prepaid_owner GRANT USAGE, SELECT ON SEQUENCES TO prepaid_app;
ALTER DEFAULT PRIVILEGES FOR ROLE prepaid_owner GRANT EXECUTE ON FUNCTIONS TO prepaid_app;
SQL
