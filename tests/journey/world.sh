#!/bin/bash
# A security world over its life, on the real module: a second module (--program), the drill for a lost one
# (docs/backup-drill.md), erasing (--factory). Invariants 3 and 7.
. "$(dirname "$0")/lib.sh"

# -- a world, its keys, and a backup of them ------------------------------------------------------------------

ok factory site_factory 'Example Manufacturing'
for module in one two; do ok "enrol-$module" site_enrol $module; done
site_start one
ok world site_world one ECp521mAES 2/3
key() { at one generatekey --generate simple type=RSA size=2048 protect=module ident="$1" plainname= nvram=no pubexp=; }
ok key key daily
hold=$SITE/backup
mkdir "$hold"
ok copy-world-and-keys cp "$SITE/one/kmdata/local/world" "$SITE/one/kmdata/local/key_simple_daily" "$SITE/one/kmdata/local/key_simple_daily.pem" "$hold"
ok copy-cards cp -r "$SITE/one/cards" "$hold/cards"

# -- the drill: the first module is gone, with its state ------------------------------------------------------

site_kill one
rm -rf "$SITE/one"
site_start two
mkdir -p "$SITE/two/kmdata/local"
cp "$hold"/world "$hold"/key_* "$SITE/two/kmdata/local/"
cp -r "$hold/cards" "$SITE/two/cards"
# sign MODULE IDENT: signs with the module and verifies with the PEM beside the key.
sign() {
	local local=$SITE/$1/kmdata/local
	printf 'restored' | openssl dgst -sha256 -binary >"$SITE/digest" &&
	module-client sign "$SITE/$1/custody" "$local/key_simple_$2" "$SITE/digest" "$SITE/signature" &&
	openssl pkeyutl -verify -pubin -inkey "$local/key_simple_$2.pem" -sigfile "$SITE/signature" -in "$SITE/digest" -pkeyopt digest:sha256
}
program() { # MODULE CARDS [FIRST]: as site_quorum, with the cards from FIRST on
	at "$1" new-world --program --module=1 --cards="$2" --pins-from-fd=3
}
cards() { local c list=; for c in "${@:2}"; do list+=${list:+,}$SITE/$1/cards/$c; done; echo "$list"; }
no drill-without-the-world-the-key-is-useless 'not in a security world' sign two daily
fewer() { program two "$(cards two 1)" 3< <(pins 1); }
no drill-with-fewer-cards-nothing 'names 1 slot, but the quorum is 2 cards' fewer
twice() { program two "$(cards two 1),$SITE/two/cards/1/" 3< <(pins 2); }
no drill-one-card-twice-nothing 'counts once|already' twice
sleep 2
wrong() { program two "$(cards two 1 2)" 3< <(pins 1; echo 'not the passphrase'); }
no drill-with-a-wrong-pin-nobody-learns-which 'one of these cards or PINs is wrong' wrong
no drill-still-nothing 'not in a security world' sign two daily
sleep 5
right() { program two "$(cards two 1 3)" 3< <(pins 1; pins 1 3); }
ok drill-with-k-cards right
ok drill-the-key-signs sign two daily
at two enquiry >"$SITE/enquiry"
ok drill-another-serial-number bash -c "[ -n \"$(grep -i 'serial' "$SITE/enquiry")\" ]"
no drill-programmed-once 'already in this security world' right
site_stop two; site_start two
ok drill-the-key-signs-after-a-restart sign two daily

# -- erasing --------------------------------------------------------------------------------------------------

no factory-asks 'no terminal to confirm' setsid -w env NFAST_KMDATA="$SITE/two/kmdata" new-world --factory </dev/null
few() { at two new-world --factory --yes --cards="$(cards two 1)" --pins-from-fd=3 3< <(pins 1); }
no factory-needs-the-quorum 'names 1 slot' few
ok factory-under-the-quorum site_quorum two 2 new-world --factory --yes
no factory-the-key-is-useless 'not in a security world' sign two daily
no factory-once 'not in a security world' site_quorum two 2 new-world --factory --yes
site_stop two; site_start two
no factory-after-a-restart-too 'not in a security world' sign two daily
ok factory-and-programmed-again right
ok factory-the-key-signs-again sign two daily
site_stop two
sed -i 's/$/ --allow-erase/' "$SITE/two/command"
site_restart two
ok factory-with-the-switch at two new-world --factory --yes
no factory-with-the-switch-the-key-is-useless 'not in a security world' sign two daily
finish
