#!/bin/bash
# Attacks on the real hsmd through the module protocol itself, without the tools: invariants 2 to 6 and 8. The tools only
# make the site: a test factory, whose root key the attacks hold, and the modules
#   raw      without a warrant                    bare     warranted, in no world
#   ws       the customer's, cards 2 of 3         solo     the customer's second, one card
#   eu, na   two regions, cards 2 of 2            victim   warranted; started and killed by the attacks themselves
. "$(dirname "$0")/../journey/lib.sh"
PATH=$SC_BUILD/tests/attack:$PATH
export FACTORY_PASSPHRASE

# A region with its world, as one line of results.
region() {
	site_world "$1" ECp521mAES 2/2 && site_region "$1" "$2" 'Test Operator'
}

site_factory 'Test Manufacturing'
mkdir "$SITE/raw"
ok site-raw hsmd --state="$SITE/raw/state" --initialise
for module in bare ws solo eu na victim; do site_enrol $module; done
for module in raw bare ws solo na; do site_start $module "$(service $module)"; done
site_start eu "$(service eu)" "$(site_socket eu vaultd tls tls tls)" "$(site_socket eu signind vault vault+kek other)"
ok site-ws site_world ws DLf1024s160mRijndael 2/3
ok site-solo site_world solo ECp521mAES 1/1
ok site-eu region eu EU
ok site-na region na NA

# run PROGRAM: an attack; what it prints counts.
run() {
	local lines=$SITE/$1.lines status
	"$1" "$SITE" >"$lines" 2>&1
	status=$?
	cat "$lines"
	passed=$((passed + $(grep -c '^ok ' "$lines")))
	failed=$((failed + $(grep -c '^FAIL ' "$lines")))
	if [ $status != 0 ] && ! grep -q '^FAIL ' "$lines"; then
		echo "FAIL $1: it ended with status $status"; failed=$((failed + 1))
	fi
}

run attack-travel
finish
