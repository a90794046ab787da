#!/bin/bash
# The vault's half on the real services that ./demo --keep leaves running, with a second tenant that is added
# while they run: the real Azure CLI for both, kill -9 of module and vault while clients work, and a search for the
# keys in every process but hsmd. Invariants 1, 5, 7, 8.
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

# -- a second tenant -----------------------------------------------------------------------------------------

# Its administrator's variables, as azure-cli.sh needs them, and a package for its own subscription.
add_tenant() {
	safeconduct tenant add --dir="$SITE/services" --tenant-name=Fabrikam --user=admin@fabrikam >"$work/fabrikam.env"
}
make_its_package() {
	local subscription packages=(-ExchangeKeyPackage "$SITE/published/BYOK-KEK-pkg-EU-1" -NewSecurityWorldPackage "$SITE/published/BYOK-SecurityWorld-pkg-EU-1")
	subscription=$(sed -n "s/^export SAFECONDUCT_SUBSCRIPTION='\(.*\)'/\1/p" "$work/fabrikam.env")
	at workstation generatekey --generate --batch simple type=RSA size=2048 protect=module ident=fabrikamkey plainname=fabrikamkey nvram=no pubexp= &&
	site_quorum workstation 2 KeyTransferRemote -ModifyAcls -KeyAppName simple -KeyIdentifier fabrikamkey -SubscriptionId "$subscription" "${packages[@]}" &&
	cd "$work" && at workstation KeyTransferRemote -Package -KeyIdentifier fabrikamkey -SubscriptionId "$subscription" -KeyFriendlyName Fabrikam "${packages[@]}"
}
# as_fabrikam COMMAND…
as_fabrikam() {
	(
		. "$work/fabrikam.env"
		export AZ_USER=$SAFECONDUCT_USER AZ_PASSWORD=$SAFECONDUCT_PASSWORD APP_ID=$SAFECONDUCT_APP_ID APP_SECRET=$SAFECONDUCT_APP_SECRET
		export SUBSCRIPTION=$SAFECONDUCT_SUBSCRIPTION TENANT=$SAFECONDUCT_TENANT BYOK=$work/TransferPackage-Fabrikam.byok
		export PUBLIC_PEM=$SITE/workstation/kmdata/local/key_simple_fabrikamkey.pem
		"$@"
	)
}
ok second-tenant-is-added add_tenant
ok second-tenants-package make_its_package
# As root, each daemon has a user of its own, and its files are that user's alone. The audit log may be read by a
# group, if one is let into the directory.
its_users_alone() { [ "$(find "$1" -printf '%u\n' | sort -u | wc -l)" = 1 ] && ! find "$1" -perm /077 ! \( -name 'audit.log*' -perm 640 \) | grep .; }
for daemon in signind vaultd; do ok "files-of-$daemon-are-still-its-users-alone" its_users_alone "$SITE/services/$daemon"; done

# -- clients -------------------------------------------------------------------------------------------------

clients=$here/clients.py
vault=kill$RANDOM$RANDOM
ok clients-prepare python3 "$clients" prepare "$vault" worker "$BYOK"
printf 'a secret for the vault' >"$work/plain"
openssl pkeyutl -encrypt -pubin -inkey "$PUBLIC_PEM" -pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256 \
	-in "$work/plain" -out "$work/cipher"
# -- the keys are in no other process ------------------------------------------------------------------------

