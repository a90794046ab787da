#!/bin/bash
# The tools when something is wrong. An input file that is empty, cut, altered, too long, of another kind or
# not a file is refused with one line that says why. A tool that is killed (kill -9) leaves existing files
# whole and new files whole or absent, and its command can be run again. Invariants 7, 8.
. "$(dirname "$0")/lib.sh"

ok factory site_factory 'Example Manufacturing'
for module in ws eu bare; do ok "enrol-$module" site_enrol $module; done
site_start ws "role=use,path=$SITE/ws/audit,mode=0666"
site_start eu "$(service eu)"
site_start bare
ok ws-world site_world ws ECp521mAES 1/1
ok eu-world site_world eu ECp521mAES 1/1
site_region_of_one() { # like site_region, but with the only card
	at eu safeconduct region request EU --operator='Example Cloud' -o "$SITE/eu/region-request.der" &&
	factory certify-region --dir="$SITE/factory" "$SITE/eu/region-request.der" -o "$SITE/eu/region.pem" \
		--passphrase-from-fd=3 3<<<"$FACTORY_PASSPHRASE" &&
	site_quorum eu 1 safeconduct region init EU --certificate="$SITE/eu/region.pem" &&
	at eu safeconduct region publish EU -o "$published"
}
ok eu-region site_region_of_one
local_=$SITE/ws/kmdata/local
generate() { at ws generatekey --generate simple type=RSA size=2048 protect=module ident="$1" plainname="$1" nvram=no pubexp=; }
modify() { site_quorum ws 1 KeyTransferRemote -ModifyAcls -KeyAppName simple -KeyIdentifier "$1" $(packages EU); }
package() { # IDENT NAME
	(cd "$SITE" && at ws KeyTransferRemote -Package -KeyIdentifier "$1" $(packages EU) -SubscriptionId $subscription -KeyFriendlyName "$2")
}
import() {
	module-client import "$SITE/eu/service" "$published/regions/EU/kek.blob" "$SITE/TransferPackage-$1.byok" $subscription \
		"$SITE/$1.blob" "$SITE/$1.receipt"
}
ok generatekey generate k
ok modify-acls modify k
ok package package k good
ok import import good

# -- bad input -----------------------------------------------------------------------------------------------

# damage: puts a bad file in the place of the good one.
damage() { # HOW GOOD BAD
	rm -rf "$3"
	case $1 in
	empty) : >"$3" ;;
	cut) head -c -1 "$2" >"$3" ;;
	flipped) python3 -c 'import sys; b = bytearray(open(sys.argv[1], "rb").read()); b[20] ^= 1; open(sys.argv[2], "wb").write(b)' "$2" "$3" ;;
	huge) { cat "$2"; head -c 2000000 /dev/zero; } >"$3" ;;
	foreign) cp "$SITE/ws/cards/1/safeconduct-card" "$3" ;;
	text) head -c 1000 "$root/LICENSE" >"$3" ;;
	directory) mkdir "$3" ;;
	absent) ;;
	esac
}
# refuses COMMAND…: it fails with a status of its own and one line of refusal; no crash, no report of success.
refuses() {
	local out status lines
	out=$("$@" 2>&1)
	status=$?
	lines=$(grep -v ': warning: ' <<<"$out" | grep -cE '^(Result: FAILURE|[a-zA-Z][a-zA-Z .-]*): .')
	[ $status -ge 1 ] && [ $status -lt 120 ] && [ "$lines" = 1 ] && ! grep -q 'SUCCESS' <<<"$out" && return
	echo "status $status, $lines refusals: $out"
	return 1
}
# bad_input NAME FILE COMMAND…: the command refuses FILE damaged in every way, and then succeeds with FILE as
# it was. Callers run the good command once before.
bad_input() {
	local name=$1 file=$2 how
	shift 2
	mv "$file" "$file.good"
	for how in empty cut flipped huge foreign text directory absent; do
		[ "$1 $how" != 'dump foreign' ] || continue # kmfile-dump also shows cards
		damage $how "$file.good" "$file"
		ok "$name-$how" refuses "$@"
	done
	rm -rf "$file"
	mv "$file.good" "$file"
	ok "$name-as-it-was" "$@"
}
kek=$published/BYOK-KEK-pkg-EU-1
world=$published/BYOK-SecurityWorld-pkg-EU-1

