#!/bin/sh
# Run once by the image of Postgres on an empty cluster: a role that owns its database and is no superuser.
set -eu
psql --quiet --no-psqlrc --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres <<'SQL'
\set password `cat /run/secrets/postgres_role_password`
CREATE ROLE idmill LOGIN PASSWORD :'password';
CREATE DATABASE idmill OWNER idmill;
SQL
