#!/bin/bash
# What crowds on some sockets of a module leave to a daemon on another one (invariant 10): the figures, on the real
# hsmd. They are times, so ./check runs nothing beside it.
. "$(dirname "$0")/../journey/lib.sh"
PATH=$SC_BUILD/tests/attack:$PATH
export FACTORY_PASSPHRASE

# attack PROGRAM: runs it, shows its result lines and counts them.
attack() {
	local lines=$SITE/$1.lines status
	"attack-$1" "$SITE" >"$lines" 2>&1
	status=$?
	[ $status = 0 ] || grep -q '^FAIL ' "$lines" || echo "FAIL $1: it ended with status $status" >>"$lines"
	cat "$lines"
	passed=$((passed + $(grep -c '^ok ' "$lines")))
	failed=$((failed + $(grep -c '^FAIL ' "$lines")))
}

site_factory 'Test Manufacturing'
for module in solo eu; do site_enrol $module; done
site_start solo
service=$(service eu)
# As root, a crowd of another user connects to this socket, too.
[ "$(id -u)" != 0 ] || { service+=,mode=0666; chmod 711 "$SITE"; }
site_start eu "$service" "$(site_socket eu signind tls tls tls)"
ok site-solo site_world solo ECp521mAES 1/1
region() { site_world eu ECp521mAES 1/1 && site_region eu EU 'Test Operator'; }
ok site-eu region
attack travel
attack isolation
site_stop eu
: >"$SITE/eu/log"
# A small arena, in which keys fill their part too.
echo "$(cat "$SITE/eu/command") --arena=8" >"$SITE/eu/command"
site_restart eu
attack isolation-full
ok isolation-full-the-memory-of-a-socket-was-full grep -q "a socket's memory is full" "$SITE/eu/log"
finish
