#!/bin/bash
# The vault: `safeconduct init` makes the services, a package becomes a key, the key is used, and whatever
# must be refused is refused. Stock curl, jq and openssl check every answer. Invariants 5, 6, 7, 8, 9, rules
# F4, P6, P8.
. "$(dirname "$0")/lib.sh"
PATH=$SC_BUILD/src/signind:$SC_BUILD/src/vaultd:$PATH

# -- the site: workstation, two regions, the services' own module --------------------------------------------

ok factory site_factory 'Example Manufacturing'
for module in ws eu na services; do ok "enrol-$module" site_enrol $module; done
site_start ws
start_eu() { site_start eu "$(service eu)"; }
start_eu
site_start na "$(service na)"
site_start services "role=service,path=$SITE/services/signind,make=token+tls,load=token+tls,owner=signind" \
	"role=service,path=$SITE/services/vaultd,make=tls,load=tls,owner=vaultd"
ok world-ws site_world ws ECp521mAES 2/3
for module in eu na; do ok "world-$module" site_world $module ECp521mAES 2/3; done
ok world-services site_world services ECp521mAES 1/1
ok region-eu site_region eu EU 'Example Cloud'
ok region-na site_region na NA 'Example Cloud'

free_ports() { python3 -c 'import socket; s = [socket.socket() for i in range(2)]; [t.bind(("127.0.0.1", 0)) for t in s]; print(*[t.getsockname()[1] for t in s])'; }
read -r login_port vault_port < <(free_ports)
ok init bash -c "safeconduct init --dir='$SITE/service' --signin-port=$login_port --vault-port=$vault_port \
	--signin-module='$SITE/services/signind' --vault-module='$SITE/services/vaultd' \
	--region='EU:$SITE/eu/service:$published/regions/EU' --region='NA:$SITE/na/service:$published/regions/NA' >'$SITE/init.env'"
. "$SITE/init.env"
subscription=$SAFECONDUCT_SUBSCRIPTION

# start DAEMON: starts it, with its process id in $SITE/DAEMON/pid, where `end` finds it.
start() {
	local dir=$SITE/$1 word=
	mkdir -p "$dir"
	mkfifo -m 600 "$dir/ready"
	${SC_WRAP:-} "$1" --config="$SITE/service/$1/$1.conf" --ready-fd=9 9>"$dir/ready" 2>>"$dir/log" &
	echo $! >"$dir/pid"
	read -r -t 20 word <"$dir/ready"
	rm -f "$dir/ready"
	[ "$word" = READY ] || die "$1 did not start: $(tail -n 3 "$dir/log")"
}
start signind
start vaultd

# -- clients -------------------------------------------------------------------------------------------------

LOGIN=https://login.localhost:$login_port ARM=https://management.localhost:$vault_port
curl_() { curl -sS --max-time 30 --cacert "$SAFECONDUCT_CA" --resolve "*:$login_port:127.0.0.1" --resolve "*:$vault_port:127.0.0.1" "$@"; }
token() { # RESOURCE NAME=VALUE…
	local resource=$1 options=() field
	shift
	for field; do options+=(--data-urlencode "$field"); done
	curl_ "$LOGIN/adfs/oauth2/token" --data-urlencode "resource=$resource" "${options[@]}" | jq -r .access_token
}
user_token() { token "$1" grant_type=password client_id=04b07795-8ddb-461a-bbee-02f9e1bf7b46 "username=$SAFECONDUCT_USER" "password=$SAFECONDUCT_PASSWORD"; }
app_token() { token "$1" grant_type=client_credentials "client_id=$SAFECONDUCT_APP_ID" "client_secret=$SAFECONDUCT_APP_SECRET"; }
arm_token=$(user_token "$ARM/")
vault_token=$(user_token "https://vault.localhost:$vault_port")
app_arm_token=$(app_token "$ARM/")
app_vault_token=$(app_token "https://vault.localhost:$vault_port")
oid=$(cut -d. -f2 <<<"$vault_token" | tr '_-' '/+' | base64 -d 2>/dev/null | jq -r .oid)

