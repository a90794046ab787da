#!/bin/bash
# Attacks on signind and vaultd through their HTTPS ports, with raw sockets: rule P7, invariant 8.
. "$(dirname "$0")/../journey/lib.sh"
connections=60 share=20

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

# start DAEMON: with few connections, so that a test can take them all.
start() {
	mkdir -p "$SITE/$1"
	site_daemon "$1" "$1" --config="$SITE/service/$1/$1.conf" --connections=$connections --connections-per-address=$share
}
start signind
start vaultd

# attack DAEMON PORT HOST
attack() {
	local lines=$SITE/$1.lines
	timeout 300 python3 "$root/tests/attack/http.py" "$1" "$2" "$3" "$SAFECONDUCT_CA" "$(site_pid "$1")" $connections $share >"$lines" 2>&1 ||
		echo "FAIL $1-attack: it ended with status $?: $(tail -n 1 "$lines")" >>"$lines"
	cat "$lines"
	passed=$((passed + $(grep -c '^ok ' "$lines")))
	failed=$((failed + $(grep -c '^FAIL ' "$lines")))
}
attack signind "$login_port" login.localhost
attack vaultd "$vault_port" a.vault.localhost
for daemon in signind vaultd; do ok "$daemon-still-runs" kill -0 "$(site_pid $daemon)"; done
finish
