#!/bin/bash
# The audit log of a real vaultd under pressure: a flood of refused tokens on a slow disk, a disk whose syncs hang, a
# full disk, and a stop while it is full. Rule P8, invariant 9.
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
# vaultd [WORD…] [-- OPTION…]: starts it, behind the words, with the options.
vaultd() {
	local words=()
	while [ $# -gt 0 ] && [ "$1" != -- ]; do words+=("$1"); shift; done
	site_daemon vaultd "${words[@]}" vaultd --config="$SITE/service/vaultd/vaultd.conf" "${@:2}"
}
# The sanitizers want to be loaded before it; they need not be.
slow=(env LD_PRELOAD="$SC_BUILD/tests/attack/slow-sync.so" ASAN_OPTIONS="${ASAN_OPTIONS:-}:verify_asan_link_order=0")
hangs=$SITE/hangs

# press ARGUMENT…: runs audit.py, whose result lines count. $counts has what it counted.
press() {
	timeout 300 env LOGIN_PORT=$login_port VAULT_PORT=$vault_port CA="$SAFECONDUCT_CA" USER_NAME="$SAFECONDUCT_USER" \
		PASSWORD="$SAFECONDUCT_PASSWORD" SUBSCRIPTION="$SAFECONDUCT_SUBSCRIPTION" SYNC_HANGS="$hangs" LOG="$log" PID="$(site_pid vaultd)" \
		DAEMON_LOG="$SITE/vaultd/log" COUNTS="$SITE/counts" \
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

# Slow enough that a line for each refusal would show, fast enough that no line is ever two seconds old.
vaultd "${slow[@]}" SLOW_SYNC_MS=200
press flood 12000
ok the-slow-vaultd-stops site_stop vaultd
each_is_counted() { [ "$(lines '.kind == "refusals"' | jq -s 'map(.count) | add')" = "${counts[0]}" ]; }
ok each-refusal-is-counted each_is_counted
ok by-its-address [ "$(lines '.kind == "refusals"' | jq -s 'map(.address) | unique')" = "$(jq -n '["127.0.0.1"]')" ]
ok the-honest-client-is-named [ "$(lines '((.client_request // "") | startswith("an-honest-client")) and .address == "127.0.0.1" and .application == "04b07795-8ddb-461a-bbee-02f9e1bf7b46" and .result == "done"' | wc -l)" -gt 1 ]
ok the-log-has-no-gap gaps 0

# -- changes while a sync hangs ------------------------------------------------------------------------------

# groups FILTER: all lines about changes of resource groups for which the filter is true.
groups() { lines ".operation == \"groups/write\" and ($1)"; }
awaits() { local i; for i in {1..300}; do [ -n "$(groups "$1")" ] && return; sleep 0.1; done; groups true; return 1; }
# makes STATUS GROUP: vaultd answers so when the group is made.
makes() {
	local token got
	token=$(curl -sS --cacert "$SAFECONDUCT_CA" --resolve "*:$login_port:127.0.0.1" "$LOGIN/adfs/oauth2/token" \
		--data-urlencode "resource=$ARM/" -d grant_type=password -d client_id=04b07795-8ddb-461a-bbee-02f9e1bf7b46 \
		--data-urlencode "username=$SAFECONDUCT_USER" --data-urlencode "password=$SAFECONDUCT_PASSWORD" | jq -r .access_token)
	got=$(curl -sS --cacert "$SAFECONDUCT_CA" --resolve "*:$vault_port:127.0.0.1" -o "$SITE/body" -w '%{http_code}' -X PUT \
		-H "Authorization: Bearer $token" -H 'Content-Type: application/json' --data '{"location":"europe"}' \
		"$ARM/subscriptions/$SAFECONDUCT_SUBSCRIPTION/resourceGroups/$2?api-version=2021-04-01")
	[ "$got" = "$1" ] || { echo "$got"; cat "$SITE/body"; return 1; }
}
LOGIN=https://login.localhost:$login_port ARM=https://management.localhost:$vault_port

vaultd "${slow[@]}" SYNC_HANGS="$hangs" -- --deadline-seconds=5
press late late
ok a-change-whose-line-was-synced-too-late-is-not-made awaits '.result == "failed" and (.reason | test("nobody awaited the change any more when its line"))'
ok it-could-have-been-made makes 201 late
ok and-is-then-there makes 200 late
ok the-vaultd-that-was-late-stops site_stop vaultd

vaultd "${slow[@]}" SYNC_HANGS="$hangs" -- --threads=1
press stop queued 40
ended() { local i; for i in {1..600}; do site_pid vaultd >/dev/null || return 0; sleep 0.1; done; return 1; }
ok the-vaultd-whose-syncs-hung-ends ended
queued() { groups "(.vault | test(\"/queued-[0-9]+\$\")) and ($1)" | wc -l; }
ok a-stop-begins-nothing-that-was-queued [ "$(queued '.result == "allowed"')" -le 5 ]
ok something-had-begun [ "$(queued '.result == "allowed"')" -ge 1 ]
ok each-change-has-its-outcome [ "$(queued '.result == "failed" or .result == "done"')" = 40 ]
ok nothing-is-made-whose-first-line-was-not-synced-before-the-stop [ "$(queued '.result == "done"')" = 0 ]
ok the-stopped-log-has-no-gap gaps 0
vaultd
ok what-the-log-calls-failed-is-not-there makes 201 queued-0
ok vaultd-stops-as-always site_stop vaultd

# -- a full disk ---------------------------------------------------------------------------------------------

# A segment that ends with the day would be one more file, with room of its own.
left=$((86400 - $(date +%s) % 86400))
[ $left -gt 120 ] || sleep $((left + 1))
vaultd
before=$(lines '.kind == "decision"' | wc -l)
press full 100 1 20
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
press full 600 5 0 # for a gap and the end
ok it-stops-with-room-for-a-line site_stop vaultd
ok what-is-lost-is-counted gap_is ".kind == \"gap\" and .count == ${counts[0]} + ${counts[1]} and (.reason | test(\"lost\"))"
ok the-log-has-two-gaps gaps 2
vaultd
press full 0 5 0
ok it-stops-without-room site_stop vaultd
ok nothing-could-be-written gaps 2
vaultd
ok the-next-start-marks-the-gap gap_is '.kind == "gap" and .count == null'
ok the-log-has-three-gaps gaps 3
finish