# is STATUS JQ-FILTER TOKEN METHOD URL [BODY]: the answer has that status, and the filter is true of its body.
# Else prints both.
is() {
	local status=$1 filter=$2 token=$3 method=$4 url=$5 body=${6:-} got options=(-H 'x-ms-client-request-id: my-own-id')
	[ -n "$token" ] && options+=(-H "Authorization: Bearer $token")
	[ -n "$body" ] && options+=(-H 'Content-Type: application/json' --data-binary "$body")
	got=$(curl_ -X "$method" "${options[@]}" -D "$SITE/headers" -o "$SITE/body" -w '%{http_code}' "$url")
	[ "$got" = "$status" ] && jq -e "$filter" "$SITE/body" >/dev/null && return
	echo "$got $(head -c 400 "$SITE/body"), wanted $status and $filter"
	return 1
}
b64url() { base64 -w0 "$@" | tr '/+' '_-' | tr -d '='; }
unb64url() { local text; text=$(tr '_-' '/+'); while [ $((${#text} % 4)) != 0 ]; do text+==; done; base64 -d <<<"$text"; }
code() { echo ".error.code == \"$1\""; }

# -- the Resource Manager ------------------------------------------------------------------------------------

sub=$ARM/subscriptions/$subscription
group=$sub/resourceGroups/acceptance
vaults=$group/providers/Microsoft.KeyVault/vaults
v='api-version=2022-07-01'
arm() { is "$1" "$2" "$arm_token" "$3" "$4" "${5:-}"; }
policy='{"tenantId":"adfs","objectId":"'$oid'","permissions":{"keys":["all"]}}'
vault_body() { echo '{"location":"'"$1"'","properties":{"tenantId":"adfs","sku":{"family":"A","name":"'"$2"'"},"enableRbacAuthorization":false,"accessPolicies":['"$policy"']}}'; }

ok no-token-no-answer is 401 "$(code AuthenticationFailed)" '' GET "$ARM/subscriptions?api-version=2019-11-01"
ok where-the-services-are-is-public is 200 ".authentication.loginEndpoint == \"$LOGIN/adfs\" and .suffixes.keyVaultDns == \".vault.localhost:$vault_port\" and .resourceManager == \"$ARM/\"" '' GET "$ARM//metadata/endpoints?api-version=2022-09-01"
ok tenants arm 200 ".value[0].tenantId == \"$SAFECONDUCT_TENANT\"" GET "$ARM/tenants?api-version=2016-06-01"
ok subscriptions arm 200 ".value | map(.subscriptionId) == [\"$subscription\"]" GET "$ARM/subscriptions?api-version=2019-11-01"
ok paths-without-case-and-doubled-slashes arm 200 '.state == "Enabled"' GET "$ARM//SUBSCRIPTIONS/$subscription?api%2Dversion=2016-06-01"
ok absent-subscription arm 404 "$(code SubscriptionNotFound)" GET "$ARM/subscriptions/00000000-0000-0000-0000-000000000000?api-version=2019-11-01"
ok unknown-api-version arm 400 "$(code InvalidApiVersionParameter)" GET "$ARM/subscriptions?api-version=2019-11-31"
ok group arm 201 '.properties.provisioningState == "Succeeded"' PUT "$group?api-version=2021-04-01" '{"location":"europe"}'
ok group-again arm 200 '.name == "acceptance"' PUT "$group?api-version=2021-04-01" '{"location":"europe","tags":{"a":"b"}}'
ok group-cannot-move arm 409 "$(code InvalidResourceGroupLocation)" PUT "$group?api-version=2021-04-01" '{"location":"westus"}'
# nowhere CODE: refused with that code and a message that lists the locations that there are.
nowhere() { echo "$(code "$1") and (.error.message | test(\"'japaneast' is not available.*available locations.* '$locations'\"))"; }
locations=europe,unitedstates
ok group-nowhere-lists-where arm 400 "$(nowhere LocationNotAvailableForResourceGroup)" PUT "$sub/resourceGroups/other?api-version=2021-04-01" '{"location":"japaneast"}'
ok only-an-administrator-changes is 403 "$(code AuthorizationFailed)" "$app_arm_token" PUT "$sub/resourceGroups/other?api-version=2021-04-01" '{"location":"europe"}'
# Longer than the log's field, which ends in the middle of a character.
ok nor-under-a-name-without-end is 403 "$(code AuthorizationFailed)" "$app_arm_token" PUT "$sub/resourceGroups/x$(printf '%%C3%%A9%.0s' {1..200})?api-version=2021-04-01" '{"location":"europe"}'
ok a-vaults-token-is-refused-here is 401 "$(code AuthenticationFailed)" "$vault_token" GET "$ARM/subscriptions?api-version=2019-11-01"
ok vault-absent arm 404 "$(code ResourceNotFound)" GET "$vaults/ContosoEU?$v"
ok vault-with-roles-is-refused arm 400 '.error.message | test("enableRbacAuthorization")' PUT "$vaults/ContosoEU?$v" \
	"$(vault_body westeurope premium | jq -c '.properties.enableRbacAuthorization = true')"
ok vault-nowhere-lists-where arm 400 "$(nowhere LocationNotAvailableForResourceType)" PUT "$vaults/ContosoEU?$v" "$(vault_body japaneast premium)"
ok vault-eu arm 200 ".properties.vaultUri == \"https://contosoeu.vault.localhost:$vault_port/\"" PUT "$vaults/ContosoEU?$v" "$(vault_body westeurope premium)"
ok vault-na arm 200 '.location == "westus"' PUT "$vaults/ContosoNA?$v" "$(vault_body westus premium)"
ok vault-standard arm 200 '.properties.sku.name == "standard"' PUT "$vaults/ContosoStd?$v" "$(vault_body europe standard)"
ok group-two arm 201 . PUT "$sub/resourceGroups/two?api-version=2021-04-01" '{"location":"europe"}'
ok vault-name-taken arm 409 "$(code VaultAlreadyExists)" PUT "$sub/resourceGroups/two/providers/Microsoft.KeyVault/vaults/contosoeu?$v" "$(vault_body europe premium)"
ok vault-name-check arm 200 '.nameAvailable == false and .reason == "AlreadyExists"' POST "$sub/providers/Microsoft.KeyVault/checkNameAvailability?$v" '{"name":"contosoEU","type":"Microsoft.KeyVault/vaults"}'
ok vault-name-invalid arm 400 "$(code VaultNameNotValid)" PUT "$vaults/contoso--eu?$v" "$(vault_body europe premium)"
ok vault-by-a-path-that-hides-its-name arm 200 '.name == "ContosoStd"' PUT "$sub/resourceGroups/%61cceptance///providers/Microsoft.KeyVault/vaults/%43ontoso%53td?$v" "$(vault_body europe standard)"
ok vaults-as-resources arm 200 '.value | map(.name) == ["ContosoEU","ContosoNA","ContosoStd"]' GET "$sub/resources?%24filter=resourceType%20eq%20'Microsoft.KeyVault/vaults'&api-version=2015-11-01"
ok vaults-of-a-group arm 200 '.value | length == 3' GET "$vaults?$v"

# -- the keys API --------------------------------------------------------------------------------------------

eu=https://contosoeu.vault.localhost:$vault_port na=https://contosona.vault.localhost:$vault_port
standard=https://contosostd.vault.localhost:$vault_port
k='api-version=7.4'
key() { is "$1" "$2" "$vault_token" "$3" "$4" "${5:-}"; }
challenge() {
	is 401 "$(code Unauthorized)" '' GET "$eu/keys/first?$k" &&
	grep -qxF "WWW-Authenticate: Bearer authorization=\"$LOGIN/$SAFECONDUCT_TENANT\", resource=\"https://vault.localhost:$vault_port\"" <(tr -d '\r' <"$SITE/headers")
}
ok challenge challenge
ok a-managers-token-is-refused-here is 401 "$(code Unauthorized)" "$arm_token" GET "$eu/keys/first?$k"
ok absent-vault key 404 "$(code VaultNotFound)" GET "https://nosuchvault.vault.localhost:$vault_port/keys/first?$k"
ok absent-key key 404 "$(code KeyNotFound)" GET "$eu/keys/first?$k"

ok generatekey at ws generatekey --generate simple type=RSA size=2048 protect=module ident=contosokey plainname=contosokey nvram=no pubexp=
public=$SITE/ws/kmdata/local/key_simple_contosokey.pem
ok modify-acls site_quorum ws 2 KeyTransferRemote -ModifyAcls -KeyAppName simple -KeyIdentifier contosokey $(packages EU) -SubscriptionId "$subscription"
package() { (cd "$SITE" && at ws KeyTransferRemote -Package -KeyIdentifier contosokey $(packages EU) -SubscriptionId "$subscription" -KeyFriendlyName "$1"); }
for name in first second third fourth; do ok "package-$name" package $name; done
import_body() { echo '{"Hsm":false,"key":{"kty":"RSA-HSM","key_hsm":"'"$1"'"},"attributes":{"enabled":true}}'; }
byok() { b64url "$SITE/TransferPackage-$1.byok"; }

ok import-needs-a-premium-vault key 400 '.error.message | test("premium")' PUT "$standard/keys/first?$k" "$(import_body "$(byok first)")"
ok import-for-europe-into-north-america key 400 '.error.code == "BadParameter" and (.error.message | test("made for Europe.*North America"))' PUT "$na/keys/first?$k" "$(import_body "$(byok first)")"
ok import-needs-the-permission is 403 '.error.code == "Forbidden" and .error.innererror.code == "ForbiddenByPolicy"' "$app_vault_token" PUT "$eu/keys/first?$k" "$(import_body "$(byok first)")"
ok import key 200 '.key.kty == "RSA-HSM" and .attributes.exportable == false' PUT "$eu/keys/first?$k" "$(import_body "$(byok first)")"
kid=$(jq -r .key.kid "$SITE/body")
ok the-same-package-answers-the-same-version key 200 ".key.kid == \"$kid\"" PUT "$eu/keys/first?$k" "$(import_body "$(byok first)")"
ok a-package-makes-one-key key 409 "$(code Conflict)" PUT "$eu/keys/elsewhere?$k" "$(import_body "$(byok first)")"
ok import-cut key 400 "$(code BadParameter)" PUT "$eu/keys/cut?$k" "$(import_body "$(head -c 600 "$SITE/TransferPackage-second.byok" | b64url)")"
flipped() { cp "$SITE/TransferPackage-second.byok" "$SITE/flipped"; printf '\001' | dd of="$SITE/flipped" bs=1 seek=$(($(stat -c %s "$SITE/flipped") - 40)) conv=notrunc 2>/dev/null; b64url "$SITE/flipped"; }
ok import-altered key 400 '.error.message | test("altered or damaged")' PUT "$eu/keys/second?$k" "$(import_body "$(flipped)")"
ok import-what-was-altered-above key 200 '.key.kty == "RSA-HSM"' PUT "$eu/keys/second?$k" "$(import_body "$(byok second)")"

# Another tenant does not learn whether a package was imported.
ok another-tenant bash -c "safeconduct tenant add --dir='$SITE/service' --tenant-name=Fabrikam --user=admin@fabrikam >'$SITE/fabrikam.env'"
# as_fabrikam COMMAND…: with the variables and tokens of that tenant's administrator.
as_fabrikam() {
	(
		. "$SITE/fabrikam.env"
		arm_token=$(user_token "$ARM/") vault_token=$(user_token "https://vault.localhost:$vault_port")
		oid=$(cut -d. -f2 <<<"$vault_token" | tr '_-' '/+' | base64 -d 2>/dev/null | jq -r .oid)
		policy='{"tenantId":"adfs","objectId":"'$oid'","permissions":{"keys":["all"]}}'
		group=$ARM/subscriptions/$SAFECONDUCT_SUBSCRIPTION/resourceGroups/fabrikam
		"$@"
	)
}
make_vault() {
	arm 201 . PUT "$group?api-version=2021-04-01" '{"location":"europe"}' &&
		arm 200 . PUT "$group/providers/Microsoft.KeyVault/vaults/fabrikam?$v" "$(vault_body europe premium)"
}
ok its-vault as_fabrikam make_vault
fabrikam=https://fabrikam.vault.localhost:$vault_port
same_refusal() { # PACKAGE: its header names the subscription, and the answer is as for one that no vault has
	as_fabrikam key 400 ".error.message | test(\"made for subscription $subscription\")" PUT "$fabrikam/keys/first?$k" "$(import_body "$(byok third)")" || return
	cp "$SITE/body" "$SITE/unknown"
	as_fabrikam key 400 . PUT "$fabrikam/keys/first?$k" "$(import_body "$(byok "$1")")" && cmp "$SITE/unknown" "$SITE/body"
}
ok its-import-of-the-first-tenants-package-is-refused-as-any-foreign-one same_refusal first
# as_its_own PACKAGE: the package with that tenant's subscription in its header, which is of the same length.
as_its_own() {
	python3 - "$1" "$subscription" "$(. "$SITE/fabrikam.env" && echo "$SAFECONDUCT_SUBSCRIPTION")" <<-'END' | b64url
		import sys
		package, old, new = open(sys.argv[1], "rb").read(), *(id.encode() for id in sys.argv[2:])
		assert old in package
		sys.stdout.buffer.write(package.replace(old, new))
	END
}
ok nor-does-a-changed-header-help as_fabrikam key 400 '.error.message | test("altered or damaged")' PUT "$fabrikam/keys/first?$k" \
	"$(import_body "$(as_its_own "$SITE/TransferPackage-first.byok")")"
ok and-makes-no-key as_fabrikam key 404 "$(code KeyNotFound)" GET "$fabrikam/keys/first?$k"

modulus() { jq -r .key.n "$SITE/body" | unb64url | od -An -v -tx1 | tr -d ' \n' | tr a-f A-F; }
the_generated_key() { key 200 . GET "$eu/keys/first/?$k" && [ "Modulus=$(modulus)" = "$(openssl rsa -pubin -in "$public" -noout -modulus)" ]; }
ok the-vaults-key-is-the-generated-one the_generated_key
# Its public members are stored with the row when it is imported, and no key is read to show them.
members=$(jq -c '.key | {n, e}' "$SITE/body")
store_members() { python3 -c 'import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); db.execute("UPDATE key_versions SET jwk = ? WHERE name = ?", (sys.argv[2], "first")); db.commit()' "$SITE/service/vaultd/vault.db" "$1"; }
ok other-members-are-stored store_members '{"n":"no modulus","e":"no exponent"}'
ok a-key-is-shown-as-it-is-stored key 200 '.key.n == "no modulus" and .key.e == "no exponent" and .key.kty == "RSA-HSM"' GET "$eu/keys/first?$k"
ok its-members-are-stored-again store_members "$members"
ok the-vaults-key-is-the-generated-one-again the_generated_key
ok receipt key 200 '.attributes.attestation.version == "safeconduct.receipt.1"' GET "$kid/attestation?$k"
jq -r .attributes.attestation.privateKeyAttestation "$SITE/body" | unb64url >"$SITE/receipt"
ok receipt-verifies at eu verifyreceipt "$SITE/receipt" --public-key="$public" --package="$SITE/TransferPackage-first.byok"
no receipt-of-another-package 'package' at eu verifyreceipt "$SITE/receipt" --public-key="$public" --package="$SITE/TransferPackage-second.byok"
ok rotation-policy key 200 '.lifetimeActions[0].action.type == "Notify"' GET "$eu/keys/first/rotationpolicy?$k"

encrypt() { printf 'a secret for the vault' | openssl pkeyutl -encrypt -pubin -inkey "$public" -pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:"$1" | b64url; }
cipher1=$(encrypt sha1) cipher256=$(encrypt sha256)
opens() { # URL ALGORITHM CIPHERTEXT
	key 200 ".kid == \"$kid\"" POST "$1/decrypt?$k" '{"alg":"'"$2"'","value":"'"$3"'"}' &&
	[ "$(jq -r .value "$SITE/body" | unb64url)" = 'a secret for the vault' ]
}
ok decrypt-oaep opens "$kid" RSA-OAEP "$cipher1"
ok decrypt-oaep-256 opens "$eu/keys/first" RSA-OAEP-256 "$cipher256"
ok decrypt-an-empty-version-is-the-newest opens "$eu/keys/first/" RSA-OAEP-256 "$cipher256"
ok decrypt-with-the-other-algorithm key 400 "$(code BadParameter)" POST "$kid/decrypt?$k" '{"alg":"RSA-OAEP","value":"'"$cipher256"'"}'
ok refusals-name-no-path-of-ours bash -c "! grep -q '$SITE' '$SITE/body'"
ok decrypt-with-an-unknown-algorithm key 400 '.error.message | test("alg")' POST "$kid/decrypt?$k" '{"alg":"none","value":"AAAA"}'

signs() { # ALGORITHM HASH OPENSSL-OPTION…
	local algorithm=$1 hash=$2
	shift 2
	printf 'a message' >"$SITE/message"
	openssl dgst -"$hash" -binary "$SITE/message" >"$SITE/digest"
	key 200 ".kid == \"$kid\"" POST "$kid/sign?$k" '{"alg":"'$algorithm'","value":"'"$(b64url "$SITE/digest")"'"}' &&
	jq -r .value "$SITE/body" | unb64url >"$SITE/signature" &&
	openssl pkeyutl -verify -pubin -inkey "$public" -in "$SITE/digest" -sigfile "$SITE/signature" -pkeyopt digest:"$hash" "$@"
}
for size in 256 384 512; do
	ok sign-RS$size signs RS$size sha$size
	ok sign-PS$size signs PS$size sha$size -pkeyopt rsa_padding_mode:pss -pkeyopt rsa_pss_saltlen:digest
done
ok sign-a-digest-of-another-length key 400 "$(code BadParameter)" POST "$kid/sign?$k" '{"alg":"RS512","value":"'"$(openssl dgst -sha256 -binary "$public" | b64url)"'"}'

set_() { key 200 "$1" PATCH "$eu/keys/first?$k" "$2"; }
sign_body='{"alg":"RS256","value":"'"$(openssl dgst -sha256 -binary "$public" | b64url)"'"}'
forbidden() { key 403 ".error.code == \"Forbidden\" and .error.innererror.code == \"$1\"" POST "$kid/$2?$k" "$3"; }
ok disable set_ '.attributes.enabled == false and .tags.a == "b"' '{"attributes":{"enabled":false},"tags":{"a":"b"}}'
ok decrypt-disabled forbidden KeyDisabled decrypt '{"alg":"RSA-OAEP-256","value":"'"$cipher256"'"}'
ok enable set_ '.attributes.enabled and .tags.a == "b"' '{"attributes":{"enabled":true}}'
ok restrict set_ '.key.key_ops == ["decrypt"]' '{"key_ops":["decrypt"]}'
ok sign-restricted forbidden KeyOperationForbidden sign "$sign_body"
ok decrypt-restricted-to-it opens "$kid" RSA-OAEP-256 "$cipher256"
ok restrict-less set_ '.key.key_ops | length == 2' '{"key_ops":["decrypt","sign"]}'
ok not-before set_ '.attributes.nbf == 4102444800' '{"attributes":{"nbf":4102444800}}'
ok sign-not-yet-valid forbidden KeyNotYetValid sign "$sign_body"
ok expired set_ '.attributes.exp == 2' '{"attributes":{"nbf":1,"exp":2}}'
ok sign-expired forbidden KeyExpired sign "$sign_body"
ok decrypt-old-data-with-an-expired-key opens "$kid" RSA-OAEP-256 "$cipher256"
ok valid-again set_ '.attributes.exp == 4102444800' '{"attributes":{"exp":4102444800}}'
ok sign-valid-again key 200 . POST "$kid/sign?$k" "$sign_body"

ok no-access-without-a-policy is 403 '.error.innererror.code == "ForbiddenByPolicy"' "$app_vault_token" GET "$eu/keys/first?$k"
app_oid=$(cut -d. -f2 <<<"$app_vault_token" | tr '_-' '/+' | base64 -d 2>/dev/null | jq -r .oid)
grant=$(vault_body westeurope premium | jq -c '.properties.accessPolicies += [{"tenantId":"adfs","objectId":"'"$app_oid"'","permissions":{"keys":["Get"]}}]')
ok grant arm 200 '.properties.accessPolicies | length == 2' PUT "$vaults/ContosoEU?$v" "$grant"
ok access-with-a-policy is 200 ".key.kid == \"$kid\"" "$app_vault_token" GET "$eu/keys/first?$k"
ok and-no-more-than-it-says is 403 "$(code Forbidden)" "$app_vault_token" POST "$kid/sign?$k" "$sign_body"
# The permission is in memory by now. Its removal is obeyed from the next request on.
revoked() {
	local i
	for i in 1 2 3; do
		is 200 . "$app_vault_token" GET "$eu/keys/first?$k" || return
		arm 200 '.properties.accessPolicies | length == 1' PUT "$vaults/ContosoEU?$v" "$(vault_body westeurope premium)" || return
		is 403 '.error.innererror.code == "ForbiddenByPolicy"' "$app_vault_token" GET "$eu/keys/first?$k" || return
		arm 200 '.properties.accessPolicies | length == 2' PUT "$vaults/ContosoEU?$v" "$grant" || return
	done
}
ok a-permission-removed-is-refused-from-the-next-request-on revoked
ok a-token-with-another-signature is 401 "$(code Unauthorized)" "${vault_token%?????}AAAAA" GET "$eu/keys/first?$k"

# -- bad input: the right answer, and the daemon goes on -----------------------------------------------------

ok json-doubled-member key 400 "$(code BadParameter)" POST "$kid/sign?$k" '{"alg":"RS256","alg":"RS256","value":"AAAA"}'
ok json-trailing key 400 "$(code BadParameter)" POST "$kid/sign?$k" "$sign_body x"
ok json-wrong-type key 400 "$(code BadParameter)" PUT "$eu/keys/third?$k" '{"key":"RSA"}'
ok key-name key 400 "$(code BadParameter)" GET "$eu/keys/a_b?$k"
ok key-version key 404 "$(code KeyNotFound)" GET "$eu/keys/first/zz?$k"
ok path-trick is 400 . "$vault_token" GET "$eu/keys/%2e%2e%2fx?$k"
ok exportable key 400 '.error.message | test("exportable")' PATCH "$eu/keys/first?$k" '{"attributes":{"exportable":true}}'

# -- parallel imports of one package, and a module that stops ------------------------------------------------

race() {
	local i pids=()
	for i in 1 2 3 4; do
		curl_ -X PUT -H "Authorization: Bearer $vault_token" -H 'Content-Type: application/json' \
			--data-binary "$(import_body "$(byok third)")" "$eu/keys/third?$k" | jq -r .key.kid >"$SITE/race.$i" &
		pids+=($!)
	done
	wait "${pids[@]}"
	[ "$(sort -u "$SITE"/race.[1-4] | wc -l)" = 1 ] && grep -q "/keys/third/" "$SITE/race.1"
}
ok four-imports-of-one-package-are-one-key race

# Imports that get no answer, because their module is stopped, delay nobody else: neither a decryption nor the
# imports of another region. There are more of them than vaultd has threads for imports of one region.
kill -STOP "$(cat "$SITE/na/pid")"
# import_late COUNT: starts that many imports into North America's vault. Answers go to $SITE/late.N.
import_late() {
	late=()
	for i in $(seq "$1"); do
		curl_ -X PUT -H "Authorization: Bearer $vault_token" -H 'Content-Type: application/json' -o "$SITE/late.$i" \
			--data-binary "$(import_body "$(byok first)")" "$na/keys/first?$k" &
		late+=($!)
	done
}
import_late 12
hang() { local pid; for pid in "${late[@]}"; do kill -0 "$pid" || return; done; }
decrypts_meanwhile() { local i; for i in 1 2 3; do opens "$kid" RSA-OAEP-256 "$cipher256" || return; done; hang; }
ok imports-that-hang-delay-no-decryption decrypts_meanwhile
imports_meanwhile() { key 200 '.key.kty == "RSA-HSM"' PUT "$eu/keys/fourth?$k" "$(import_body "$(byok fourth)")" && hang; }
ok nor-the-import-of-another-region imports_meanwhile
ok nor-a-change arm 200 . PUT "$vaults/ContosoStd?$v" "$(vault_body europe standard)"
kill -CONT "$(cat "$SITE/na/pid")"
wait "${late[@]}"
answers() { local i; for i in {1..12}; do jq -e '.error.message | test("made for Europe")' "$SITE/late.$i" >/dev/null || return; done; }
ok and-each-gets-its-own-answer-in-the-end answers

# An import that waits for its region's module is decided again when its turn comes. Two of the four have begun.
kill -STOP "$(cat "$SITE/na/pid")"
begun() { cat "$SITE/service/vaultd/audit.log"* | grep -c '"operation":"keys/import".*"result":"allowed"'; }
before=$(begun)
import_late 4
two_begin() { local i; for i in {1..600}; do [ "$(begun)" -ge $((before + 2)) ] && return; sleep 0.1; done; return 1; }
ok two-imports-of-a-region-begin two_begin
no_import=$(vault_body westus premium | jq -c '.properties.accessPolicies[0].permissions.keys = ["get"]')
ok import-is-no-longer-allowed arm 200 . PUT "$vaults/ContosoNA?$v" "$no_import"
kill -CONT "$(cat "$SITE/na/pid")"
wait "${late[@]}"
refused() { cat "$SITE"/late.[1-4] | jq -se 'map(.error.code) | sort == ["BadParameter", "BadParameter", "Forbidden", "Forbidden"]' >/dev/null; }
ok what-still-waited-is-refused refused
ok import-is-allowed-again arm 200 . PUT "$vaults/ContosoNA?$v" "$(vault_body westus premium)"

site_stop eu
ok a-module-that-is-away key 503 "$(code ServiceUnavailable)" POST "$kid/sign?$k" "$sign_body"
ok says-when-to-try-again grep -qi '^retry-after:' "$SITE/headers"
ok its-keys-are-shown-meanwhile key 200 . GET "$eu/keys/first?$k"
start_eu
back() { local i; for i in {1..600}; do opens "$kid" RSA-OAEP-256 "$cipher256" && return; sleep 0.1; done; return 1; }
ok it-comes-back-without-a-card back

# -- sign-in, or the module of the TLS keys, is away ---------------------------------------------------------

site_stop signind
site_stop vaultd
start vaultd
ok a-restart-does-not-depend-on-sign-in arm 200 '.value | length == 1' GET "$ARM/subscriptions?api-version=2019-11-01"
start signind

# Eight connections work on while new ones ask for handshakes that the module does not sign. Only one wait for it
# may show: half a second, of the threads that were in it.
connections_work_on() {
	VAULT_TOKEN=$vault_token CA=$SAFECONDUCT_CA python3 - "$vault_port" "$eu/keys/first?$k" "$(cat "$SITE/services/pid")" <<-'END'
		import http.client, os, signal, socket, ssl, sys, threading, time, urllib.parse
		port, url, module = int(sys.argv[1]), urllib.parse.urlsplit(sys.argv[2]), int(sys.argv[3])
		context = ssl.create_default_context(cafile=os.environ['CA'])
		def connect():
		    connection = http.client.HTTPSConnection(url.hostname, port, context=context, timeout=20)
		    connection._create_connection = lambda *a, **k: socket.create_connection(('127.0.0.1', port), 20)
		    connection.connect()
		    return connection
		def get(connection):
		    begun = time.monotonic()
		    connection.request('GET', url.path + '?' + url.query, headers={'Authorization': 'Bearer ' + os.environ['VAULT_TOKEN']})
		    answer = connection.getresponse()
		    answer.read()
		    assert answer.status == 200, answer.status
		    return time.monotonic() - begun
		established = [connect() for i in range(8)]
		for connection in established:
		    get(connection)
		is_over = False
		def ask():
		    while not is_over:
		        try:
		            connect().close()
		        except OSError:
		            time.sleep(0.05)
		def use(connection):
		    while not is_over:
		        latencies[connection].append(get(connection))
		        time.sleep(0.01)
		latencies = {connection: [] for connection in established}
		os.kill(module, signal.SIGSTOP)
		try:
		    threads = [threading.Thread(target=ask) for i in range(4)] + [threading.Thread(target=use, args=(c,)) for c in established]
		    for thread in threads: thread.start()
		    time.sleep(6)
		    is_over = True
		    for thread in threads: thread.join()
		finally:
		    os.kill(module, signal.SIGCONT)
		stalled = max(sum(t for t in each if t > 0.3) for each in latencies.values())
		assert stalled < 2.5, f'{stalled:.1f} s of 6 s'
		for i in range(100):
		    try:
		        connect().close()
		        break
		    except OSError:
		        time.sleep(0.1)
		else:
		    raise AssertionError('no handshake within 10 s after the module came back')
	END
}
ok a-module-that-hangs-stops-no-established-connection connections_work_on

# -- the audit log -------------------------------------------------------------------------------------------

log=$SITE/service/vaultd/audit.log
# lines: the lines of all segments; one may have ended with the day.
lines() { cat "$log".[0-9]* "$log" 2>/dev/null; }
# logged FILTER: the filter is true of the list of all lines. decided FILTER: of the list of decisions.
logged() { lines | jq -se "$1"; }
decided() { logged "map(select(.kind == \"decision\")) | $1"; }
# The end waits for no module.
allowed() { lines | grep -c '"result":"allowed"'; }
began=$(allowed)
kill -STOP "$(cat "$SITE/na/pid")"
curl_ -X PUT -H "Authorization: Bearer $vault_token" -H 'Content-Type: application/json' -o "$SITE/late" \
	--data-binary "$(import_body "$(byok first)")" "$na/keys/first?$k" &
late=$!
is_allowed() { local i; for i in {1..600}; do [ "$(allowed)" -gt "$began" ] && return; sleep 0.1; done; return 1; }
ok an-import-begins-at-a-module-that-hangs is_allowed
ends() { local begin=$SECONDS; site_stop vaultd && [ $((SECONDS - begin)) -lt 10 ]; }
ok vaultd-ends-while-a-module-hangs ends
kill -CONT "$(cat "$SITE/na/pid")"
wait $late
ok audit-has-the-import decided "map(select(.operation == \"keys/import\" and .key == \"${kid#*/keys/}\" and .result == \"done\")) | length >= 1"
ok audit-allowed-before-done decided '(map(select(.operation == "keys/import"))) as $i | ($i | map(.result) | index("allowed")) < ($i | map(.result) | index("done"))'
ok audit-has-the-refusals decided 'map(select(.operation == "keys/import" and .result == "refused" and (.reason | test("import permission")))) | length == 3'
ok audit-names-who decided "map(select(.operation == \"keys/decrypt\" and .oid == \"$oid\" and .issuer == \"$LOGIN/$SAFECONDUCT_TENANT/\" and .result == \"done\")) | length >= 3"
ok audit-names-the-resource-however-its-path-was-written decided "map(select(.operation == \"vaults/write\" and .vault == \"/subscriptions/$subscription/resourceGroups/acceptance/providers/Microsoft.KeyVault/vaults/ContosoStd\" and .result == \"done\")) | length == 3"
ok audit-shows-of-a-long-name-what-it-can decided "map(select(.result == \"refused\" and (.vault | startswith(\"/subscriptions/$subscription/resourceGroups/xé\")) and (.reason | test(\"xéé\")))) | length == 1"
ok audit-names-the-client decided "map(select(.operation == \"keys/decrypt\" and .address == \"127.0.0.1\" and .application == \"04b07795-8ddb-461a-bbee-02f9e1bf7b46\" and .client_request == \"my-own-id\")) | length >= 3"
ok audit-counts-refused-tokens logged 'map(select(.kind == "refusals" and .address == "127.0.0.1")) | map(.count - (.without_token // 0)) | add == 3'
ok audit-counts-requests-without-a-token logged 'map(select(.kind == "refusals")) | map(.without_token // 0) | add > 0'
ok audit-has-no-line-of-its-own-for-it decided 'map(select(.oid == "")) | length == 0'
ok audit-is-a-chain logged '[.[].seq] == [range(1; length + 1)]'
ok audit-was-closed logged '.[-1].kind == "close" and (map(select(.kind == "gap")) | length == 0)'
ok audit-verifies verifyaudit "$log"
ok audit-is-for-its-group [ "$(stat -c %a "$log")" = 640 ]
# As documented in docs/keys-api.md, without any code of this repository.
chain_holds() {
	python3 - "$log" <<-'END'
		import glob, hashlib, json, sys
		seq = prev = None
		for file in sorted(glob.glob(sys.argv[1] + '.[0-9]*')) + [sys.argv[1]]:
		    for line in open(file, 'rb').read().split(b'\n')[:-1]:
		        entry = json.loads(line)
		        if seq is None:
		            first, seq, prev = entry['seq'], entry['seq'], entry['prev']
		            assert seq > 1 or prev == '0' * 64
		        assert (entry['seq'], entry['prev']) == (seq, prev), (file, seq)
		        seq, prev = seq + 1, hashlib.sha256(b'safeconduct audit line 1\0' + line).hexdigest()
		assert first == 1 and seq > 100
	END
}
ok audit-chain-holds chain_holds
ok audit-has-no-plaintext bash -c "! grep -q 'a secret for the vault\|$(printf 'a secret for the vault' | b64url)' '$log'*"
setting() { timeout 20 vaultd --config="$SITE/service/vaultd/vaultd.conf" "$@"; }
no audit-retention-is-in-days 'audit-retention-days: 0 is not a number from 1 to 36500' setting --audit-retention-days=0
no audit-segment-has-a-size 'audit-segment-mebibytes: x is not a number' setting --audit-segment-mebibytes=x
start vaultd
ok everything-is-there-after-a-restart opens "$kid" RSA-OAEP-256 "$cipher256"
finish
