#!/bin/sh
# Makes .env for docker compose: random passwords and keys, for the owner's eyes only. A file that
# is there already stays as it is, since without its keys the database cannot be read.
#
# usage: deploy/dotenv.sh [FILE]
set -eu

file=${1:-$(dirname "$0")/../.env}

# The passwords become part of URLs, so they are letters and digits only.
password() { head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n'; }
key() { head -c 32 /dev/urandom | base64; }

redis=$(password)
postgres=$(password)
identity=$(key)
address=$(key)

umask 077
set -C # never overwrite
cat >"$file" <<END
# Made by deploy/dotenv.sh. Keep a copy in a safe place, apart from the backups of the database:
# without these keys it cannot be read, and with them whoever has it can.
REDIS_PASSWORD=$redis
POSTGRES_PASSWORD=$postgres
DEEPSKIN_IDENTITY_KEY=$identity
DEEPSKIN_ADDRESS_KEY=$address

# Where browsers reach the page, https://..., for links to the team's pages: docs/review.md.
DEEPSKIN_PUBLIC_URL=

# From @BotFather; empty turns Telegram off.
TELEGRAM_TOKEN=

# From Discord's developer portal; empty turns Discord off. docs/discord.md tells of the others.
DISCORD_TOKEN=
DISCORD_CHANNELS=
DISCORD_TEAM_CHANNEL=
DISCORD_REVIEWER_ROLE=
END
echo "Wrote $file. Now: docker compose up --build" >&2
