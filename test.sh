#!/usr/bin/env bash
# Builds Lovage and runs every test suite. The last line is the sum: "N passed, N failed".
#
#   ./test.sh                  everything the default run holds
#   ./test.sh --long           longer suites too (LOVAGE_LONG_TESTS=1)
#   ./test.sh --filter SUITE   only suites whose name contains SUITE, whatever the case
#
# A suite is a project that uses xunit.v3; a new one is found by itself. Logs and reports: artifacts/tests.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)"
cd "$root"

# Suites that kill processes, measure time or load both cores: they run alone, one after the other.
alone=(Lovage.Faults Lovage.Journeys Lovage.Packaging Lovage.Quickstart.Tests Lovage.Simulation)

# What the tests need besides .NET: a command or a module of Python, then the Debian package that brings it.
needs=(
  "ps procps"
  "postgres postgresql"
  "pgbouncer pgbouncer"
  "redis-server redis-server"
  "celery python3-celery"
  "redis python3-redis"
  "gcc gcc"
  "gencat libc6-dev"
  "chromium chromium"
  "promtool prometheus"
)

# Where packages put commands that are not on the PATH, and modules of Python.
elsewhere=(/usr/lib/postgresql/*/bin /usr/sbin /usr/lib/python3/dist-packages)

# No suite takes longer unless it hangs.
limit=12m

filter=""
while (($# > 0)); do
  case "$1" in
    --long) export LOVAGE_LONG_TESTS=1; limit=3h ;;
    --filter)
      (($# > 1)) || { echo "--filter needs the name of a suite." >&2; exit 2; }
      filter="${2,,}"
      shift
      ;;
    -h | --help) sed -n '2,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
    *) echo "Unknown switch $1; ./test.sh --help lists them." >&2; exit 2 ;;
  esac
  shift
done

is_there() {
  local folder
  command -v "$1" >/dev/null && return 0
  for folder in "${elsewhere[@]}"; do
    [[ ! -x "$folder/$1" ]] || return 0
  done
  return 1
}

install_needs() {
  local packages=() need as_root=()
  for need in "${needs[@]}"; do
    is_there "${need%% *}" || packages+=("${need#* }")
  done
  ((${#packages[@]} > 0)) || return 0
  echo "Installing ${packages[*]}"
  ((EUID == 0)) || as_root=(sudo)
  if ! { "${as_root[@]}" apt-get update -qq && "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null; }; then
    echo "Not installed: ${packages[*]}. What needs them is skipped, and says so." >&2
  fi
  # The tests start servers of their own; a server that a package starts through systemd does no harm and is not used.
  local server
  for server in pgbouncer prometheus redis-server; do
    if [[ -d /run/systemd/system && " ${packages[*]} " == *" $server "* ]]; then
      "${as_root[@]}" systemctl disable --now --quiet "$server.service" || true
    fi
  done
}

command -v dotnet >/dev/null || { echo "The .NET 10 SDK is missing: dotnet is not on the PATH." >&2; exit 1; }
install_needs

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
# A fresh Debian has no ICU. Build nodes that stay behind would hold the console and the cores.
export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 MSBUILDDISABLENODEREUSE=1
# One warm compiler for all projects halves the build; it is sent away afterwards.
export UseSharedCompilation=true
if [[ ! -w "${HOME:-/nonexistent}" ]]; then
  export HOME="$root/artifacts/home"
  mkdir -p "$HOME"
fi

out="$root/artifacts/tests"
rm -rf "$out"
mkdir -p "$out"

suites=() slow=() quick=()
while IFS= read -r project; do
  name="$(basename "$project" .csproj)"
  [[ -z "$filter" || "${name,,}" == *"$filter"* ]] || continue
  suites+=("$name")
  if [[ " ${alone[*]} " == *" $name "* ]]; then slow+=("$project"); else quick+=("$project"); fi
done < <(find tests samples bench -mindepth 2 -maxdepth 2 -name '*.csproj' -exec grep -l 'Include="xunit.v3"' {} + 2>/dev/null | LC_ALL=C sort)
((${#suites[@]} > 0)) || { echo "No suite is named like \"$filter\"." >&2; echo "0 passed, 0 failed"; exit 1; }

echo "Building (Release, warnings are errors)"
if ! dotnet build Lovage.slnx --configuration Release --verbosity quiet -nodeReuse:false >"$out/build.log" 2>&1; then
  grep -E ': error |error MSB|error NU' "$out/build.log" | LC_ALL=C sort -u | head -n 50 || tail -n 50 "$out/build.log"
  echo "The build failed; all of it is in $out/build.log."
  echo "0 passed, 1 failed"
  exit 1
fi

# One suite: its console goes to NAME.log, its counts to NAME.trx, its exit code and seconds to NAME.end.
run_suite() {
  local project="$1" name code=0 start=$SECONDS
  name="$(basename "$project" .csproj)"
  timeout --kill-after=30 "$limit" dotnet test --project "$project" --configuration Release --no-build --no-restore --max-parallel-test-modules 1 --no-progress \
    --results-directory "$out" --report-xunit-trx --report-xunit-trx-filename "$name.trx" >"$out/$name.log" 2>&1 </dev/null || code=$?
  echo "$code $((SECONDS - start))" >"$out/$name.end"
}

dotnet build-server shutdown --vbcscompiler >/dev/null 2>&1 || true

passed=0 failed=0 skipped=0
counter() { sed -n "s/.*<Counters [^>]*$1=\"\([0-9]*\)\".*/\1/p" "$2" | head -n 1; }

# Adds a finished suite to the sums. A crash, a missing report and an empty suite count as one failure.
report_suite() {
  local name code=1 seconds=0 ok=0 bad=0 total=0 left note=""
  name="$(basename "$1" .csproj)"
  [[ -f "$out/$name.end" ]] && read -r code seconds <"$out/$name.end"
  if [[ -f "$out/$name.trx" ]]; then
    ok="$(counter passed "$out/$name.trx")" bad="$(counter failed "$out/$name.trx")" total="$(counter total "$out/$name.trx")"
    ok="${ok:-0}" bad="${bad:-0}" total="${total:-0}"
    ((ok + bad > 0)) || note="no test ran"
  else
    note="no report: the suite crashed or did not start"
    ((code != 124 && code != 137)) || note="stopped after $limit: the suite hangs"
  fi
  left=$((total - ok - bad))
  if ((code != 0 && bad == 0)) && [[ -z "$note" ]]; then note="exit code $code"; fi
  [[ -z "$note" ]] || bad=$((bad + 1))
  passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + left))
  printf '%-32s %6d passed %4d failed %4d skipped %5d s %s\n' "$name" "$ok" "$bad" "$left" "$seconds" "$note"
  if ((bad > 0)); then
    sed -n '/^failed /,/^$/p' "$out/$name.log" | head -n 200
    [[ -z "$note" ]] || { head -n 30 "$out/$name.log"; echo "  ... all of it is in $out/$name.log"; }
  fi
}

if ((${#quick[@]} > 0)); then
  export out limit
  export -f run_suite
  printf '%s\0' "${quick[@]}" | xargs -0 -n 1 -P "$(nproc)" bash -c 'run_suite "$1"' suite
  for project in "${quick[@]}"; do report_suite "$project"; done
fi
for project in ${slow[@]+"${slow[@]}"}; do
  run_suite "$project"
  report_suite "$project"
done

sum="$passed passed, $failed failed"
((skipped == 0)) || sum+=", $skipped skipped"
echo "$sum"
((failed == 0 && passed > 0))
