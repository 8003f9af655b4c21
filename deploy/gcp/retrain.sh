#!/bin/sh
# Has Vertex AI train a candidate on a GPU and hold it to the model that serves: training-job.yaml, with
# the image of the stage "training". It ends once the job is handed in. That nothing is promoted is not left to
# the job: it has no right to.
#
# Takes IMAGE, PROJECT and REGION from the environment, and RUN, a name for the run: the same goes on with it.
set -eu

: "${IMAGE:?Say which image trains, with its tag}" "${PROJECT:?Say in which project}" "${REGION:?Say in which region}"
case $IMAGE in
*-docker.pkg.dev/*) ;;
*) echo "IMAGE has to be one in Artifact Registry, with its tag." >&2 && exit 1 ;;
esac
name=${RUN:-$(date -u +%Y-%m-%d)}
case $name in
*[!A-Za-z0-9.-]*) echo "RUN may have letters, digits, dots and hyphens." >&2 && exit 1 ;;
esac

job=$(mktemp)
trap 'rm "$job"' EXIT
sed -e "s|\bPROJECT\b|$PROJECT|" -e "s|\bIMAGE\b|$IMAGE|" -e "s|\bNAME\b|$name|" "$(dirname "$0")/training-job.yaml" >"$job"
gcloud ai custom-jobs create --project="$PROJECT" --region="$REGION" --display-name="retrain-$name" --config="$job"
echo "Once it is over: gcloud storage ls gs://$PROJECT-training/runs/$name/"
