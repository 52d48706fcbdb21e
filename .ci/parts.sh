# Answers for what a run of checks is made of: parts, whose minutes are printed, and a last line that counts the tests of all.
set -uo pipefail
log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0

# Runs a part, says how long it took, and remembers whether it failed.
part() {
  local name=$1 start=$SECONDS code=0
  shift
  "$@" 2>&1 | tee -a "$log" || code=$?
  echo "part '$name': exit code $code, $(((SECONDS - start) / 60)) min $(((SECONDS - start) % 60)) s"
  [ "$code" -eq 0 ] || status=1
}

# Prints the count, and ends with 1 where any part failed.
finish() {
  echo "all parts: $((SECONDS / 60)) minutes"
  grep -E '^[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$' "$log" |
    awk '{ passed += $1; failed += $3; skipped += $5 }
      END { printf "%d passed, %d failed%s\n", passed, failed, skipped ? ", " skipped " skipped" : "" }'
  exit "$status"
}