# The customer's key, the Key Exchange Key, the token key and both TLS keys, in the clear as in their modules.
needles=$SC_BUILD/tests/attack/needles
# On some systems only root may read another process's memory, even that of the same user.
scan=("$SC_BUILD/tests/attack/memory-scan")
[ "$(id -u)" = 0 ] || ! sudo -n true 2>/dev/null || scan=(sudo -n "${scan[@]}")
{
	"$needles" "$SITE/workstation/state" "$SITE/workstation/kmdata/local/key_simple_contosokey" &&
	"$needles" "$SITE/europe/state" "$SITE/regions/EU/kek.blob" &&
	"$needles" "$SITE/service/state" "$SITE"/services/signind/*.blob "$SITE"/services/vaultd/*.blob
} >"$work/needles"
ok needles-of-five-keys [ "$(grep -c . "$work/needles")" = 8 ]
ok scanner-finds-what-it-plants "${scan[@]}" --self-test
# The search finds what the vault does know of a key, so it can see that memory.
openssl rsa -pubin -in "$PUBLIC_PEM" -noout -modulus | sed 's/^Modulus=//' >"$work/modulus"
sees_the_public_key() { "${scan[@]}" "$(site_pid vaultd)" "$work/modulus"; [ $? = 1 ]; }
ok scanner-finds-the-public-key-in-vaultd sees_the_public_key

# Imports and decryptions go on while memory is searched. The vault's log says how many were answered.
touch "$work/searching"
while [ -e "$work/searching" ]; do
	python3 "$clients" decrypt "$vault" worker 5 "$work/cipher" "$work/plain"
done >/dev/null 2>&1 &
while [ -e "$work/searching" ]; do
	python3 "$clients" import "$vault" 5 "$(build/demo/fresh-package)" "$(build/demo/fresh-package)" "$(build/demo/fresh-package)"
done >/dev/null 2>&1 &
answered() { # in all segments: one may end with the day
	cat "$SITE/services/vaultd/audit.log"* | grep -c "\"operation\":\"keys/$1\".*\"result\":\"done\""
}
# clean DAEMON: no search finds a key, and during one search an import and a decryption were answered.
clean() {
	local i imports decryptions
	for i in $(seq 20); do
		imports=$(answered import) decryptions=$(answered decrypt)
		"${scan[@]}" "$(site_pid "$1")" "$work/needles" || return
		[ "$(answered import)" = "$imports" ] || [ "$(answered decrypt)" = "$decryptions" ] || return 0
	done
	echo 'no search ran while both an import and a decryption were answered'
	return 1
}
for daemon in vaultd signind; do ok "no-key-in-$daemon" clean $daemon; done

# A tool runs only for a moment. To hold it at its end, its standard output is a pipe with room for its first
# write only, so the next one blocks. Whatever it had in memory and did not wipe is still there.
tool_is_clean() {
	local pid i status
	cd "$work" || return
	NFAST_KMDATA=$SITE/workstation/kmdata python3 -c '
import fcntl, os, sys
reader, writer = os.pipe2(os.O_DIRECT)  # each write takes a page, and there is only one
fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
os.set_inheritable(reader, True)
os.dup2(writer, 1)
os.execvp(sys.argv[1], sys.argv[1:])' KeyTransferRemote -Package -KeyIdentifier contosokey -KeyFriendlyName scanned \
		-ExchangeKeyPackage "$SITE/published/BYOK-KEK-pkg-EU-1" -SubscriptionId "$SUBSCRIPTION" \
		-NewSecurityWorldPackage "$SITE/published/BYOK-SecurityWorld-pkg-EU-1" &
	pid=$!
	# It is held once it is in a system call whose first argument is descriptor 1.
	for i in $(seq 1200); do
		[ ! -s TransferPackage-scanned.byok ] || ! grep -q '^[0-9]* 0x1 ' "/proc/$pid/syscall" || break
		sleep 0.05
	done
	grep -q '^[0-9]* 0x1 ' "/proc/$pid/syscall" && [ "$(basename "$(readlink "/proc/$pid/exe")")" = KeyTransferRemote ] &&
		"${scan[@]}" "$pid" "$work/needles"
	status=$?
	kill "$pid"
	return $status
}
ok no-key-in-KeyTransferRemote tool_is_clean
rm "$work/searching"
wait

# -- kill -9 while clients work ------------------------------------------------------------------------------

packages=()
for i in $(seq 16); do packages+=("$(build/demo/fresh-package)"); done
python3 "$clients" decrypt "$vault" worker 20 "$work/cipher" "$work/plain" >"$work/decrypted" 2>&1 &
decrypting=$!
python3 "$clients" import "$vault" 18 "${packages[@]}" >"$work/imported" 2>&1 &
importing=$!
kill_and_restart() { site_kill "$1" && site_restart "$1"; }
for victim in europe vaultd europe vaultd; do
	sleep 3
	[ -n "${before:-}" ] || before=$(grep -c '^https' "$work/imported")
	ok "killed-and-started-again-$victim" kill_and_restart $victim
done
wait $decrypting
cat "$work/decrypted"
grep -q '^FAIL' "$work/decrypted" && failed=$((failed + 1))
wait $importing
importing=$?
imports_are_answered() { tail -n 1 "$work/imported"; return $importing; }
ok imports-are-answered imports_are_answered
ok imports-went-on-after-the-first-kill [ "$(grep -c '^https' "$work/imported")" -gt "$before" ]
python3 "$clients" present $(grep '^https' "$work/imported") || failed=$((failed + 1))

# -- the real client -----------------------------------------------------------------------------------------

BYOK=$(build/demo/fresh-package)
export BYOK
# acceptance NAME COMMAND…: the lines that count are those up to show-missing: this release does not yet support
# what comes after them.
acceptance() {
	local name=$1 log=$work/$1
	shift
	"$@" tests/acceptance/azure-cli.sh >"$log" 2>&1
	sed '/show-missing/q' "$log" | grep -E '^(ok|FAIL|skip) ' | sed "s/^\(ok\|FAIL\|skip\) /\1 $name-/"
	sed '/show-missing/q' "$log" | grep -q '^FAIL' && failed=$((failed + 1))
	grep -qE '^(ok|skip) show-missing' "$log" || { echo "FAIL $name-came-to-show-missing: $(tail -n 2 "$log" | tr '\n' ' ')"; failed=$((failed + 1)); }
}
acceptance az env
acceptance az-second-tenant as_fabrikam

# Users of both tenants are signed in side by side, without naming a tenant: each has their own subscription.
side_by_side() {
	export AZURE_CONFIG_DIR=$work/az-both REQUESTS_CA_BUNDLE=$CA AZURE_CORE_COLLECT_TELEMETRY=no PYTHONPATH=$root/tests/acceptance/az-shim
	local endpoints='{"resourceManager":"'$ARM'/","management":"'$ARM'/","activeDirectory":"'$LOGIN'/adfs","activeDirectoryResourceId":"'$ARM'/","activeDirectoryGraphResourceId":"'$GRAPH'/","microsoftGraphResourceId":"'$GRAPH'/"}'
	az cloud register -n both --cloud-config "{\"endpoints\":$endpoints}" && az cloud set -n both &&
	az login -u "$AZ_USER" -p "$AZ_PASSWORD" && as_fabrikam bash -c 'az login -u "$AZ_USER" -p "$AZ_PASSWORD"' &&
	az account list --query '[].[id, tenantId]' -o tsv | sort >"$work/accounts" &&
	as_fabrikam bash -c 'printf "%s\t%s\n" "$SUBSCRIPTION" "$TENANT"' | cat - <(printf '%s\t%s\n' "$SUBSCRIPTION" "$TENANT") | sort | diff - "$work/accounts" &&
	az group list --subscription "$SUBSCRIPTION" && as_fabrikam bash -c 'az group list --subscription "$SUBSCRIPTION"'
}
if command -v az >/dev/null; then
	ok az-users-of-two-tenants-side-by-side side_by_side
else
	echo 'skip az-users-of-two-tenants-side-by-side: the Azure CLI is not installed'
fi

# -- what the demo leaves: environment and processes ---------------------------------------------------------

# The comment before azure-cli.sh's first command names its variables.
exports_everything() {
	local name
	for name in $(sed '/^set /q' tests/acceptance/azure-cli.sh | grep -oE '[A-Z_]+=' | tr -d =) ROOT TOOLSETS; do
		bash -c "export -p" | grep -q "^declare -x $name=." || { echo "$name is not exported"; return 1; }
	done
}
ok demo.env-exports-what-azure-cli-names exports_everything
ok demo.env-root openssl verify -CAfile "$ROOT" "$SITE/workstation/warrant.pem"
ok demo.env-toolsets test -s "$TOOLSETS/KeyVault-BYOK-Tools-Europe.zip" -a -s "$TOOLSETS/KeyVault-BYOK-Tools-UnitedStates.zip"
another_package() { [ "$(set -u; . build/demo/demo.env; echo "$BYOK")" != "$BYOK" ]; }
ok demo.env-makes-another-package-each-time another_package
# Two through the socket, and four kinds of request over three numbers of connections.
bench() { bench/run 5 1 >"$work/bench" && [ "$(grep -cE ' [0-9.]+ us' "$work/bench")" = 14 ] || { cat "$work/bench"; return 1; }; }
if command -v wrk >/dev/null; then
	ok bench-prints-its-costs bench
else
	echo "skip bench-prints-its-costs: wrk is not installed"
fi
stopped() { ./demo --stop && ! pgrep -af -- "$SITE/"; }
ok demo-stop-leaves-nothing-running stopped
finish
