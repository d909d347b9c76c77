#!/bin/sh
# Run once by the image of Postgres on an empty cluster: a role that owns its database and is no superuser, and
# one that owns nothing, as which the processes act (docs/security.md).
set -eu
psql --quiet --no-psqlrc --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres <<'SQL'
\set password `cat /run/secrets/postgres_role_password`
CREATE ROLE idmill LOGIN PASSWORD :'password';
CREATE ROLE idmill_app NOLOGIN;
GRANT idmill_app TO idmill;
CREATE DATABASE idmill OWNER idmill;
SQL
