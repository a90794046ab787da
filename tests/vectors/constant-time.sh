#!/bin/bash
# Secrets are compared and shared in constant time (rule C2): valgrind's memcheck, with the secrets marked as
# undefined memory, finds no branch and no address that depends on them. It finds those that are planted.
# SC_BUILD names the build directory (default: build). Prints "ok NAME", "FAIL NAME: why" or "skip NAME: why".
set -u
cd "$(dirname "$0")/../.." || exit 1
program=${SC_BUILD:-build}/tests/vectors/constant_time
if ! command -v valgrind >/dev/null || [ ! -x "$program" ]; then
	echo "skip constant-time: valgrind, or its header at build time, is not installed"
	exit 0
fi
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
found=99 # valgrind's status if it reported anything

check() { # what, expected status
	valgrind --quiet --error-exitcode=$found "$program" "$1" >"$log" 2>&1
	local status=$?
	if [ $status -eq "$2" ]; then
		echo "ok constant-time-$1"
	else
		echo "FAIL constant-time-$1: status $status, not $2: $(head -n 3 "$log" | tr '\n' ' ')"
		failed=1
	fi
}

failed=0
for promise in memory-equals secret-equals shamir; do check $promise 0; done
for planted in branch index memcmp; do check planted-$planted $found; done
exit $failed