dump() { kmfile-dump "$1"; }
for file in "$local_/key_simple_k" "$local_/key_xferacld_k" "$local_/world" "$SITE/TransferPackage-good.byok" "$SITE/good.receipt"; do
	ok "kmfile-dump-$(basename "$file")-first" dump "$file"
	bad_input "kmfile-dump-$(basename "$file")" "$file" dump "$file"
done
for verifier in verifykeypackage "python3 $root/python/verifykeypackage.py"; do
	verify() { at ws $verifier -k "$kek" -w "$world"; }
	ok "${verifier##*/}-first" verify
	bad_input "${verifier##*/}-kek" "$kek" verify
	bad_input "${verifier##*/}-world" "$world" verify
done
receipt() { at ws verifyreceipt "$SITE/good.receipt" --key="$local_/key_simple_k" --package="$SITE/TransferPackage-good.byok"; }
ok verifyreceipt-first receipt
bad_input verifyreceipt-receipt "$SITE/good.receipt" receipt
bad_input verifyreceipt-package "$SITE/TransferPackage-good.byok" receipt
bad_input verifyreceipt-key "$local_/key_simple_k" receipt

# Each of these never overwrites its output, so the output is removed first.
again_modify() { rm -f "$local_/key_xferacld_k"; modify k; }
ok modify-first again_modify
warnings() { # NUMBER [OPTION…]
	rm -f "$local_/key_xferacld_k"
	[ "$(site_quorum ws 1 KeyTransferRemote -ModifyAcls -KeyAppName simple -KeyIdentifier k $(packages EU) "${@:2}" 2>&1 |
		grep -c ': warning: ')" = "$1" ]
}
ok modify-for-a-subscription-warns-of-nothing warnings 0 -SubscriptionId $subscription
ok modify-for-any-subscription-warns-in-one-line warnings 1
bad_input modify-key "$local_/key_simple_k" again_modify
bad_input modify-kek "$kek" again_modify
bad_input modify-world "$world" again_modify
again_package() { rm -f "$SITE/TransferPackage-again.byok"; package k again; }
ok package-first again_package
bad_input package-copy "$local_/key_xferacld_k" again_package
bad_input package-kek "$kek" again_package
bad_input package-world "$world" again_package
again_warrant() {
	rm -f "$SITE/again.pem"
	factory warrant --dir="$SITE/factory" "$SITE/bare/warrant-request.der" -o "$SITE/again.pem" --passphrase-from-fd=3 3<<<"$FACTORY_PASSPHRASE"
}
ok factory-warrant-first again_warrant
bad_input factory-warrant "$SITE/bare/warrant-request.der" again_warrant
again_certify() {
	rm -f "$SITE/again.pem"
	factory certify-region --dir="$SITE/factory" "$SITE/eu/region-request.der" -o "$SITE/again.pem" --passphrase-from-fd=3 3<<<"$FACTORY_PASSPHRASE"
}
ok factory-certify-region-first again_certify
bad_input factory-certify-region "$SITE/eu/region-request.der" again_certify
again_toolset() { rm -rf "$SITE/zips"; mkdir "$SITE/zips"; at eu safeconduct toolset build EU --packages="$published" -o "$SITE/zips" --script="$root/python/verifykeypackage.py"; }
ok toolset-build-first again_toolset
bad_input toolset-build-kek "$kek" again_toolset
bad_input toolset-build-world "$world" again_toolset
hashes() { Get-FileHash "$SITE/zips/KeyVault-BYOK-Tools-Europe.zip" | grep -qi "SHA256 *$(sha256sum <"$SITE/zips/KeyVault-BYOK-Tools-Europe.zip" | cut -d' ' -f1) "; }
ok get-filehash-is-sha256 hashes
no get-filehash-no-file 'cannot be opened' Get-FileHash "$SITE/nothing"
enquire() { at ws enquiry "$@"; }
ok enquiry-module-1 enquire --module=1
ok enquiry-m-1 enquire -m 1
no enquiry-a-module-that-is-not-in-the-map 'has no module 2' enquire -m 2
no new-world-a-suite-of-another-name 'DLf1024s160mRijndael, ECp521mAES' site_world bare DLf3072s256mAEScSP800131Ar1 1/1

