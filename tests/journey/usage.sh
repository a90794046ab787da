#!/bin/bash
# Every built program and every subcommand, with command lines that are wrong: the message is on standard error and
# names what was typed as it was typed, the exit status is 2, and nothing is asked, made or printed. --help and
# --version are on standard output. README ("Exit status") promises the statuses.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "${SC_BUILD:-$root/build}" && pwd) || exit 1
exec python3 "$root/tests/journey/usage.py" "$build" "$root"
