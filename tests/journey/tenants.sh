#!/bin/bash
# Two tenants: the second is added while the first one's users work, and both daemons serve it without a restart.
# What one tenant can see of another is what anyone can. Stock curl and jq check every answer. Rule P6.
. "$(dirname "$0")/lib.sh"

cli=04b07795-8ddb-461a-bbee-02f9e1bf7b46

# -- the site: one region, and the services with their first tenant ------------------------------------------

ok factory site_factory 'Example Manufacturing'
for module in eu services; do site_enrol $module; done
site_start eu "$(service eu)"
site_start services "$(site_socket services signind token+tls token+tls signind)" "$(site_socket services vaultd tls tls vaultd)"
ok world-eu site_world eu ECp521mAES 2/3
ok world-services site_world services ECp521mAES 1/1
ok region site_region eu EU 'Example Cloud'
read -r login_port vault_port <<<"$("$root/scripts/free-ports" 2)"
LOGIN=https://login.localhost:$login_port ARM=https://management.localhost:$vault_port GRAPH=https://graph.localhost:$login_port
VAULT=https://vault.localhost:$vault_port
dir=$SITE/service
init() {
	safeconduct init --dir="$dir" --signin-port="$login_port" --vault-port="$vault_port" --signin-module="$SITE/services/signind" \
		--vault-module="$SITE/services/vaultd" --region="EU:$SITE/eu/service:$published/regions/EU" >"$SITE/contoso.env"
}
ok init init
mkdir "$SITE/signind" "$SITE/vaultd"
for daemon in signind vaultd; do site_daemon $daemon $daemon --config="$dir/$daemon/$daemon.conf"; done

# -- clients -------------------------------------------------------------------------------------------------

# as_tenant TENANT COMMAND…: with the variables of that tenant, as `safeconduct` printed them.
as_tenant() { (. "$SITE/$1.env" && "${@:2}"); }
var() { as_tenant "$1" printenv "SAFECONDUCT_$2"; }
curl_() { curl -sS --max-time 30 --cacert "$dir/ca.pem" --resolve "*:$login_port:127.0.0.1" --resolve "*:$vault_port:127.0.0.1" "$@"; }
# is STATUS JQ-FILTER TOKEN METHOD URL [BODY]: the answer has that status, and the filter is true of its body.
is() {
	local status=$1 filter=$2 token=$3 method=$4 url=$5 body=${6:-} got options=()
	[ -z "$token" ] || options+=(-H "Authorization: Bearer $token")
	[ -z "$body" ] || options+=(-H 'Content-Type: application/json' --data-binary "$body")
	got=$(curl_ -X "$method" "${options[@]}" -D "$SITE/headers" -o "$SITE/body" -w '%{http_code}' "$url")
	[ "$got" = "$status" ] && jq -e "$filter" "$SITE/body" >/dev/null && return
	echo "$got $(head -c 400 "$SITE/body"), wanted $status and $filter"
	return 1
}
code() { echo ".error.code == \"$1\""; }
answer() { jq -S 'walk(if type == "object" then del(.timestamp, .trace_id, .correlation_id) else . end)' "$SITE/body"; }
# sign_in TENANT RESOURCE [PATH]: prints an access token of the tenant's administrator.
sign_in() {
	curl_ "$LOGIN/${3:-adfs}/oauth2/token" -d grant_type=password -d client_id=$cli --data-urlencode "username=$(var "$1" USER)" \
		--data-urlencode "password=$(var "$1" PASSWORD)" --data-urlencode "resource=$2" | jq -er .access_token
}
app_token() {
	curl_ "$LOGIN/adfs/oauth2/token" -d grant_type=client_credentials -d "client_id=$(var "$1" APP_ID)" \
		--data-urlencode "client_secret=$(var "$1" APP_SECRET)" --data-urlencode "resource=$2" | jq -er .access_token
}
oid_of() { cut -d. -f2 <<<"$1" | tr '_-' '/+' | base64 -d 2>/dev/null | jq -r .oid; }
vaults() { echo "$ARM/subscriptions/$(var "$1" SUBSCRIPTION)/resourceGroups/group/providers/Microsoft.KeyVault/vaults"; }
# group and vault TENANT ARM-TOKEN [NAME] STATUS FILTER: make them; the answer is as in `is`.
group() { is "$3" "$4" "$2" PUT "$ARM/subscriptions/$(var "$1" SUBSCRIPTION)/resourceGroups/group?api-version=2021-04-01" '{"location":"europe"}'; }
vault_body() { # TOKEN TENANT-ID
	echo '{"location":"europe","properties":{"tenantId":"'"$2"'","sku":{"family":"A","name":"premium"},"enableRbacAuthorization":false,
		"accessPolicies":[{"tenantId":"'"$2"'","objectId":"'"$(oid_of "$1")"'","permissions":{"keys":["all"]}}]}}'
}
vault() { is "$4" "$5" "$2" PUT "$(vaults "$1")/$3?api-version=2022-07-01" "$(vault_body "$2" adfs)"; }
metadata() { curl_ "$LOGIN/$1/.well-known/openid-configuration"; }

