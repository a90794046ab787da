#!/bin/bash
# The vault's half on the real services, as ./demo --keep leaves them: the real Azure CLI, kill -9 of module and vault while
# clients work, and a search of every process but hsmd for the keys. Invariants 1, 5, 7, 8.
set -u
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
export SC_BUILD=$root/build
. "$here/results.sh"

cd "$root" || exit 1
trap './demo --stop >/dev/null 2>&1' EXIT
ok demo-keep ./demo --keep
[ -f build/demo/demo.env ] || exit 1
. build/demo/demo.env
SITE=$root/build/demo
. scripts/site.sh
work=$(mktemp -d)
trap './demo --stop >/dev/null 2>&1; rm -rf "$work"' EXIT

# -- clients ---------------------------------------------------------------------------------------------------

clients=$here/clients.py
vault=kill$RANDOM$RANDOM
ok clients-prepare python3 "$clients" prepare "$vault" worker "$BYOK"
printf 'a secret for the vault' >"$work/plain"
openssl pkeyutl -encrypt -pubin -inkey "$PUBLIC_PEM" -pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256 \
	-in "$work/plain" -out "$work/cipher"
# -- the keys are in no other process --------------------------------------------------------------------------

# Imports and decryptions go on while memory is searched.
touch "$work/searching"
while [ -e "$work/searching" ]; do
	python3 "$clients" import "$vault" 1 "$(build/demo/fresh-package)" >/dev/null 2>&1
	python3 "$clients" decrypt "$vault" worker 4 "$work/cipher" "$work/plain" >/dev/null 2>&1
done &
searching=$!
# The customer's key, the Key Exchange Key, the token key and both TLS keys, as their modules have them.
scan=$SC_BUILD/tests/attack/memory-scan
{
	"$SC_BUILD/tests/attack/needles" "$SITE/workstation/state" "$SITE/workstation/kmdata/local/key_simple_contosokey" &&
	"$SC_BUILD/tests/attack/needles" "$SITE/europe/state" "$SITE/regions/EU/kek.blob" &&
	"$SC_BUILD/tests/attack/needles" "$SITE/service/state" "$SITE"/services/signind/*.blob "$SITE"/services/vaultd/*.blob
} >"$work/needles"
ok needles-of-five-keys test "$(grep -c . "$work/needles")" -ge 8
ok scanner-finds-what-it-plants "$scan" --self-test
for daemon in vaultd signind; do
	ok "no-key-in-$daemon" "$scan" "$(cat "$SITE/$daemon/pid")" "$work/needles"
done
# A tool lives for a moment: it is stopped in the middle of its work.
build/demo/fresh-package >/dev/null &
packing=$!
for i in $(seq 200); do
	tool=$(pgrep -P $packing -f 'KeyTransferRemote -Package')
	[ -n "$tool" ] && kill -STOP "$tool" 2>/dev/null && break
	sleep 0.005
done
ok no-key-in-KeyTransferRemote "$scan" "$tool" "$work/needles"
kill -CONT "$tool"
rm "$work/searching"
wait $searching

# -- kill -9 while clients work --------------------------------------------------------------------------------

packages=()
for i in 1 2 3 4 5 6 7 8; do packages+=("$(build/demo/fresh-package)"); done
python3 "$clients" decrypt "$vault" worker 20 "$work/cipher" "$work/plain" >"$work/decrypted" 2>&1 &
decrypting=$!
python3 "$clients" import "$vault" 18 "${packages[@]}" >"$work/imported" 2>&1 &
importing=$!
for victim in europe vaultd europe vaultd; do
	sleep 3
	{ site_kill $victim && site_restart $victim; } 2>/dev/null
done
wait $decrypting
cat "$work/decrypted"
grep -q '^FAIL' "$work/decrypted" && failed=$((failed + 1))
wait $importing || { tail -n 1 "$work/imported"; failed=$((failed + 1)); }
python3 "$clients" present $(grep '^https' "$work/imported") || failed=$((failed + 1))

# -- the real client -------------------------------------------------------------------------------------------

BYOK=$(build/demo/fresh-package)
export BYOK
# Its lines up to show-missing are this release's; what comes after them is built later.
tests/acceptance/azure-cli.sh >"$work/az" 2>&1
sed '/show-missing/q' "$work/az" | grep -E '^(ok|FAIL) ' | sed 's/^\(ok\|FAIL\) /\1 az-/'
sed '/show-missing/q' "$work/az" | grep -q '^FAIL' && failed=$((failed + 1))
grep -q '^ok show-missing' "$work/az" || { echo "FAIL az-came-to-show-missing: $(tail -n 2 "$work/az" | tr '\n' ' ')"; failed=$((failed + 1)); }

finish
