#!/bin/sh
# Has Cloud Run serve an image: first the workers, then the bot, which brings the tables up to date. Each
# command ends once what it started is ready, or fails and leaves the bot of before in place.
#
# Takes IMAGE, PROJECT and REGION from the environment, and WORKER_IMAGE where workers have another one, that
# for GPUs.
set -eu

: "${IMAGE:?Say which image to deploy, with its tag}" "${PROJECT:?Say in which project}" "${REGION:?Say in which region}"
case $IMAGE in
*-docker.pkg.dev/*) ;;
*) echo "IMAGE has to be one in Artifact Registry, with its tag." >&2 && exit 1 ;;
esac

gcloud beta run worker-pools update worker --project="$PROJECT" --region="$REGION" --image="${WORKER_IMAGE:-$IMAGE}" --quiet
gcloud run services update bot --project="$PROJECT" --region="$REGION" --image="$IMAGE" --quiet