ok the-first-tenant-works group contoso "$(sign_in contoso "$ARM/")" 201 '.name == "group"'
contoso=$(sign_in contoso "$ARM/")
ok its-vault vault contoso "$contoso" contosovault 200 '.properties.tenantId == "'"$(var contoso TENANT)"'"'
words=(adfs adfs/adfs common common/v2.0 organizations/v2.0)
metadata_of_words() { local word; for word in "${words[@]}"; do metadata "$word"; echo; done; }
metadata_of_words >"$SITE/metadata"
refresh=$(curl_ "$LOGIN/adfs/oauth2/token" -d grant_type=password -d client_id=$cli --data-urlencode "username=$(var contoso USER)" \
	--data-urlencode "password=$(var contoso PASSWORD)" --data-urlencode "resource=$ARM/" | jq -r .refresh_token)

# -- a tenant is refused whole --------------------------------------------------------------------------------

add() { safeconduct tenant add --dir="$dir" "$@"; }
rows() {
	python3 - "$dir" <<-'END'
		import sqlite3, sys
		for file, tables in (("signind/signin.db", "tenants users applications"), ("vaultd/vault.db", "tenants subscriptions administrators")):
		    db = sqlite3.connect("file:%s/%s?mode=ro" % (sys.argv[1], file), uri=True)
		    print(*("%s:%d" % (table, db.execute("SELECT count(*) FROM " + table).fetchone()[0]) for table in tables.split()))
	END
}
rows >"$SITE/rows"
refuses() { no "refused-$1" "$2" add "${@:3}"; }
refuses without-a-name 'tenant-name is missing' --user=admin@fabrikam
refuses without-a-user 'user is missing' --tenant-name=Fabrikam
refuses the-same-tenant 'tenant CONTOSO: already exists' --tenant-name=CONTOSO --user=admin@fabrikam
refuses the-same-user 'user Admin@Contoso: already exists' --tenant-name=Fabrikam --user=Admin@Contoso
refuses a-user-without-a-domain 'name@domain' --tenant-name=Fabrikam --user=admin
refuses a-quote 'without quotes' --tenant-name="Fabrikam'; echo" --user=admin@fabrikam
refuses a-long-name '1 to 100 bytes' --tenant-name="$(printf '%0101d' 0)" --user=admin@fabrikam
refuses a-line-end 'bytes of text' --tenant-name=$'Fabrikam\n' --user=admin@fabrikam
no refused-another-directory 'init. made' safeconduct tenant add --dir="$SITE/eu" --tenant-name=Fabrikam --user=admin@fabrikam
no refused-no-directory 'dir: ' safeconduct tenant add --dir="$SITE/none" --tenant-name=Fabrikam --user=admin@fabrikam
ok nothing-was-written diff "$SITE/rows" <(rows)

# -- interrupted between the two databases: the same command again completes it --------------------------------

