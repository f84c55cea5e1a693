#!/usr/bin/env bash
# Takes the pictures of docs/images: builds the Quickstart without paths of this machine, and walks through the console.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)"
cd "$root"
taken="$(mktemp -d)"
trap 'rm -rf "$taken"' EXIT

dotnet build tests/Lovage.Journeys/Lovage.Journeys.csproj --configuration Release --verbosity quiet -nologo "-p:PathMap=$root=/src"
LOVAGE_SCREENSHOTS="$taken" "artifacts/bin/Lovage.Journeys/release/Lovage.Journeys" --filter-method "*Pages_InEachLook*"

# page in the tests, picture in the docs
while read -r from to; do
  cp "$taken/$from.png" "docs/images/$to.png"
done <<'PAGES'
overview-1280-light overview
overview-390-dark overview-phone
jobs-1280-light jobs
job-1280-light job
running-1280-light running
errors-1280-light errors
queues-1280-light queues
queues-default-1280-light queue
workers-1280-light workers
schedules-1280-light schedules
schedules-daily-report-1280-light schedule
operations-1280-light operations
metrics-1280-light metrics
enqueue-name-sleep-1280-light enqueue
local-1280-light local
audit-1280-light audit
system-1280-light system
PAGES
