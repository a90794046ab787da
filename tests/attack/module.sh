#!/bin/bash
# Attacks on the real hsmd through the module protocol itself, without the tools: invariants 2 to 8. The tools only
# make the site: a test factory, whose root key the attacks hold, and the modules
#   raw      without a warrant                    bare     warranted, in no world
#   ws       the customer's, cards 2 of 3         solo     the customer's second, one card
#   eu, na   two regions, cards 2 of 2            victim   warranted; started and killed by the attacks themselves
#
#   module.sh [PROGRAM…]   these attacks alone, of travel evidence quorum import keys commands messages crash world
. "$(dirname "$0")/../journey/lib.sh"
PATH=$SC_BUILD/tests/attack:$PATH
export FACTORY_PASSPHRASE

# What runs at once ends with this script, before the site does.
end_all() {
	kill $(jobs -p) 2>/dev/null
	wait
	end
}
trap end_all EXIT

# count FILE: shows lines of results, and counts them.
count() {
	[ -e "$1" ] || echo "FAIL $(basename "$1" .lines): it did not run" >"$1"
	cat "$1"
	passed=$((passed + $(grep -c '^ok ' "$1")))
	failed=$((failed + $(grep -c '^FAIL ' "$1")))
}

# attack PROGRAM…: one after the other, of those that are wanted. One that ends badly says so in a line of its own.
attack() {
	local program status
	for program in "$@"; do
		[[ " $wanted " == *" $program "* ]] || continue
		"attack-$program" "$SITE" >"$SITE/$program.lines" 2>&1
		status=$?
		[ $status = 0 ] || grep -q '^FAIL ' "$SITE/$program.lines" ||
			echo "FAIL $program: it ended with status $status" >>"$SITE/$program.lines"
	done
}

all='travel evidence quorum import keys commands messages crash world'
wanted="travel ${*:-$all}" # the others begin with what travel leaves
# region MODULE CODE: a region with its world; what it says is in SITE/MODULE/region.
region() {
	{ site_world "$1" ECp521mAES 2/2 && site_region "$1" "$2" 'Test Operator'; } >"$SITE/$1/region" 2>&1
}

site_factory 'Test Manufacturing'
mkdir "$SITE/raw"
ok site-raw hsmd --state="$SITE/raw/state" --initialise
for module in bare ws solo eu na victim; do site_enrol $module; done
for module in raw bare ws solo na; do site_start $module "$(service $module)"; done
site_start eu "$(service eu)" "$(site_socket eu vaultd tls tls tls)" "$(site_socket eu signind vault vault+kek other)"

# Stretching PINs takes most of the time: what touches different modules runs at once.
attack crash world &
crashes=$!
ok site-eu region eu EU
# After Europe: the factory works for one at a time.
region na NA &
north_america=$!
ok site-ws site_world ws DLf1024s160mRijndael 2/3
ok site-solo site_world solo ECp521mAES 1/1
# Only the shell that started it can wait for it.
wait $north_america
ok site-na [ $? = 0 ]
attack travel
attack import keys commands messages &
arrivals=$!
attack evidence quorum
wait $arrivals $crashes
for program in $all; do [[ " $wanted " != *" $program "* ]] || count "$SITE/$program.lines"; done
finish