no lost-output-is-noticed 'could not be printed and are lost: run the command again' bash -c "safeconduct tenant add --dir='$dir' --tenant-name=Fabrikam --user=admin@fabrikam >/dev/full"
no nobody-can-sign-in-yet '^$' grep -qs admin@fabrikam "$dir/signind/signin.db" "$dir/signind/signin.db-wal"
begun() { python3 -c 'import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute("SELECT id FROM tenants WHERE name = ?", ("Fabrikam",)).fetchone()[0])' "$dir/vaultd/vault.db"; }
tenant=$(begun)
ok tenant-add bash -c "safeconduct tenant add --dir='$dir' --tenant-name=Fabrikam --user=admin@fabrikam >'$SITE/fabrikam.env'"
ok completes-what-was-begun test "$(var fabrikam TENANT)" = "$tenant"
ok prints-what-init-prints diff <(sed -n "/^# Tenant/,\$s/=.*\|'.*//p" "$SITE/contoso.env") <(sed "s/=.*\|'.*//" "$SITE/fabrikam.env")
for name in LOGIN ARM CA; do ok "same-$name" test "$(var fabrikam $name)" = "$(var contoso $name)"; done
ok one-more-of-each diff <(sed 's/:1/:2/g' "$SITE/rows") <(rows)
no not-twice 'tenant Fabrikam: already exists' add --tenant-name=Fabrikam --user=other@fabrikam

# -- the new tenant, without a restart -------------------------------------------------------------------------

fabrikam=$(sign_in fabrikam "$ARM/")
ok new-users-sign-in test -n "$fabrikam"
ok at-their-tenants-path sign_in fabrikam "$ARM/" "$(var fabrikam TENANT)"
ok new-tenant is 200 ".value | map(.tenantId) == [\"$(var fabrikam TENANT)\"]" "$fabrikam" GET "$ARM/tenants?api-version=2016-06-01"
ok new-subscription is 200 ".value | map(.subscriptionId) == [\"$(var fabrikam SUBSCRIPTION)\"] and .[0].displayName == \"Fabrikam Keys\"" "$fabrikam" GET "$ARM/subscriptions?api-version=2019-11-01"
ok new-administrator-changes group fabrikam "$fabrikam" 201 '.name == "group"'
ok new-vault vault fabrikam "$fabrikam" fabrikamvault 200 '.properties.tenantId == "'"$(var fabrikam TENANT)"'"'
ok new-application-signs-in app_token fabrikam "$ARM/"
ok but-does-not-change group fabrikam "$(app_token fabrikam "$ARM/")" 403 "$(code AuthorizationFailed)"
fabrikam_vault=$(sign_in fabrikam "$VAULT")
ok new-vault-answers is 404 "$(code KeyNotFound)" "$fabrikam_vault" GET "https://fabrikamvault.vault.localhost:$vault_port/keys/none?api-version=7.4"
ok new-users-graph is 200 '.userPrincipalName == "admin@fabrikam"' "$(sign_in fabrikam "$GRAPH")" GET "$GRAPH/v1.0/me"

# -- the clients of the first notice nothing -------------------------------------------------------------------

ok metadata-is-as-before diff "$SITE/metadata" <(metadata_of_words)
ok metadata-of-adfs-is-adfss-own bash -c "jq -e '.issuer == \"$LOGIN/adfs\" and .token_endpoint == \"$LOGIN/adfs/oauth2/token\"' <<<'$(metadata adfs/adfs)'"
ok old-tokens-work is 200 . "$contoso" GET "$(vaults contoso)/contosovault?api-version=2022-07-01"
ok old-refresh-tokens-work bash -c "[ '$(curl_ "$LOGIN/adfs/oauth2/token" -d grant_type=refresh_token -d client_id=$cli -d "refresh_token=$refresh" --data-urlencode "resource=$VAULT" | jq -r .token_type)' = Bearer ]"

# -- what one tenant learns of another -------------------------------------------------------------------------

