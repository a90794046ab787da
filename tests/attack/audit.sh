#!/bin/bash
# The audit log of a real vaultd under pressure: a flood of refused tokens on a slow disk, a full disk, and a stop
# while it is full. Rule P8, invariant 9.
. "$(dirname "$0")/../journey/lib.sh"
trap '' XFSZ # a file that may not grow is a full disk, not a signal

site_factory 'Example Manufacturing'
for module in eu services; do site_enrol $module; done
site_start eu "$(service eu)"
site_start services "role=service,path=$SITE/services/signind,make=token+tls,load=token+tls,owner=signind" \
	"role=service,path=$SITE/services/vaultd,make=tls,load=tls,owner=vaultd"
ok world-eu site_world eu ECp521mAES 1/1
ok world-services site_world services ECp521mAES 1/1
ok region-eu site_region eu EU 'Example Cloud'
read -r login_port vault_port < <("$root/scripts/free-ports" 2 $((20000 + RANDOM % 20000)))
ok init bash -c "safeconduct init --dir='$SITE/service' --signin-port=$login_port --vault-port=$vault_port \
	--signin-module='$SITE/services/signind' --vault-module='$SITE/services/vaultd' \
	--region='EU:$SITE/eu/service:$published/regions/EU' >'$SITE/init.env'"
. "$SITE/init.env"
log=$SITE/service/vaultd/audit.log

mkdir -p "$SITE/signind" "$SITE/vaultd"
site_daemon signind signind --config="$SITE/service/signind/signind.conf"
vaultd() { site_daemon vaultd "$@" vaultd --config="$SITE/service/vaultd/vaultd.conf"; }

# press ARGUMENT…: runs audit.py, whose result lines count. $counts has what it counted.
press() {
	timeout 300 env LOGIN_PORT=$login_port VAULT_PORT=$vault_port CA="$SAFECONDUCT_CA" USER_NAME="$SAFECONDUCT_USER" \
		PASSWORD="$SAFECONDUCT_PASSWORD" LOG="$log" PID="$(site_pid vaultd)" COUNTS="$SITE/counts" \
		python3 "$root/tests/attack/audit.py" "$@" >"$SITE/lines" 2>&1 ||
		echo "FAIL $1: it ended with status $?: $(tail -n 1 "$SITE/lines")" >>"$SITE/lines"
	cat "$SITE/lines"
	passed=$((passed + $(grep -c '^ok ' "$SITE/lines")))
	failed=$((failed + $(grep -c '^FAIL ' "$SITE/lines")))
	read -r -a counts <"$SITE/counts"
}
# lines FILTER: all lines of the log for which the filter is true.
lines() { cat "$log".[0-9]* "$log" 2>/dev/null | jq -c "select($1)"; }
# gaps COUNT: the log is whole and has so many lines that mark a gap.
gaps() { verifyaudit "$log" | tee "$SITE/verified" | grep -q 'Result: SUCCESS' && grep -q ", gaps $1\$" "$SITE/verified" || { cat "$SITE/verified"; return 1; }; }

# -- a flood on a slow disk ----------------------------------------------------------------------------------

# The sanitizers want to be loaded first; they need not be.
vaultd env LD_PRELOAD="$SC_BUILD/tests/attack/slow-sync.so" SLOW_SYNC_MS=700 ASAN_OPTIONS="${ASAN_OPTIONS:-}:verify_asan_link_order=0"
press flood 12000
ok the-slow-vaultd-stops site_stop vaultd
each_is_counted() { [ "$(lines '.kind == "refusals"' | jq -s 'map(.count) | add')" = "${counts[0]}" ]; }
ok each-refusal-is-counted each_is_counted
ok by-its-address [ "$(lines '.kind == "refusals"' | jq -s 'map(.address) | unique')" = "$(jq -n '["127.0.0.1"]')" ]
ok the-honest-client-is-named [ "$(lines '.client_request == "an-honest-client" and .address == "127.0.0.1" and .application == "04b07795-8ddb-461a-bbee-02f9e1bf7b46" and .result == "done"' | wc -l)" -gt 1 ]
ok the-log-has-no-gap gaps 0

# -- a full disk ---------------------------------------------------------------------------------------------

vaultd
before=$(lines '.kind == "decision"' | wc -l)
press full 100 5
ok uses-are-answered-for-two-seconds [ "${counts[0]}" -gt 0 ]
ok and-then-refused [ "${counts[1]}" -gt 0 ]
prlimit --pid "$(site_pid vaultd)" --fsize=unlimited
gap_is() { local i; for i in {1..100}; do [ -n "$(lines "$1")" ] && return; sleep 0.1; done; lines '.kind == "gap"'; return 1; }
# One request may have begun before the two seconds were over: it has a line, although it was refused.
ok the-gap-is-marked-when-the-disk-takes-lines-again gap_is ".kind == \"gap\" and .count <= ${counts[1]} and .count >= ${counts[1]} - 1"
ok each-answer-has-its-line [ "$(lines '.kind == "decision"' | wc -l)" -ge $((before + 1 + counts[0])) ]
ok the-vaultd-that-was-full-stops site_stop vaultd
ok the-log-has-one-gap gaps 1

# -- a stop while the disk is full ---------------------------------------------------------------------------

vaultd
press full 2000 1
ok it-stops-with-room-for-a-line site_stop vaultd
ok what-is-lost-is-counted gap_is ".kind == \"gap\" and .count == ${counts[0]} and (.reason | test(\"lost\"))"
ok the-log-has-two-gaps gaps 2
vaultd
press full 0 1
ok it-stops-without-room site_stop vaultd
ok nothing-could-be-written gaps 2
vaultd
ok the-next-start-marks-the-gap gap_is '.kind == "gap" and .count == null'
ok the-log-has-three-gaps gaps 3
finish