# -- without a terminal --------------------------------------------------------------------------------------

# Each ceremony says how else to give the cards and PINs, before anything is made.
say_how='no terminal to ask for cards and PINs: give --cards and --pins-from-fd'
no new-world-without-a-terminal "$say_how" at bare setsid -w new-world --initialize --acs-quorum=1/1
rm -f "$local_/key_xferacld_k"
no modify-without-a-terminal "$say_how" at ws setsid -w KeyTransferRemote -ModifyAcls -KeyAppName simple -KeyIdentifier k $(packages EU)
no factory-warrant-without-a-terminal 'no terminal to ask for the passphrase: give --passphrase-from-fd' \
	setsid -w factory warrant --dir="$SITE/factory" "$SITE/bare/warrant-request.der" -o "$SITE/never.pem"
ok modify-after-it modify k

# -- an auditor ----------------------------------------------------------------------------------------------

# Another user, who has copies, a use socket and a map of it, and no directory to write in. Programs that only read
# write nothing.
audit=$SITE/auditor
mkdir -p "$audit/kmdata/config" "$audit/factory"
echo "1 use $SITE/ws/audit" >"$audit/kmdata/config/modules"
cp "$kek" "$world" "$SITE/good.receipt" "$SITE/TransferPackage-good.byok" "$local_/key_simple_k" "$local_/key_simple_k.pem" "$audit/"
cp "$SITE/factory/root.pem" "$audit/factory/"
cp "$root/python/verifykeypackage.py" "$audit/"
chmod -R a+r,a-w,a+X "$audit"
chmod 711 "$SITE"
as_auditor() {
	local user=()
	[ "$(id -u)" != 0 ] || user=(setpriv --reuid 62099 --regid 62099 --clear-groups)
	"${user[@]}" env -C "$audit" NFAST_KMDATA="$audit/kmdata" HOME="$audit" TMPDIR="$audit" "$@"
}
contents() { find "$audit" -printf '%p %m %s %T@ %C@\n' | sort; }
writes_nothing() {
	local before after
	before=$(contents)
	as_auditor "$@" || return
	after=$(contents)
	[ "$before" = "$after" ] || { diff <(echo "$before") <(echo "$after"); return 1; }
}
if as_auditor test -x "$SC_BUILD/src/tools/enquiry"; then
	pair="-k ${kek##*/} -w ${world##*/}"
	receipt_of="good.receipt --package=TransferPackage-good.byok"
	ok auditor-enquiry writes_nothing enquiry
	ok auditor-verifykeypackage writes_nothing verifykeypackage $pair
	ok auditor-verifykeypackage.py writes_nothing python3 verifykeypackage.py $pair
	ok auditor-verifyreceipt-public-key writes_nothing verifyreceipt $receipt_of --public-key=key_simple_k.pem
	ok auditor-verifyreceipt-key writes_nothing verifyreceipt $receipt_of --key=./key_simple_k
	ok auditor-kmfile-dump writes_nothing kmfile-dump good.receipt
	ok auditor-get-filehash writes_nothing Get-FileHash good.receipt
	ok auditor-factory-root-hash writes_nothing factory root-hash --dir=factory
	no auditor-has-no-local 'kmdata/local: does not exist' as_auditor verifyreceipt $receipt_of --key=key_simple_k
	ok auditor-made-nothing test ! -e "$audit/kmdata/local"
else
	echo 'skip auditor: other users cannot reach the programs'
fi
chmod 700 "$SITE"

# -- kill -9 -------------------------------------------------------------------------------------------------