foreign=$ARM/subscriptions/$(var contoso SUBSCRIPTION)
absent=$ARM/subscriptions/00000000-0000-4000-8000-000000000000
# alike NAME FOREIGN-ID ABSENT-ID: the last two answers differ in nothing but the name that was asked for.
alike() { diff <(sed "s/$1/X/g" "$SITE/first") <(answer | sed "s/$2/X/g"); }
for path in '' /resourceGroups /resourceGroups/group /resourceGroups/group/providers/Microsoft.KeyVault/vaults/contosovault; do
	ok "foreign-subscription$path" is 404 "$(code SubscriptionNotFound)" "$fabrikam" GET "$foreign$path?api-version=2022-07-01"
	answer >"$SITE/first"
	ok "absent-subscription$path" is 404 "$(code SubscriptionNotFound)" "$fabrikam" GET "$absent$path?api-version=2022-07-01"
	ok "alike$path" alike "$(var contoso SUBSCRIPTION)" 00000000-0000-4000-8000-000000000000
done
ok no-group-in-a-foreign-subscription is 404 "$(code SubscriptionNotFound)" "$fabrikam" PUT "$foreign/resourceGroups/mine?api-version=2021-04-01" '{"location":"europe"}'
ok foreign-vault is 404 "$(code VaultNotFound)" "$fabrikam_vault" GET "https://contosovault.vault.localhost:$vault_port/keys/none?api-version=7.4"
answer >"$SITE/first"
ok absent-vault is 404 "$(code VaultNotFound)" "$fabrikam_vault" GET "https://nosuchvault.vault.localhost:$vault_port/keys/none?api-version=7.4"
ok alike-vaults alike contosovault nosuchvault
ok no-foreign-tenant-in-a-vault is 400 . "$fabrikam" PUT "$(vaults fabrikam)/other?api-version=2022-07-01" "$(vault_body "$fabrikam" "$(var contoso TENANT)")"
try() { curl_ "$LOGIN/$1/oauth2/token" -o "$SITE/body" -d grant_type=password -d client_id=$cli --data-urlencode "username=$2" -d "password=$3" --data-urlencode "resource=$ARM/"; answer; }
ok a-user-of-another-tenant-is-as-unknown diff <(try "$(var contoso TENANT)" admin@fabrikam "$(var fabrikam PASSWORD)") <(try "$(var contoso TENANT)" nobody@fabrikam x)
ok an-application-of-another-tenant-is-as-unknown bash -c "[ '$(curl_ "$LOGIN/$(var contoso TENANT)/oauth2/token" -d grant_type=client_credentials -d "client_id=$(var fabrikam APP_ID)" --data-urlencode "client_secret=$(var fabrikam APP_SECRET)" -d "resource=$ARM" | jq -c .error_codes)' = '[7000215]' ]"
challenge() { is 401 . '' GET "$1" && grep -i '^www-authenticate' "$SITE/headers" | tr -d '\r'; }
ok resource-managers-challenge-names-no-tenant bash -c "[ '$(challenge "$foreign?api-version=2022-07-01" | grep -o '".*"')' = '\"$LOGIN/common\"' ]"
for tenant in contoso fabrikam; do
	ok "vaults-challenge-$tenant" grep -q "authorization=\"$LOGIN/$(var $tenant TENANT)\", resource=\"$VAULT\"" <(challenge "https://${tenant}vault.vault.localhost:$vault_port/keys/none?api-version=7.4")
done

# -- a restart changes nothing ---------------------------------------------------------------------------------

for daemon in signind vaultd; do ok "stop-$daemon" site_stop $daemon; done
site_restart vaultd
ok tokens-are-accepted-before-sign-in-is-back is 200 . "$contoso" GET "$(vaults contoso)/contosovault?api-version=2022-07-01"
site_restart signind
ok both-work-afterwards is 200 . "$(sign_in fabrikam "$ARM/")" GET "$(vaults fabrikam)/fabrikamvault?api-version=2022-07-01"
ok and-the-first is 200 . "$(sign_in contoso "$ARM/")" GET "$(vaults contoso)/contosovault?api-version=2022-07-01"
finish
