#!/bin/sh
# Installs the Debian packages that the given commands come from, unless they are there already.
#
# usage: deploy/packages.sh COMMAND=PACKAGE[,PACKAGE...] ...
set -eu

missing= packages=
for pair in "$@"; do
	command -v "${pair%%=*}" >/dev/null 2>&1 && continue
	missing="$missing ${pair%%=*}"
	packages="$packages $(echo "${pair#*=}" | tr ',' ' ')"
done
[ -z "$missing" ] && exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
	echo "Missing:$missing. Please install the packages$packages (here that takes root and apt-get)." >&2
	exit 1
fi
echo "Installing$packages..." >&2
log=$(mktemp)
# shellcheck disable=SC2086 # a list of packages
if ! { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends $packages; } >"$log" 2>&1; then
	tail -n 20 "$log" >&2
	echo "apt-get could not install$packages: see above, or install them by hand." >&2
	exit 1
fi
rm "$log"
