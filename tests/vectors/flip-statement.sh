#!/bin/bash
# Flips one bit in each byte of a statement: how many of the results pass stock `openssl cms -verify`, and how
# many pass our verifier (rule F6)? flip_statement asks libcrypto as the openssl program does; here a sample of
# its answers is compared with the program's own. The figures, which DESIGN quotes, vary by a few with the
# lengths of the signatures.
# SC_BUILD names the build directory (default: build). Prints "ok NAME" or "FAIL NAME: why" lines.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=$(cd "${SC_BUILD:-build}" && pwd) || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
time=$("$build/tests/vectors/flip_statement" . 2>error) || { echo "FAIL flip-statement: $(tail -n 1 error)"; exit 1; }

# stock FILE: 1 if the openssl program accepts it, 0 if not.
stock() {
	openssl cms -verify -purpose any -attime "$time" -inform DER -in "$1" -CAfile root.pem -binary -out /dev/null 2>/dev/null
	echo $((! $?))
}
# flip POSITION: writes the statement with the lowest bit of that byte flipped.
flip() {
	cp statement.der flipped
	printf "\\x$(printf %02x $((0x$(xxd -p -s "$1" -l 1 statement.der) ^ 1)))" | dd of=flipped bs=1 seek="$1" conv=notrunc status=none
}

bytes=$(wc -l <verdicts)
stock_passed=$(awk '{ n += $2 } END { print n }' verdicts)
ours_passed=$(awk '{ n += $3 } END { print n }' verdicts)
status=0
result() { # what, why unless it is so, command...
	local what=$1 why=$2
	shift 2
	if "$@"; then
		echo "ok $what"
	else
		echo "FAIL $what: $why"
		status=1
	fi
}

sampled=0
differ=
while read -r position said _; do
	flip "$position"
	[ "$(stock flipped)" = "$said" ] || differ+=" $position"
	sampled=$((sampled + 1))
done < <(awk 'NR % 61 == 1' verdicts)
result openssl-program-and-libcrypto-agree "of $sampled sampled bytes they differ at$differ" [ -z "$differ" ]
echo "single flipped bytes that pass stock openssl: $stock_passed of $bytes; our verifier: $ours_passed"
result openssl-accepts-the-statement "it does not" [ "$(stock statement.der)" = 1 ]
result openssl-accepts-about-a-third-of-the-flipped-bytes "$stock_passed of $bytes" \
	[ $((stock_passed * 100 / bytes)) -ge 30 -a $((stock_passed * 100 / bytes)) -le 40 ]
result our-verifier-refuses-every-flipped-byte "$ours_passed of $bytes pass" [ "$ours_passed" = 0 ]
exit $status
