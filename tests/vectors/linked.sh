#!/bin/bash
# No program has a writable table of functions: each is linked with -z relro and -z now. SC_BUILD names the build
# directory (default: build). Prints "ok NAME" or "FAIL NAME: why".
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/journey/results.sh
build=$(cd "${SC_BUILD:-build}" && pwd) || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

is_bound() { readelf -dW "$1" | grep -q 'FLAGS_1.*NOW' && readelf -lW "$1" | grep -q GNU_RELRO; }

for program in $(find "$build/src" -type f -executable ! -name '*.so*'); do
	ok "$(basename "$program")-is-bound-when-it-starts" is_bound "$program"
done
echo 'int main(void) { return 0; }' >"$work/lazy.c"
cc -Wl,-z,lazy -Wl,-z,norelro -o "$work/lazy" "$work/lazy.c"
no a-lazily-bound-program-is-noticed '' is_bound "$work/lazy"
finish