# killed MS COMMAND…: starts the command and kills it after at most that many milliseconds.
killed() {
	local most=$1
	shift
	timeout -s KILL "$(printf '0.%04d' $((RANDOM % most * 10 + 1)))" "$@" >/dev/null 2>&1
}
is_whole_key() { kmfile-dump "$local_/key_simple_$1" && openssl pkey -pubin -in "$local_/key_simple_$1.pem" -noout; }
kill_generatekey() {
	local i made=0
	for i in $(seq 12); do
		NFAST_KMDATA=$SITE/ws/kmdata killed 500 generatekey --generate simple type=RSA size=2048 protect=module ident=killed$i \
			plainname=killed$i nvram=no pubexp=
		if [ -e "$local_/key_simple_killed$i" ]; then
			made=$((made + 1))
		else
			generate killed$i || return
		fi
		is_whole_key killed$i || return
	done
	echo "$made of 12 were made before the kill"
}
ok killed-generatekey kill_generatekey
kill_package() {
	local i
	for i in $(seq 12); do
		(cd "$SITE" && NFAST_KMDATA=$SITE/ws/kmdata killed 150 KeyTransferRemote -Package -KeyIdentifier k $(packages EU) \
			-SubscriptionId $subscription -KeyFriendlyName killed$i)
		[ -e "$SITE/TransferPackage-killed$i.byok" ] || package k killed$i || return
		import killed$i || return
	done
}
ok killed-package kill_package
# The card must wait if the module is still checking the PIN from the killed run.
modify_in_the_end() { local i; for i in $(seq 60); do modify k && return; sleep 1; done; return 1; }
kill_modify() {
	local i before
	before=$(sha256sum <"$local_/key_simple_k")
	for i in $(seq 3); do
		rm -f "$local_/key_xferacld_k"
		NFAST_KMDATA=$SITE/ws/kmdata killed 999 KeyTransferRemote -ModifyAcls -KeyAppName simple -KeyIdentifier k $(packages EU) \
			--cards="$SITE/ws/cards/1" --pins-from-fd=3 3< <(pins 1)
		[ "$(sha256sum <"$local_/key_simple_k")" = "$before" ] || { echo 'the original has changed'; return 1; }
		[ -e "$local_/key_xferacld_k" ] || modify_in_the_end || return
		rm -f "$SITE/TransferPackage-again.byok"
		package k again || return
	done
}
ok killed-modify-acls kill_modify
mode_of() { at bare enquiry -m 1 | sed -n 's/^ mode *//p'; }
# descriptors: how many the module has open; 0 if only root can know.
descriptors() { ls "/proc/$(site_pid bare)/fd" 2>/dev/null | wc -l; }
# The module drops what it had begun when the connection closes, and then has only COUNT descriptors open, as before.
await_descriptors() { # COUNT
	local i
	[ "$1" != 0 ] || sleep 1
	for i in $(seq 600); do [ "$(descriptors)" -gt "$1" ] || return 0; sleep 0.1; done
	return 1
}
# If killed before the module adopts the world, there is no world, whatever the cards hold. If killed after,
# everything exists.
kill_new_world() {
	local i before
	before=$(descriptors)
	for i in $(seq 4); do
		NFAST_KMDATA=$SITE/bare/kmdata killed 999 new-world --initialize --cipher-suite=ECp521mAES --module=1 --acs-quorum=1/1 \
			--cards="$(site_cards bare 1)" --pins-from-fd=3 3< <(pins 1)
		await_descriptors "$before" || return
		case $(mode_of) in
		*'no security world'*) rm -rf "$SITE/bare/cards" "$SITE/bare/kmdata/local/world" ;;
		*'in a security world'*) break ;;
		*) return 1 ;;
		esac
	done
	[[ $(mode_of) == *'operational'* ]] || site_world bare ECp521mAES 1/1 || return
	kmfile-dump "$SITE/bare/kmdata/local/world" && kmfile-dump "$SITE/bare/cards/1/safeconduct-card" &&
		[ "$(at bare enquiry -m 1 | sed -n 's/^ world id *//p')" = "$(kmfile-dump "$SITE/bare/kmdata/local/world" | sed -n 's/^ *world id *//p' | head -n 1)" ]
}
ok killed-new-world kill_new_world
finish
