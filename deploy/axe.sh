#!/bin/sh
# Puts axe-core, which checks pages for accessibility in tests, into deploy/lib/axe-core/, from the
# npm package and checked by its SHA-256. It is never part of the page itself.
set -eu

version=4.12.1
sum=66a8aaa95a8b044a7fd74a5435873bf04ff65a1ca75567c921b7509742085a14

folder=$(cd "$(dirname "$0")" && pwd)/lib/axe-core
matches() { [ -f "$1" ] && [ "$(sha256sum "$1" | cut -d ' ' -f 1)" = "$sum" ]; }

matches "$folder/axe.min.js" && exit 0

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
echo "Fetching axe-core $version..." >&2
if ! npm pack --silent "axe-core@$version" >npm.log 2>&1 ||
	! tar -xzf "axe-core-$version.tgz" package/axe.min.js || ! matches package/axe.min.js; then
	echo "axe-core $version could not be had from npm, or its checksum was wrong: put its axe.min.js into $folder." >&2
	exit 1
fi
mkdir -p "$folder"
mv package/axe.min.js "$folder/"
