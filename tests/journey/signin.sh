#!/bin/bash
# Sign-in. A module of its own makes signind's keys, and signind signs users and applications in. Stock curl,
# jq and openssl check every answer: only what a client can see counts. Invariant 1, rules P5, P6.
. "$(dirname "$0")/lib.sh"
PATH=$SC_BUILD/src/signind:$PATH

tenant=0b5c7a52-3a5f-4d0e-8d2b-6a0c1d9e1f01
other_tenant=0b5c7a52-3a5f-4d0e-8d2b-6a0c1d9e1f02
ann=5d1c2f0a-95cf-4d7e-a9d5-1f6c5f0a0001
app=7e2d3a1b-1111-4222-8333-444455556666
cli=04b07795-8ddb-461a-bbee-02f9e1bf7b46
password='ann & her = long % password'
secret='application+secret/of=bits'

# -- the service's set-up, as an operator makes it -----------------------------------------------------------

ok factory site_factory 'Example Manufacturing'
ok enrol site_enrol service
start_module() { site_start service "role=service,path=$SITE/service/signind,make=token+tls,load=token+tls,owner=signind"; }
start_module
ok world site_world service ECp521mAES 1/1

dir=$SITE/signind
mkdir -m 700 "$dir"
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
vault_port=$((port > 32768 ? port - 1 : port + 1))
LOGIN=https://login.localhost:$port GRAPH=https://graph.localhost:$port
ARM=https://management.localhost:$vault_port VAULT=https://vault.localhost:$vault_port

# The authority's key is used once. signind's key never leaves its module: its certificate is for the
# public half.
certificate() {
	cd "$dir" &&
	signin-setup key "$SITE/service/signind" tls tls.blob tls.spki &&
	signin-setup key "$SITE/service/signind" token token.blob token.spki &&
	openssl pkey -pubin -inform DER -in tls.spki -out tls.pub &&
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=once \
		-addext keyUsage=critical,keyCertSign &&
	printf 'subjectAltName=DNS:login.localhost,DNS:graph.localhost\nextendedKeyUsage=serverAuth\nkeyUsage=critical,digitalSignature\n' >ext &&
	openssl x509 -new -force_pubkey tls.pub -subj /CN=login.localhost -CA ca.pem -CAkey ca.key -days 2 -extfile ext -out tls.pem &&
	rm ca.key
}
ok certificate certificate
accounts() {
	signin-setup tenant "$dir/signin.db" $tenant Contoso &&
	signin-setup tenant "$dir/signin.db" $other_tenant Fabrikam &&
	signin-setup user "$dir/signin.db" $tenant $ann ann@contoso.example 'Ann Contoso' <<<"$password" &&
	signin-setup user "$dir/signin.db" $tenant 5d1c2f0a-95cf-4d7e-a9d5-1f6c5f0a0002 bob@contoso.example 'Bob' <<<"$password" &&
	signin-setup application "$dir/signin.db" $tenant $app 7e2d3a1b-1111-4222-8333-44445555aaaa 'Payroll' <<<"$secret"
}
ok accounts accounts
cat >"$dir/signind.conf" <<CONF
# made by a journey
domain = localhost
port = $port
vault-port = $vault_port
tls-certificate = tls.pem
tls-key = tls.blob
tls-module = $SITE/service/signind
token-key = token.blob
token-module = $SITE/service/signind
database = signin.db
CONF

# Starts signind as site_start starts a module. Its process id is in $SITE/signind/pid, where `end` finds it.
start_signind() {
	local word=
	mkfifo -m 600 "$dir/ready"
	${SC_WRAP:-} signind --config="$dir/signind.conf" --ready-fd=9 9>"$dir/ready" 2>>"$dir/log" &
	echo $! >"$dir/pid"
	read -r -t 20 word <"$dir/ready"
	rm -f "$dir/ready"
	[ "$word" = READY ] || die "signind did not start: $(tail -n 3 "$dir/log")"
}
start_signind

# -- clients -------------------------------------------------------------------------------------------------

