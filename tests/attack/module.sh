#!/bin/bash
# Attacks on the real hsmd through the module protocol itself, without the tools: invariants 2 to 8. The tools
# only make the site: a test factory, whose root key the attacks hold, and the modules
#   raw      without a warrant                bare     warranted, not in a world
#   ws       the customer's, cards 2 of 3     solo     the customer's second, one card
#   eu, na   two regions, cards 2 of 2        victim   warranted; the attacks start and kill it themselves
#
#   module.sh [PROGRAM…]   only these, out of travel evidence quorum import keys commands messages crash world
. "$(dirname "$0")/../journey/lib.sh"
PATH=$SC_BUILD/tests/attack:$PATH
export FACTORY_PASSPHRASE

# Ends the attacks in the background with this script, before the site ends.
end_all() {
	kill $(jobs -p) 2>/dev/null
	wait
	end
}
trap end_all EXIT

# count FILE: shows result lines and counts them.
count() {
	[ -e "$1" ] || echo "FAIL $(basename "$1" .lines): did not run" >"$1"
	cat "$1"
	passed=$((passed + $(grep -c '^ok ' "$1")))
	failed=$((failed + $(grep -c '^FAIL ' "$1")))
}

# attack PROGRAM…: runs the wanted ones one after the other. One that fails without a FAIL line gets one here.
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
wanted="travel ${*:-$all}" # the others start from what travel leaves
# region MODULE CODE: makes a world and its region. The output is in SITE/MODULE/region.
region() {
	{ site_world "$1" ECp521mAES 2/2 && site_region "$1" "$2" 'Test Operator'; } >"$SITE/$1/region" 2>&1
}

site_factory 'Test Manufacturing'
mkdir "$SITE/raw"
ok site-raw hsmd --state="$SITE/raw/state" --initialise
for module in bare ws solo eu na victim; do site_enrol $module; done
for module in raw bare ws solo na; do site_start $module "$(service $module)"; done
site_start eu "$(service eu)" "$(site_socket eu vaultd tls tls tls)" "$(site_socket eu signind vault vault+kek other)"

# Stretching PINs takes most of the time, so attacks on different modules run in parallel.
attack crash world &
crashes=$!
ok site-eu region eu EU
# After Europe, because the factory serves one at a time.
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
