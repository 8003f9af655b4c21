#!/bin/sh
# Builds the last commit twice, in two folders, and fails unless both programs have the same bytes. Takes a
# few minutes: the second build may use nothing that was compiled before.
#
# usage: deploy/reproducible.sh [GO BUILD FLAG ...]
set -eu

cd "$(dirname "$0")/.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

cache=$(go env GOCACHE)
for folder in one a/second/folder; do
	mkdir -p "$scratch/$folder"
	git archive HEAD | tar -x -C "$scratch/$folder"
	# Outside of a repository there is no commit to put into the program.
	(cd "$scratch/$folder" && GOCACHE=$cache go build "$@" -trimpath -o deepskin ./cmd/deepskin)
	cache=$scratch/cache
done
first=$(sha256sum <"$scratch/one/deepskin")
second=$(sha256sum <"$scratch/a/second/folder/deepskin")
if [ "$first" != "$second" ]; then
	echo "Two builds of one commit differ." >&2
	exit 1
fi
echo "Two builds of $(git rev-parse --short HEAD) have the same SHA-256: ${first%% *}"
