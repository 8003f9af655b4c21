#!/bin/sh
# Makes .env for docker compose from .env.example: with random passwords and keys, for the owner's eyes
# only. A file that is there already stays as it is, since without its keys the database cannot be read.
#
# usage: deploy/dotenv.sh [FILE]
set -eu

root=$(dirname "$0")/..
file=${1:-$root/.env}

# The passwords become part of URLs, so they are letters and digits only.
password() { head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n'; }
key() { head -c 32 /dev/urandom | base64; }

redis=$(password)
postgres=$(password)
identity=$(key)
address=$(key)
content=$(sed -e "s|^REDIS_PASSWORD=|&$redis|" -e "s|^POSTGRES_PASSWORD=|&$postgres|" \
	-e "s|^DEEPSKIN_IDENTITY_KEY=|&$identity|" -e "s|^DEEPSKIN_ADDRESS_KEY=|&$address|" "$root/.env.example")

umask 077
set -C # never overwrite
printf '%s\n' "$content" >"$file"
echo "Wrote $file. Now: docker compose up --build" >&2
