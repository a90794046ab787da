#!/bin/bash
# What anyone can check (rule F6, invariant 4), with a real workstation's module: stock openssl on each
# statement, and the two verifiers, which share no code, on good packages and on a sample of bad ones.
. "$(dirname "$0")/../journey/lib.sh"
PATH=$SC_BUILD/tests/attack:$PATH
export FACTORY_PASSPHRASE

ok factory site_factory 'Test Manufacturing'
for module in ws eu; do ok "enrol-$module" site_enrol $module; done
site_start ws
site_start eu "$(service eu)"
ok ws-world site_world ws ECp521mAES 1/1
ok eu-world site_world eu ECp521mAES 2/2
ok eu-region site_region eu EU 'Test Operator'
kek=$published/BYOK-KEK-pkg-EU-1
world=$published/BYOK-SecurityWorld-pkg-EU-1

# Makes a receipt by following the article's steps.
travel() {
	at ws generatekey --generate simple type=RSA size=2048 protect=module ident=k plainname=k nvram=no pubexp= &&
		site_quorum ws 1 KeyTransferRemote -ModifyAcls -KeyAppName simple -KeyIdentifier k $(packages EU) &&
		cd "$SITE" &&
		at ws KeyTransferRemote -Package -KeyIdentifier k $(packages EU) -SubscriptionId $subscription -KeyFriendlyName k &&
		module-client import "$SITE/eu/service" "$published/regions/EU/kek.blob" "$SITE/TransferPackage-k.byok" \
			$subscription "$SITE/blob" "$SITE/receipt"
}
ok travel travel

# stock FILE: openssl verifies its signature and its chains under the manufacturer's root. -purpose any, because
# our key usages are our own.
stock() {
	openssl cms -verify -purpose any -inform DER -in "$1" -CAfile "$SITE/factory/root.pem" -binary -out /dev/null
}
# changed FILE: the same with one byte of the signed content changed. The content begins with its own name in
# clear text.
changed() {
	python3 - "$1" "$SITE/changed" <<-'END'
		import sys
		data = bytearray(open(sys.argv[1], "rb").read())
		data[data.index(b"safeconduct.") + 4] ^= 1
		open(sys.argv[2], "wb").write(data)
	END
	stock "$SITE/changed"
}
for statement in "$kek" "$world" "$SITE/receipt"; do
	name=$(basename "$statement")
	ok "openssl-$name" stock "$statement"
	no "openssl-$name-changed" 'erification failure|digest' changed "$statement"
	ok "openssl-asn1parse-$name" openssl asn1parse -inform DER -in "$statement"
done

in_c() { at ws verifykeypackage -k "$1" -w "$2"; }
in_python() { at ws python3 "$root/python/verifykeypackage.py" -k "$1" -w "$2"; }

# judge PROGRAM WHAT KEK WORLD: its result line and its exit status must both agree with WHAT, good or bad.
judge() {
	local out status
	out=$("$1" "$3" "$4" 2>&1)
	status=$?
	case $2 in
	good) [ $status = 0 ] && [ "$(tail -n 1 <<<"$out")" = 'Result: SUCCESS' ] ;;
	bad) [ $status != 0 ] && [ $status -lt 126 ] && grep -q '^Result: FAILURE: .' <<<"$out" && ! grep -q SUCCESS <<<"$out" ;;
	esac || { echo "status $status: $out"; return 1; }
}

: >"$SITE/empty"
for verifier in in_c in_python; do
	ok "$verifier-europe" judge $verifier good "$kek" "$world"
	ok "$verifier-exchanged" judge $verifier bad "$world" "$kek"
	ok "$verifier-nothing" judge $verifier bad "$SITE/empty" "$world"
done
# The program in a toolset takes PINs. If it differs from the installed one, each verifier says so, and nothing
# else.
mkdir "$SITE/toolset"
cp "$kek" "$world" "$SITE/toolset"
cp "$SC_BUILD/src/tools/KeyTransferRemote" "$SITE/toolset"
mkdir -p "$SITE/home/bin"
ln -s "$SC_BUILD/src/tools/KeyTransferRemote" "$SITE/home/bin"
compared() { NFAST_HOME=$SITE/home $1 "$SITE/toolset/$(basename "$kek")" "$SITE/toolset/$(basename "$world")" | grep -E "^Program .* $2|^Result: SUCCESS" | wc -l; }
for verifier in in_c in_python; do ok "$verifier-the-same-program" [ "$(compared $verifier 'enclosed KeyTransferRemote is the installed one$')" = 2 ]; done
printf x >>"$SITE/toolset/KeyTransferRemote"
for verifier in in_c in_python; do ok "$verifier-another-program" [ "$(compared $verifier 'enclosed KeyTransferRemote is NOT the installed one: .*')" = 2 ]; done
rm "$SITE/toolset/KeyTransferRemote"
for verifier in in_c in_python; do ok "$verifier-no-program" [ "$(compared $verifier '.*')" = 1 ]; done

attack-mutants "$SITE" >"$SITE/mutants.list" || die "no mutants: $(cat "$SITE/mutants.list")"
while read -r name what; do
	for verifier in in_c in_python; do
		ok "$verifier-$what-$name" judge $verifier "$what" "$SITE/mutants/$name.kek" "$SITE/mutants/$name.world"
	done
done <"$SITE/mutants.list"
finish
