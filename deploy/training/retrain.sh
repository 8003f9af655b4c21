#!/bin/sh
# Trains a candidate, takes it into the registry, holds it to the model that serves, and stops: whether it
# serves, a person decides. All that it makes stays in the folder RUN, where it goes on if it was cut off. It
# runs the same in its image (the stage "training" of deploy/Dockerfile), on Vertex AI and by hand.
#
# Takes from the environment RUN, DATA, DEEPSKIN_MODELS, and what else 'make retrain' takes: EXPORTS, as absolute
# paths, RECIPE and START. Ends with 0 only if the candidate passed the gate.
set -eu

: "${RUN:?Say where the run is kept}" "${DATA:?Say where the data are}" "${DEEPSKIN_MODELS:?Say where the registry is}"
mkdir -p "$RUN"
RUN=$(realpath "$RUN") DATA=$(realpath "$DATA") DEEPSKIN_MODELS=$(realpath -m "$DEEPSKIN_MODELS")
export DATA DEEPSKIN_MODELS
cd "$(dirname "$0")/../.."

# Where there is no Go, the program is there already.
ready=
command -v go >/dev/null || ready=--assume-old=setup

make retrain CANDIDATE="$RUN"
passed=true
make $ready gate CANDIDATE="$RUN" || passed=false

version=$(cat "$RUN/version")
cp "$DEEPSKIN_MODELS/$version".*.gate.json "$RUN/"
if [ "$passed" = false ]; then
	echo "$version did not pass the gate; the reports in $RUN say why. The model that serves stays." >&2
	exit 1
fi
echo "$version passed the gate and waits for approval. Look at the reports in $RUN; then, to have it serve:
  make promote VERSION=$version"
