#!/bin/bash
# The article's steps 1.2 and 5 on the real services. An operator makes the services with `safeconduct init`.
# A customer signs in, makes a vault, imports a package and uses the key; the receipt proves that it is the
# customer's key. Invariants 5, 6.
. "$(dirname "$0")/lib.sh"

# As root, run each daemon under its own user id, if those users can reach the programs and this directory.
users=()
chmod 711 "$SITE"
if [ "$(id -u)" = 0 ] && setpriv --reuid 62006 --regid 62006 --clear-groups test -x "$SC_BUILD/src/hsmd/hsmd" -a -x "$SITE"; then
	SITE_USER=([eu]=62002 [na]=62003 [service]=62004 [signind]=62005 [vaultd]=62006)
	SITE_GROUPS=([eu]=62006 [na]=62006 [service]=62005,62006)
	users=(--signin-user=62005 --vault-user=62006)
fi

# -- the operator: two regions, a module for the services' own keys, and the services ------------------------

ok factory site_factory 'Example Manufacturing'
for module in ws eu na service; do ok "enrol-$module" site_enrol $module; done
site_start ws
site_start eu "$(service eu)"
site_start na "$(service na)"
site_start service "$(site_socket service signind token+tls token+tls signind)" "$(site_socket service vaultd tls tls vaultd)"
articles_world() { site_world ws DLf1024s160mRijndael 2/3 >"$SITE/new-world" 2>&1; }
ok 3.1-new-world articles_world
ok 3.1-with-one-line-of-warning [ "$(grep -c ': warning: ' "$SITE/new-world")" = 1 ]
ok region-eu-world site_world eu ECp521mAES 2/3
ok region-na-world site_world na ECp521mAES 2/3
ok region-eu site_region eu EU 'Example Cloud'
ok region-na site_region na NA 'Example Cloud'
chmod -R a+rX "$published" # nothing in it is secret, and vaultd reads the regions' part
# Operators' directories have names like this.
regions="$SITE/the regions"
cp -r "$published/regions" "$regions"
services="$SITE/Ana's key vault"

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
signin_port=$(free_port) vault_port=$(free_port)
init() { # DIR [OPTION…]
	safeconduct init --dir="$1" --signin-port="$signin_port" --vault-port="$vault_port" \
		--signin-module="$SITE/service/signind" --vault-module="$SITE/service/vaultd" \
		--region="EU:$SITE/eu/service:$regions/EU" "${users[@]}" "${@:2}"
}
both_regions() { init "$1" --region="NA:$SITE/na/service:$regions/NA"; }
no init-needs-a-world 'no security world|new-world' both_regions "$services"
rm -rf "$services.partial"
ok service-world site_world service ECp521mAES 1/1
no init-a-region-by-another-regions-module 'another region' init "$services" --region="NA:$SITE/eu/service:$regions/NA"
ok init-leaves-nothing-under-its-name [ ! -e "$services" ]
no init-names-what-it-left 'remove it' both_regions "$services"
rm -rf "$services.partial"
unheard() { init "$services" >/dev/full; }
no init-says-where-its-secrets-were-lost 'start again' unheard
rm -rf "$services"
made() { both_regions "$services" >"$SITE/made"; }
ok init made
no init-never-over-a-directory 'exists' both_regions "$services"
. "$SITE/made"
owners() { stat -c '%u %a' "$services/$1" "$services/$1"/* | sort -u; }
if [ ${#users[@]} -gt 0 ]; then
	ok init-gives-signind-its-own [ "$(owners signind)" = $'62005 600\n62005 700' ]
	ok init-gives-vaultd-its-own [ "$(owners vaultd)" = $'62006 600\n62006 700' ]
	swapped() { local users=(--signin-user=62005 --vault-user=62005); init "$SITE/other"; }
	no init-vaultds-sockets-are-not-signinds 'you have no permission to connect' swapped
	rm -rf "$SITE/other.partial"
fi

ca() { openssl verify -x509_strict -CAfile "$SAFECONDUCT_CA" -purpose sslserver -verify_hostname "$2" "$services/$1/tls.pem"; }
ok certificate-login ca signind login.localhost
ok certificate-graph ca signind graph.localhost
ok certificate-management ca vaultd management.localhost
ok certificate-vaults ca vaultd contoso.vault.localhost
no certificates-are-for-their-daemons-names 'ostname mismatch' ca vaultd login.localhost
no no-key-beside-the-certificates 'expecting|unable|Could not' openssl pkey -in "$services/signind/tls.pem" -noout
ok init-keeps-the-password-out-of-the-files bash -c '! grep -raqF -e "$1" -e "$2" "$3"' - "$SAFECONDUCT_PASSWORD" "$SAFECONDUCT_APP_SECRET" "$services"

mkdir -p "$SITE/signind" "$SITE/vaultd"
site_daemon signind signind --config="$services/signind/signind.conf"
site_daemon vaultd vaultd --config="$services/vaultd/vaultd.conf"

# -- step 1.2 ------------------------------------------------------------------------------------------------

export SAFECONDUCT_CONFIG_DIR=$SITE/customer
sign_in() { Add-AzureAccount -Credential "${2:-$SAFECONDUCT_USER}" -Password-From-FD 3 3<<<"$1"; }
no 1.2-wrong-password 'AADSTS50126|invalid_grant' sign_in "not-$SAFECONDUCT_PASSWORD"
no 1.2-unknown-user-alike 'AADSTS50126|invalid_grant' sign_in "$SAFECONDUCT_PASSWORD" nobody@contoso
no 1.2-nobody-is-signed-in 'nobody is signed in' Get-AzureSubscription
no 1.2-another-authority 'certificate problem' env SAFECONDUCT_CA="$SITE/ws/kmdata/../warrant.pem" Add-AzureAccount -Credential x@y -Password-From-FD 3 3<<<x
no 1.2-browser-comes-later 'Credential' Add-AzureAccount
ok 1.2-add-azureaccount sign_in "$SAFECONDUCT_PASSWORD"
ok 1.2-the-session-is-the-users-own bash -c "[ \"\$(stat -c %a '$SITE/customer/session')\" = 600 ]"
for id in "{$SAFECONDUCT_SUBSCRIPTION}" "$SAFECONDUCT_SUBSCRIPTION " "${SAFECONDUCT_SUBSCRIPTION^^}"; do
	ok "1.2-a-subscription-spelled-$id" Get-AzureSubscription -SubscriptionId "$id"
done
no 1.2-a-space-in-a-name-is-shown '"Contoso Keys ": the account has no such subscription' Get-AzureSubscription -SubscriptionName 'Contoso Keys '
ok 1.2-get-azuresubscription bash -c "get() { Get-AzureSubscription; }; get | grep -q 'SubscriptionId *: $SAFECONDUCT_SUBSCRIPTION'"

ok 1.2-get-azuresubscription-says-that-its-output-is-lost lost Get-AzureSubscription
ok 1.2-add-azureaccount-says-that-its-output-is-lost lost sign_in "$SAFECONDUCT_PASSWORD"

# -- a vault -------------------------------------------------------------------------------------------------

ok new-resource-group New-AzureRmResourceGroup -Name ContosoGroup -Location 'West Europe'
vault() { New-AzureRmKeyVault -VaultName "$1" -ResourceGroupName ContosoGroup -Location "$2" -SKU premium; }
ok new-vault vault ContosoKeyVaultHSM europe
lost_vaults=0
lost_vault() { lost_vaults=$((lost_vaults + 1)); vault "Lost$lost_vaults-$BASHPID" europe; }
ok new-vault-says-that-its-output-is-lost lost lost_vault
lost_group() { New-AzureRmResourceGroup -Name "Lost$BASHPID" -Location europe; }
ok new-resource-group-says-that-its-output-is-lost lost lost_group
no new-vault-never-over-another 'already' vault ContosoKeyVaultHSM europe
ok new-vault-na vault ContosoKeyVaultNA unitedstates
no new-vault-nowhere-lists-where "locations .*'europe,unitedstates'" vault ContosoNowhere atlantis
no new-group-nowhere-lists-where "locations .*'europe,unitedstates'" New-AzureRmResourceGroup -Name Nowhere -Location atlantis

# -- steps 3.3 and 4, at the workstation ---------------------------------------------------------------------

at_home() { at ws generatekey --generate simple type=RSA size=2048 protect=module ident=contosokey plainname=contosokey nvram=no pubexp=; }
ok 3.3-generatekey at_home
ok 4.1-modify-acls site_quorum ws 2 KeyTransferRemote -ModifyAcls -KeyAppName simple -KeyIdentifier contosokey $(packages EU)
# The article's own command lines and paths, which env.sh sets up for the build in build/.
articles_words() {
	. "$root/env.sh" "$SITE/ws/kmdata" &&
		kmfile-dump.exe "$NFAST_KMDATA/local/key_xferacld_contosokey" &&
		cd "$published" &&
		"$NFAST_HOME/python/bin/python" "$NFAST_HOME/bin/verifykeypackage.py" -k BYOK-KEK-pkg-EU-1 -w BYOK-SecurityWorld-pkg-EU-1
}
[ "$SC_BUILD" != "$root/build" ] || ok 3.2-and-4.2-in-the-articles-words articles_words
package() { # SUBSCRIPTION NAME
	(cd "$SITE" && at ws KeyTransferRemote -Package -KeyIdentifier contosokey $(packages EU) -SubscriptionId "$1" -KeyFriendlyName "$2")
}
ok 4.3-package package "$SAFECONDUCT_SUBSCRIPTION" ContosoFirstHSMkey
ok 4.3-package-for-another-subscription package 00000000-0000-4000-8000-000000000000 Elsewhere
byok=$SITE/TransferPackage-ContosoFirstHSMkey.byok

# -- step 5 --------------------------------------------------------------------------------------------------

add() { # VAULT NAME PACKAGE [OPTION…]
	(cd "$SITE/customer" && Add-AzureKeyVaultKey -VaultName "$1" -Name "$2" -KeyFilePath "$3" "${@:4}")
}
no 5-destination-software 'HSM only' add ContosoKeyVaultHSM ContosoFirstHSMkey "$byok" -Destination Software
no 5-no-such-vault 'no vault of that name' add ContosoKeyVaultHSM2 ContosoFirstHSMkey "$byok" -Destination HSM
head -c 600 "$byok" >"$SITE/cut.byok"
no 5-truncated 'cut.byok: not a transfer package: cut short: 600 of' add ContosoKeyVaultHSM ContosoFirstHSMkey "$SITE/cut.byok" -Destination HSM
no 5-north-america-refuses 'Europe' add ContosoKeyVaultNA ContosoFirstHSMkey "$byok" -Destination HSM
no 5-another-subscriptions-package 'subscription' add ContosoKeyVaultHSM Elsewhere "$SITE/TransferPackage-Elsewhere.byok" -Destination HSM
add_first() { add ContosoKeyVaultHSM ContosoFirstHSMkey "$byok" -Destination HSM >"$SITE/added"; }
ok 5-add-azurekeyvaultkey add_first
ok 5-its-times-have-a-zone grep -qE '^Created +: .* UTC$' "$SITE/added"
receipt=$SITE/customer/Receipt-ContosoFirstHSMkey.p7
verify() { at ws verifyreceipt "$1" --key="$SITE/ws/kmdata/local/key_simple_contosokey" --package="$byok" --vault="${2:-ContosoKeyVaultHSM}" --name=ContosoFirstHSMkey; }
ok 5-the-receipt-is-for-the-key-at-home verify "$receipt"
no 5-the-receipt-is-for-that-vault 'vault' verify "$receipt" AnotherVault
cp "$receipt" "$SITE/receipt.before"
ok 5-again-the-same-package-is-the-same-key add contosokeyvaulthsm ContosoFirstHSMkey "$byok" -dest hsm
ok 5-and-the-receipt-is-untouched cmp "$receipt" "$SITE/receipt.before"
ok 5-add-azurekeyvaultkey-says-that-its-output-is-lost lost add ContosoKeyVaultHSM ContosoFirstHSMkey "$byok" -Destination HSM
no 5-a-package-goes-to-one-place 'imported|another' add ContosoKeyVaultHSM ContosoSecondHSMkey "$byok"
ok 4.3-a-second-package package "$SAFECONDUCT_SUBSCRIPTION" Second
no 5-another-receipt-is-not-overwritten 'ReceiptPath' add ContosoKeyVaultHSM ContosoFirstHSMkey "$SITE/TransferPackage-Second.byok"
ok 5-but-saved-beside-it add ContosoKeyVaultHSM ContosoFirstHSMkey "$SITE/TransferPackage-Second.byok" -ReceiptPath second.p7
ok 5-the-first-is-unchanged cmp "$receipt" "$SITE/receipt.before"

# -- using the key -------------------------------------------------------------------------------------------

printf 'a secret for the vault' >"$SITE/plain"
openssl pkeyutl -encrypt -pubin -inkey "$SITE/ws/kmdata/local/key_simple_contosokey.pem" -pkeyopt rsa_padding_mode:oaep \
	-pkeyopt rsa_oaep_md:sha256 -in "$SITE/plain" -out "$SITE/cipher"
decrypt() { Invoke-AzureKeyVaultKeyOperation -Operation Decrypt -Algorithm "$1" -VaultName ContosoKeyVaultHSM -Name ContosoFirstHSMkey -InFile "$SITE/cipher" -OutFile "$2"; }
no decrypt-by-another-algorithm 'decrypt|BadParameter' decrypt RSA-OAEP "$SITE/opened"
ok decrypt decrypt RSA-OAEP-256 "$SITE/opened"
ok decrypt-gives-the-file-back cmp "$SITE/plain" "$SITE/opened"
lost_plain() { rm -f "$SITE/lost"; decrypt RSA-OAEP-256 "$SITE/lost"; }
ok decrypt-says-that-its-output-is-lost lost lost_plain
no decrypt-never-over-a-file 'exists' decrypt RSA-OAEP-256 "$SITE/opened"
site_kill vaultd; site_restart vaultd
rm "$SITE/opened"
ok decrypt-after-a-crash-of-the-vault decrypt RSA-OAEP-256 "$SITE/opened"
site_stop vaultd
no without-the-vault 'onnect' decrypt RSA-OAEP-256 "$SITE/opened2"
finish