# request URL [CURL-OPTION…]: puts the body in $SITE/body and the headers in $SITE/headers; prints the status.
request() {
	curl -sS --max-time 30 --cacert "$dir/ca.pem" --resolve "*:$port:127.0.0.1" -D "$SITE/headers" -o "$SITE/body" -w '%{http_code}' "$@"
}
# is STATUS JQ-FILTER URL…: the answer has that status, and the filter is true of its body. Else prints both.
is() {
	local status=$1 filter=$2 got
	shift 2
	got=$(request "$@")
	[ "$got" = "$status" ] && jq -e "$filter" "$SITE/body" >/dev/null && return
	echo "$got $(head -c 600 "$SITE/body"), wanted $status and $filter"
	return 1
}
# token: like `is`, for a POST to the token endpoint.
form() { local field; for field; do printf -- '--data-urlencode\n%s\n' "$field"; done; }
token() { # STATUS FILTER PATH NAME=VALUE…
	local status=$1 filter=$2 path=$3 options
	shift 3
	mapfile -t options < <(form "$@")
	is "$status" "$filter" "$LOGIN/$path" "${options[@]}"
}
as_ann() { local status=$1 filter=$2 path=$3; shift 3; token "$status" "$filter" "$path" grant_type=password client_id=$cli username=ann@contoso.example "password=$password" "$@"; }
as_app() { local status=$1 filter=$2 path=$3; shift 3; token "$status" "$filter" "$path" grant_type=client_credentials client_id=$app "client_secret=$secret" "$@"; }
of_body() { jq -r "$1" "$SITE/body"; }
unbase64url() { local text; text=$(tr '_-' '/+'); while [ $((${#text} % 4)) != 0 ]; do text+==; done; base64 -d <<<"$text"; }
claims() { cut -d. -f2 | unbase64url; }

# -- metadata and keys ---------------------------------------------------------------------------------------

ok metadata-adfs is 200 ".token_endpoint == \"$LOGIN/adfs/oauth2/token\" and .issuer == \"$LOGIN/adfs\" and .jwks_uri == \"$LOGIN/adfs/discovery/keys\" and (.authorization_endpoint | length > 0)" \
	"$LOGIN/adfs/.well-known/openid-configuration"
# `az login --tenant adfs` takes the issuer's last part for the tenant, which is then the account's.
ok metadata-adfs-as-az-asks is 200 ".issuer == \"$LOGIN/adfs\" and .token_endpoint == \"$LOGIN/adfs/oauth2/token\"" "$LOGIN/adfs/adfs/.well-known/openid-configuration"
ok metadata-adfs-as-newer-az-asks is 200 ".issuer == \"$LOGIN/adfs\" and .token_endpoint == \"$LOGIN/adfs/oauth2/token\"" "$LOGIN/adfs/adfs/v2.0/.well-known/openid-configuration"
ok metadata-v1 is 200 ".token_endpoint == \"$LOGIN/$tenant/oauth2/token\" and .issuer == \"$LOGIN/$tenant/\"" "$LOGIN/$tenant/.well-known/openid-configuration"
ok metadata-v2 is 200 ".token_endpoint == \"$LOGIN/$tenant/oauth2/v2.0/token\" and .issuer == \"$LOGIN/$tenant/\"" "$LOGIN/$tenant/v2.0/.well-known/openid-configuration"
ok metadata-tenant-id-in-any-case is 200 ".issuer == \"$LOGIN/$tenant/\"" "$LOGIN/${tenant^^}/v2.0/.well-known/openid-configuration"
ok metadata-common is 200 ".issuer == \"$LOGIN/{tenantid}/\"" "$LOGIN/common/v2.0/.well-known/openid-configuration"
ok metadata-under-adfs is 200 ".token_endpoint == \"$LOGIN/adfs/oauth2/token\" and .issuer == \"$LOGIN/$tenant/\"" "$LOGIN/adfs/$tenant/.well-known/openid-configuration"
ok metadata-organizations is 200 ".issuer == \"$LOGIN/{tenantid}/\"" "$LOGIN/organizations/v2.0/.well-known/openid-configuration"
ok metadata-unknown-tenant is 400 '.error == "invalid_tenant" and .error_codes == [90002]' "$LOGIN/0b5c7a52-3a5f-4d0e-8d2b-6a0c1d9e1fff/v2.0/.well-known/openid-configuration"
ok metadata-of-the-other-loopback curl -sSf --max-time 30 --cacert "$dir/ca.pem" --resolve "login.localhost:$port:[::1]" "$LOGIN/common/discovery/keys" -o /dev/null
for path in adfs/discovery/keys common/discovery/keys $tenant/discovery/keys $tenant/discovery/v2.0/keys; do
	ok "keys-$path" is 200 '.keys | length == 1 and .[0].kty == "RSA" and .[0].alg == "RS256" and .[0].use == "sig" and (.[0] | has("d") | not)' "$LOGIN/$path"
done

# The published key is the one that the module made; kid is its RFC 7638 thumbprint.
jwk=$(jq -c '.keys[0]' "$SITE/body")
kid=$(jq -r .kid <<<"$jwk")
thumbprint() { jq -cj '{e, kty, n}' <<<"$jwk" | openssl dgst -sha256 -binary | base64 | tr '/+' '_-' | tr -d '=\n'; }
ok kid-is-the-thumbprint test "$(thumbprint)" = "$kid"
cat >"$SITE/jwk.conf" <<CONF
asn1=SEQUENCE:spki
[spki]
algorithm=SEQUENCE:algorithm
key=BITWRAP,SEQUENCE:rsa
[algorithm]
oid=OID:rsaEncryption
parameters=NULL
[rsa]
n=INTEGER:0x$(jq -r .n <<<"$jwk" | unbase64url | od -An -v -tx1 | tr -d ' \n')
e=INTEGER:0x$(jq -r .e <<<"$jwk" | unbase64url | od -An -v -tx1 | tr -d ' \n')
CONF
openssl asn1parse -genconf "$SITE/jwk.conf" -noout -out "$SITE/jwk.der"
ok jwk-is-the-modules-key cmp "$SITE/jwk.der" "$dir/token.spki"

# verifies TOKEN: the header is right, and stock openssl verifies the signature with the published key.
verifies() {
	cut -d. -f1 <<<"$1" | unbase64url | jq -e ".alg == \"RS256\" and .typ == \"JWT\" and .kid == \"$kid\"" >/dev/null &&
	printf %s "${1%.*}" >"$SITE/signed" &&
	printf %s "${1##*.}" | unbase64url >"$SITE/signature" &&
	openssl dgst -sha256 -verify <(openssl pkey -pubin -inform DER -in "$SITE/jwk.der") -signature "$SITE/signature" "$SITE/signed"
}
# says TOKEN FILTER: the jq filter is true of the token's claims.
says() { claims <<<"$1" | jq -e "$2" >/dev/null || { claims <<<"$1"; return 1; }; }

# -- a user --------------------------------------------------------------------------------------------------

ok password-v2 as_ann 200 '.token_type == "Bearer" and .expires_in == 3600 and (.refresh_token | length == 43)' adfs/oauth2/token "scope=openid offline_access $ARM//.default profile"
ok answer-is-not-cached grep -qi '^cache-control: no-store' "$SITE/headers"
access=$(of_body .access_token) id=$(of_body .id_token) refresh=$(of_body .refresh_token)
ok client-info test "$(of_body .client_info | unbase64url)" = "{\"uid\":\"$ann\",\"utid\":\"$tenant\"}"
ok access-token-verifies verifies "$access"
ok access-token-says says "$access" ".aud == \"$ARM/\" and .iss == \"$LOGIN/$tenant/\" and .tid == \"$tenant\" and .oid == \"$ann\" and .sub == \"$ann\" and .appid == \"$cli\" and .upn == \"ann@contoso.example\" and .unique_name == .upn and .name == \"Ann Contoso\" and .ver == \"1.0\" and .exp == .iat + 3600 and .nbf == .iat and (.uti | length == 22) and (has(\"idtyp\") | not)"
no altered-token-does-not-verify 'fail|[Ee]rror' verifies "${access%%.*}.$(claims <<<"$access" | jq -cj '.oid = "someone else"' | base64 -w0 | tr '/+' '_-' | tr -d =).${access##*.}"
ok id-token-verifies verifies "$id"
ok id-token-says says "$id" ".aud == \"$cli\" and .iss == \"$LOGIN/$tenant/\" and .tid == \"$tenant\" and .oid == \"$ann\" and .preferred_username == \"ann@contoso.example\""

ok password-v1 as_ann 200 ".expires_in == \"3600\" and .resource == \"$VAULT\" and (.expires_on | tonumber > now) and (has(\"scope\") | not)" "$tenant/oauth2/token?api-version=1.0" resource=$VAULT
ok password-v1-audience says "$(of_body .access_token)" ".aud == \"$VAULT\""
ok password-v2-of-the-tenant as_ann 200 '.expires_in == 3600' $tenant/oauth2/v2.0/token "scope=$VAULT/.default"
ok password-common as_ann 200 '.expires_in == "3600"' common/oauth2/token resource=$ARM
ok name-in-any-case token 200 . adfs/oauth2/token grant_type=password client_id=$cli username=Ann@CONTOSO.example "password=$password" "resource=$ARM"

ok wrong-password token 400 '.error == "invalid_grant" and .error_codes == [50126] and (.error_description | startswith("AADSTS50126: ")) and (.trace_id | length == 36) and (.timestamp | endswith("Z"))' \
	adfs/oauth2/token grant_type=password client_id=$cli username=ann@contoso.example "password=not-$password" resource=$ARM
wrong=$(jq -S 'del(.timestamp, .trace_id, .correlation_id)' "$SITE/body")
ok unknown-account token 400 '.error_codes == [50126]' adfs/oauth2/token grant_type=password client_id=$cli username=nobody@contoso.example "password=$password" resource=$ARM
ok unknown-account-answers-alike test "$(jq -S 'del(.timestamp, .trace_id, .correlation_id)' "$SITE/body")" = "$wrong"
ok another-tenants-path-answers-alike as_ann 400 '.error_codes == [50126]' $other_tenant/oauth2/v2.0/token "scope=$VAULT/.default"

# Both cost one hash: a much faster answer would reveal which accounts exist.
seconds() { curl -sS --max-time 30 --cacert "$dir/ca.pem" --resolve "*:$port:127.0.0.1" -o /dev/null -w '%{time_total}' "$LOGIN/adfs/oauth2/token" -d grant_type=password -d client_id=$cli -d "username=$1" -d password=wrong -d resource=$ARM; }
ok unknown-account-costs-as-much jq -en "$(seconds nobody@contoso.example) > 0.3 * $(seconds bob@contoso.example)"

ok correlation-id-is-the-clients is 400 '.correlation_id == "11112222-3333-4444-5555-666677778888"' "$LOGIN/adfs/oauth2/token" -d grant_type=password -H 'client-request-id: 11112222-3333-4444-5555-666677778888'
ok parameter-missing token 400 '.error == "invalid_request" and (.error_description | endswith("password"))' adfs/oauth2/token grant_type=password client_id=$cli username=ann@contoso.example resource=$ARM
ok grant-unsupported token 400 '.error == "unsupported_grant_type"' adfs/oauth2/token grant_type=device_code client_id=$cli
ok resource-unknown as_ann 400 '.error == "invalid_resource" and (.error_description | endswith(" names."))' adfs/oauth2/token resource=https://management.core.windows.net/
ok resource-is-not-for-v2 as_ann 400 '.error == "invalid_request"' $tenant/oauth2/v2.0/token resource=$ARM
ok client-id-not-a-guid token 400 '.error == "unauthorized_client"' adfs/oauth2/token grant_type=password client_id=me username=ann@contoso.example "password=$password" resource=$ARM
ok applications-id-without-its-secret token 401 '.error == "invalid_client" and .error_codes == [7000218]' adfs/oauth2/token grant_type=password client_id=$app username=ann@contoso.example "password=$password" resource=$ARM
# What is refused before anyone reads it has OAuth's form, too: clients print its error_description.
refused_as_oauth() { # STATUS WORDS URL [CURL-OPTION…]
	is "$1" ".error == \"invalid_request\" and .error_codes == [90023] and (.error_description | test(\"$2\")) and (.trace_id | length == 36)" "${@:3}"
}
ok tokens-are-posted refused_as_oauth 405 'does not support GET' "$LOGIN/adfs/oauth2/token"
ok password-with-a-line-end refused_as_oauth 400 'the parameter password: an escape for a control character' "$LOGIN/adfs/oauth2/token" \
	-d grant_type=password -d client_id=$cli -d username=ann@contoso.example --data-urlencode "password=$password"$'\r' -d resource=$ARM
no our-client-names-it 'the password contains a control character' Add-AzureAccount -Credential ann@contoso.example -Password-From-FD 3 \
	-Authority "$LOGIN/adfs" -ResourceManager "$ARM" -CA "$dir/ca.pem" 3<<<"$password"$'\1'
no and-does-not-repeat-it '^$' grep -qF 'ann ' "$SITE/body"
ok parameter-twice refused_as_oauth 400 'the parameter resource appears twice' "$LOGIN/adfs/oauth2/token" -d resource=$ARM -d resource=$ARM
ok unknown-path refused_as_oauth 404 'no such resource' "$LOGIN/adfs/oauth2/nothing"
ok malformed-path refused_as_oauth 400 'control character' "$LOGIN/adfs%00/oauth2/token" -d a=b
ok form-without-end refused_as_oauth 413 'larger than' "$LOGIN/adfs/oauth2/token" -d "a=$(printf '%040000d' 0)"
ok another-version-of-http refused_as_oauth 400 'only HTTP/1.1' "$LOGIN/adfs/oauth2/token" --http1.0 -d a=b
# libmicrohttpd 1.0 comes first, with its own page (THREATS).
doubtful_framing() {
	refused_as_oauth 400 'transfer coding' "$LOGIN/adfs/oauth2/token" -H 'Transfer-Encoding: gzip' -H 'Content-Length:' -d a=b && return
	grep -q '^<html>.*Unsupported Transfer-Encoding' "$SITE/body"
}
ok doubtful-framing doubtful_framing
# RFC 6749 section 5.2: a description has no other characters, wherever it is cut.
ok a-long-name-of-other-letters refused_as_oauth 400 'the parameter a[?]+$' "$LOGIN/adfs/oauth2/token" -d "a$(printf '%%C3%%A4%.0s' {1..300})=%"
ok the-graphs-form-is-its-own is 404 '.error.code == "NotFound"' "$GRAPH/v1.0/nothing"

# -- refresh -------------------------------------------------------------------------------------------------

use() { local status=$1 filter=$2 path=$3 shown=$4; shift 4; token "$status" "$filter" "$path" grant_type=refresh_token client_id=$cli "refresh_token=$shown" "$@"; }
ok refresh-for-another-audience use 200 '.refresh_token | length == 43' $tenant/oauth2/token "$refresh" resource=$VAULT
next=$(of_body .refresh_token)
ok refreshed-token-verifies verifies "$(of_body .access_token)"
ok refreshed-token-says says "$(of_body .access_token)" ".aud == \"$VAULT\" and .oid == \"$ann\""
ok refresh-token-is-a-new-one test "$next" != "$refresh"
ok shown-again-within-a-minute use 200 . adfs/oauth2/token "$refresh" "scope=$GRAPH//.default"
graph=$(of_body .access_token)
ok refresh-with-the-next-one use 200 . common/oauth2/v2.0/token "$next" "scope=openid $VAULT/.default"
third=$(of_body .refresh_token)
ok refresh-in-another-tenant use 400 '.error == "invalid_grant" and .error_codes == [70000]' $other_tenant/oauth2/token "$next" resource=$VAULT
ok refresh-by-another-client token 400 '.error == "invalid_grant"' adfs/oauth2/token grant_type=refresh_token client_id=11111111-2222-3333-4444-555555555555 "refresh_token=$next" resource=$VAULT
# Another first character: the last one carries four bits only, so a fixed one would be right now and then.
other=A
[ "${next:0:1}" = A ] && other=B
ok refresh-made-up use 400 '.error == "invalid_grant"' adfs/oauth2/token "$other${next:1}" resource=$VAULT
ok refresh-no-token-at-all use 400 '.error == "invalid_grant"' adfs/oauth2/token 'x y' resource=$VAULT
ok refresh-empty use 400 '.error == "invalid_grant"' adfs/oauth2/token '' resource=$VAULT

# -- an application ------------------------------------------------------------------------------------------

ok client-credentials as_app 200 '.expires_in == 3600 and (has("refresh_token") or has("id_token") | not)' $tenant/oauth2/v2.0/token "scope=$VAULT/.default"
ok application-token-verifies verifies "$(of_body .access_token)"
ok application-token-says says "$(of_body .access_token)" ".aud == \"$VAULT\" and .appid == \"$app\" and .oid == \"7e2d3a1b-1111-4222-8333-44445555aaaa\" and .idtyp == \"app\" and (has(\"upn\") | not)"
ok client-credentials-adfs as_app 200 . adfs/oauth2/token "scope=$GRAPH//.default"
app_graph=$(of_body .access_token)
ok wrong-secret token 401 '.error == "invalid_client" and .error_codes == [7000215]' adfs/oauth2/token grant_type=client_credentials client_id=$app client_secret=wrong resource=$VAULT
ok unknown-application token 401 '.error == "invalid_client" and .error_codes == [7000215]' adfs/oauth2/token grant_type=client_credentials client_id=$cli client_secret=wrong resource=$VAULT

# -- a tenant that is added while signind serves ---------------------------------------------------------------

third_tenant=0b5c7a52-3a5f-4d0e-8d2b-6a0c1d9e1f03
carl=5d1c2f0a-95cf-4d7e-a9d5-1f6c5f0a0003
as_carl() { local status=$1 filter=$2 path=$3; shift 3; token "$status" "$filter" "$path" grant_type=password client_id=$cli username=carl@thirdcorp.example "password=$password" "$@"; }
ok not-there-yet as_carl 400 '.error == "invalid_tenant"' $third_tenant/oauth2/token resource=$GRAPH
metadata() { request "$LOGIN/$1/.well-known/openid-configuration" >/dev/null && cat "$SITE/body"; }
adfs_metadata=$(metadata adfs)$(metadata adfs/adfs)$(metadata common)
add_tenant() {
	signin-setup tenant "$dir/signin.db" $third_tenant Thirdcorp &&
	signin-setup user "$dir/signin.db" $third_tenant $carl carl@thirdcorp.example Carl <<<"$password"
}
ok tenant-is-added add_tenant
ok its-users-sign-in as_carl 200 . adfs/oauth2/token resource=$GRAPH
carls=$(of_body .access_token)
ok their-tokens-say-so says "$carls" ".tid == \"$third_tenant\" and .iss == \"$LOGIN/$third_tenant/\" and .oid == \"$carl\""
ok at-the-tenants-own-path as_carl 200 . $third_tenant/oauth2/v2.0/token "scope=$VAULT/.default"
ok its-refresh-tokens-work use 200 . $third_tenant/oauth2/token "$(of_body .refresh_token)" resource=$VAULT
ok its-tokens-are-accepted is 200 ".id == \"$carl\"" "$GRAPH/v1.0/me" -H "Authorization: Bearer $carls"
ok its-metadata is 200 ".issuer == \"$LOGIN/$third_tenant/\"" "$LOGIN/$third_tenant/v2.0/.well-known/openid-configuration"
ok no-one-elses-metadata-changed test "$(metadata adfs)$(metadata adfs/adfs)$(metadata common)" = "$adfs_metadata"
ok nor-another-tenants-users as_carl 400 '.error_codes == [50126]' $tenant/oauth2/token resource=$GRAPH

# -- /me -----------------------------------------------------------------------------------------------------

me() { is "$1" "$2" "$GRAPH/v1.0/me" -H "Authorization: Bearer $3"; }
ok me me 200 ".id == \"$ann\" and .userPrincipalName == \"ann@contoso.example\" and .displayName == \"Ann Contoso\"" "$graph"
ok me-without-a-token is 401 '.error.code == "InvalidAuthenticationToken"' "$GRAPH/v1.0/me"
ok me-challenge grep -qi "^www-authenticate: Bearer authorization_uri=\"$LOGIN/" "$SITE/headers"
ok me-with-another-audience me 401 '.error.code == "InvalidAuthenticationToken"' "$access"
ok me-with-an-altered-token me 401 . "${graph:0:-20}AAAAAAAAAAAAAAAAAAAA"
ok me-with-an-id-token me 401 . "$id"
ok me-is-a-users me 400 '.error.code == "BadRequest"' "$app_graph"
ok graph-is-not-at-login is 404 . "$LOGIN/v1.0/me" -H "Authorization: Bearer $graph"

# -- throttling ----------------------------------------------------------------------------------------------

# Of so many attempts at once, none is refused because the others have not been judged yet.
at_once() { # HOW-MANY PATH NAME=VALUE…
	local many=$1 path=$2 options i pids=()
	shift 2
	mapfile -t options < <(form "$@")
	for i in $(seq "$many"); do
		curl -sS --max-time 60 --cacert "$dir/ca.pem" --resolve "*:$port:127.0.0.1" -o /dev/null -w '%{http_code}\n' "$LOGIN/$path" "${options[@]}" &
		pids+=($!)
	done >"$SITE/statuses"
	wait "${pids[@]}"
	[ "$(grep -c '^200$' "$SITE/statuses")" = "$many" ] || { sort "$SITE/statuses" | uniq -c; return 1; }
}
ok right-passwords-at-once-are-all-accepted at_once 30 adfs/oauth2/token grant_type=password client_id=$cli username=bob@contoso.example "password=$password" resource=$ARM
wrong_secrets() { local i; for i in $(seq 30); do token 401 '.error_codes == [7000215]' adfs/oauth2/token grant_type=client_credentials client_id=$app client_secret=wrong resource=$VAULT || return; done; }
ok wrong-secrets-are-each-judged wrong_secrets
ok wrong-secrets-hold-no-application-out as_app 200 . adfs/oauth2/token resource=$VAULT
as_bob() { token "$1" "$2" adfs/oauth2/token grant_type=password client_id=$cli username=bob@contoso.example "password=$3" resource=$ARM; }
# Refused because of the client id, before any password is checked.
unjudged() { local i; for i in $(seq 8); do token 401 '.error_codes == [7000218]' adfs/oauth2/token grant_type=password client_id=$app username=bob@contoso.example password=wrong resource=$ARM || return; done; }
ok what-is-not-judged-is-no-failure unjudged
ok nor-does-it-keep-the-owner-waiting as_bob 200 . "$password"
# waits: how long the last answer says, in seconds.
waits() { sed -n 's/^[Rr]etry-[Aa]fter: \([0-9]*\).*/\1/p' "$SITE/headers"; }
# Tries until the wait is four seconds: the first waits are shorter than a busy machine takes to answer.
try_until_throttled() {
	local wait=0 i
	for i in $(seq 100); do
		as_bob 400 '.error_codes == [50126]' wrong >/dev/null && continue
		[ "$(of_body '.error_codes[0]')" = 50053 ] || return 1
		wait=$(waits)
		[ "$wait" -ge 4 ] && return
		sleep "$wait"
	done
	return 1
}
ok throttled try_until_throttled
ok throttled-even-with-the-right-password as_bob 429 '.error_codes == [50053]' "$password"
left=$(waits)
ok others-are-not as_ann 200 . adfs/oauth2/token resource=$ARM
sleep "${left:-5}"
ok throttled-for-a-while-only as_bob 200 . "$password"
ok forgotten-after-the-right-one as_bob 400 '.error_codes == [50126]' wrong

# -- what is left behind, and what goes away -----------------------------------------------------------------

ok log-has-a-line-per-decision grep -qE "sign-in grant=password account=ann@contoso.example tenant=$tenant oid=$ann client=$cli audience=$ARM/ address=127.0.0.1 request=[0-9a-f-]{36} result=granted" "$dir/log"
ok log-names-whose-password-was-wrong grep -qE "account=ann@contoso.example .*oid=$ann .*result=wrong-password" "$dir/log"
# A user name that does not look like one is not logged: it may be a password, or forge a field of the log.
ok field-in-a-name token 400 '.error_codes == [50126]' adfs/oauth2/token grant_type=password client_id=$cli 'username=x@y result=granted' password=wrong resource=$ARM
ok line-in-a-name is 400 '.error == "invalid_request" and (.error_description | test("parameter username: "))' "$LOGIN/adfs/oauth2/token" -d "grant_type=password&client_id=$cli&username=x%40y%0Asignind:%20notice:%20granted&password=wrong&resource=$ARM"
no no-name-forges-the-log '^$' grep -q 'x@y' "$dir/log"
secrets() { printf '%s\n' "$password" "$secret" "$refresh" "$next" "$access" "${access##*.}"; }
no no-secret-in-the-log '^$' grep -qFf <(secrets) "$dir/log"
no no-secret-in-the-database '^$' grep -qaFf <(secrets) "$dir/signin.db" "$dir/signin.db-wal"

# Keeps a client connected: without its module, the daemon accepts no new TLS connection and issues no token.
mkfifo "$SITE/typed"
openssl s_client -quiet -connect "127.0.0.1:$port" -servername login.localhost -CAfile "$dir/ca.pem" <"$SITE/typed" >"$SITE/seen" 2>/dev/null &
exec 8>"$SITE/typed"
seen() { local i; for i in $(seq 600); do grep -qE "$1" "$SITE/seen" && return; sleep 0.1; done; cat "$SITE/seen"; return 1; }
printf 'GET /common/discovery/keys HTTP/1.1\r\nHost: login.localhost:%s\r\n\r\n' "$port" >&8
ok connected seen 'HTTP/1.1 200 '
site_stop service
fields="grant_type=client_credentials&client_id=$app&client_secret=$(jq -rn --arg s "$secret" '$s | @uri')&resource=$VAULT"
printf 'POST /adfs/oauth2/token HTTP/1.1\r\nHost: login.localhost:%s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %s\r\n\r\n%s' \
	"$port" ${#fields} "$fields" >&8
ok without-its-module-503 seen 'HTTP/1.1 503 '
ok and-says-so seen '"temporarily_unavailable"'
ok retry-after seen '^Retry-After: '
exec 8>&-
no no-handshake-without-its-module 'SSL_connect|TLS connect error' is 200 . "$LOGIN/common/discovery/keys"
start_module
recovers() { local i; for i in $(seq 120); do as_ann 200 . adfs/oauth2/token resource=$ARM >/dev/null 2>&1 && return; sleep 0.5; done; return 1; }
ok goes-on-when-the-module-is-back recovers
last=$(of_body .refresh_token)

pid=$(cat "$dir/pid")
site_stop signind
wait "$pid"
ok stops-cleanly test $? = 0
# Pretends that the minute for which an exchanged token remains valid is over.
end_exchanged() { python3 -c 'import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); db.execute("UPDATE refresh_tokens SET until = 1 WHERE until IS NOT NULL"); db.commit()' "$dir/signin.db"; }
ok a-minute-later end_exchanged
start_signind
ok refresh-tokens-outlive-a-restart use 200 . adfs/oauth2/token "$last" resource=$VAULT

# An exchanged token is used again after its minute, so two hold it: both lose all that it was exchanged for.
last=$(of_body .refresh_token)
ok the-newest-of-a-sign-in use 200 . adfs/oauth2/token "$third" resource=$VAULT
fourth=$(of_body .refresh_token)
ok an-exchanged-one-shown-again use 400 '.error == "invalid_grant" and .error_codes == [70000]' adfs/oauth2/token "$refresh" resource=$VAULT
ok ends-all-of-that-sign-in use 400 '.error == "invalid_grant"' adfs/oauth2/token "$fourth" resource=$VAULT
ok and-no-other-sign-in use 200 . adfs/oauth2/token "$last" resource=$VAULT
ok log-says-so grep -qE "grant=refresh_token account=ann@contoso.example .* result=refresh-token-reused" "$dir/log"
finish
