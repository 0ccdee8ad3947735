#!/bin/sh
# PostgreSQL's image runs this once, in a new data folder. The services connect as a role that owns its database and may do nothing else;
# the superuser is left without a password, so that it is reached from inside of the container only.
set -eu
psql --set ON_ERROR_STOP=1 --set password="$POSTGRES_PASSWORD" --username postgres --dbname postgres <<'SQL'
CREATE ROLE lading LOGIN PASSWORD :'password';
CREATE DATABASE lading OWNER lading;
REVOKE ALL ON DATABASE postgres FROM PUBLIC;
ALTER ROLE postgres PASSWORD NULL;
SQL
