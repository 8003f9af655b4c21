#!/bin/sh
# Looks for known vulnerabilities in the Go modules and in npm's lock files, and fails on findings. Where a
# database of them is out of reach that is said, and is a failure only with STRICT=1.
#
# usage: deploy/vuln.sh GOVULNCHECK
set -eu

program=$1
case $program in */*) program=$(cd "$(dirname "$program")" && pwd)/$(basename "$program") ;; esac
cd "$(dirname "$0")/.."
failed=0

not_run() {
	echo "NOT RUN: $1, whose database is out of reach."
	if [ -n "${STRICT:-}" ]; then failed=1; fi
}

if curl --silent --fail --head --max-time 20 --output /dev/null https://vuln.go.dev/index/db.json; then
	for module in . deploy; do
		echo "govulncheck in $module"
		(cd "$module" && "$program" ./...) || failed=1
	done
else
	not_run govulncheck
fi

# npm ends with the same status for findings and for a registry that does not answer.
for lock in $(git ls-files 'package-lock.json' '*/package-lock.json'); do
	echo "npm audit of $lock"
	report=$(cd "$(dirname "$lock")" && npm audit --package-lock-only --audit-level=high 2>&1) && status=0 || status=1
	echo "$report"
	case $report in
	*"audit endpoint returned an error"* | *ENOAUDIT* | *ENOTFOUND* | *ECONNREFUSED* | *ETIMEDOUT*) not_run "npm audit of $lock" ;;
	*) [ "$status" = 0 ] || failed=1 ;;
	esac
done
exit "$failed"
