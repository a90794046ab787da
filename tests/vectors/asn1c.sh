#!/bin/bash
# Compares docs/safeconduct.asn1 with the code: asn1c's decoder, which shares nothing with ours, reads a sample of
# every structure, checks its constraints, and must write the same bytes again.
# SC_BUILD names the build directory (default: build). Prints "ok NAME", "FAIL NAME: why" or "skip NAME: why".
set -u
cd "$(dirname "$0")/../.." || exit 1
build=$(cd "${SC_BUILD:-build}" && pwd) || exit 1
module=$PWD/docs/safeconduct.asn1
if ! command -v asn1c >/dev/null; then
	echo "skip asn1: asn1c is not installed"
	exit 0
fi
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

# The generated code is not ours but the oracle, so it is compiled without our warnings.
asn1c -pdu=all -fcompound-names -fwide-types "$module" >asn1c.log 2>&1 || { tail -n 5 asn1c.log; echo "FAIL asn1: the module's syntax"; exit 1; }
cc -w -O0 -DASN_PDU_COLLECTION -DPDU=Acl -I. -o convert ./*.c >cc.log 2>&1 || { tail -n 5 cc.log; echo "FAIL asn1: the generated code"; exit 1; }

status=0
"$build/tests/support/write_samples" samples || { echo "FAIL asn1: no samples"; exit 1; }
for sample in samples/*.der; do
	name=$(basename "$sample" .der)
	type=${name#*.}
	if ! ./convert -p "$type" -c -iber -oder "$sample" >again.der 2>convert.log; then
		echo "FAIL asn1-$name: $(tail -n 1 convert.log)"
		status=1
	elif ! cmp -s "$sample" again.der; then
		echo "FAIL asn1-$name: asn1c writes different bytes"
		status=1
	else
		echo "ok asn1-$name"
	fi
done
exit $status
