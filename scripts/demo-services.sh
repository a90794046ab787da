# The services of the demonstration and the steps that use them. Sourced by ./demo.

# Set by demo_services, used by the steps in demo-steps.sh.
subscription=

# demo_services: sets up sign-in and vault, and does step 1.2.
demo_services() {
	local ports signin_port vault_port
	ports=$("$root/scripts/free-ports" 2) || die 'no free ports'
	read -r vault_port signin_port <<<"$ports"
	LOGIN=https://login.localhost:$signin_port
	GRAPH=https://graph.localhost:$signin_port
	ARM=https://management.localhost:$vault_port
	VAULT_SUFFIX=.vault.localhost:$vault_port

	heading 'The services: sign-in and vault, with TLS and token keys in the module `service`'
	# The vault gets what the regions published.
	mkdir -p "$SITE/regions"
	must cp -r "$published/regions/." "$SITE/regions/"
	must own vaultd -R "$SITE/regions"
	must safeconduct init --dir="$SITE/services" --domain=localhost --signin-port="$signin_port" --vault-port="$vault_port" \
		--signin-module="$SITE/service/signind" --vault-module="$SITE/service/vaultd" \
		--region="EU:$SITE/europe/service:$SITE/regions/EU" \
		--region="NA:$SITE/northamerica/service:$SITE/regions/NA" \
		${SITE_USER[signind]:+--signin-user=${SITE_USER[signind]} --vault-user=${SITE_USER[vaultd]}} \
		--user=admin@contoso --app-name=contoso-app --tenant-name=Contoso --subscription-name='Contoso Production' >"$SITE/init.env"
	chmod 600 "$SITE/init.env"
	. "$SITE/init.env"
	AZ_USER=$SAFECONDUCT_USER AZ_PASSWORD=$SAFECONDUCT_PASSWORD
	APP_ID=$SAFECONDUCT_APP_ID APP_SECRET=$SAFECONDUCT_APP_SECRET
	TENANT=$SAFECONDUCT_TENANT CA=$SAFECONDUCT_CA
	subscription=$SAFECONDUCT_SUBSCRIPTION
	mkdir -p "$SITE/signind" "$SITE/vaultd"
	must site_daemon signind signind --config="$SITE/services/signind/signind.conf"
	must site_daemon vaultd vaultd --config="$SITE/services/vaultd/vaultd.conf"
	say "  $LOGIN/adfs  signs you in"
	say "  $ARM  is the Resource Manager"
	say "  https://<vault>$VAULT_SUFFIX  are the vaults, in Europe and North America"

	export SAFECONDUCT_CONFIG_DIR=$SITE/session
	heading 'Step 1.2: Get your Azure subscription ID'
	show 'Add-AzureAccount -Credential admin@contoso'
	shown Add-AzureAccount -Credential "$AZ_USER" -Password-From-FD 3 3<<<"$AZ_PASSWORD"
	show 'Get-AzureSubscription'
	shown Get-AzureSubscription
}

# demo_transfer: step 5, the key in use, the evidence, and the refusals.
demo_transfer() {
	local byok=$usb/TransferPackage-ContosoFirstHSMkey.byok

	cd "$usb" || exit 1
	heading 'Step 5: Transfer your key to the vault'
	for place in europe:ContosoKeyVaultHSM northamerica:ContosoVaultAmerica; do
		New-AzureRmResourceGroup -Name "group-${place%:*}" -Location "${place%:*}" >/dev/null &&
		New-AzureRmKeyVault -VaultName "${place#*:}" -ResourceGroupName "group-${place%:*}" -Location "${place%:*}" -SKU premium >/dev/null ||
			die "cannot make the vault ${place#*:}"
	done
	show "Add-AzureKeyVaultKey -VaultName 'ContosoKeyVaultHSM' -Name 'ContosoFirstHSMkey' -KeyFilePath 'TransferPackage-ContosoFirstHSMkey.byok' -Destination 'HSM'"
	shown Add-AzureKeyVaultKey -VaultName ContosoKeyVaultHSM -Name ContosoFirstHSMkey -KeyFilePath "$byok" -Destination HSM

	heading 'The key in use: the public key of step 3.3 encrypts, the vault decrypts'
	echo 'The quick brown fox signs the contract.' >letter.txt
	show 'openssl pkeyutl -encrypt -pubin -inkey contosokey.pem … -in letter.txt -out letter.enc'
	must openssl pkeyutl -encrypt -pubin -inkey contosokey.pem -pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256 \
		-in letter.txt -out letter.enc
	show 'Invoke-AzureKeyVaultKeyOperation -Operation Decrypt -Algorithm RSA-OAEP-256 -VaultName ContosoKeyVaultHSM -Name ContosoFirstHSMkey …'
	shown Invoke-AzureKeyVaultKeyOperation -Operation Decrypt -Algorithm RSA-OAEP-256 -VaultName ContosoKeyVaultHSM \
		-Name ContosoFirstHSMkey -InFile letter.enc -OutFile letter.out
	must cmp letter.txt letter.out
	sed 's/^/      decrypted: /' letter.out

	heading 'The evidence: the receipt matches the package that was sent and the key on the workstation'
	show "verifyreceipt Receipt-ContosoFirstHSMkey.p7 --key=key_simple_contosokey --package=TransferPackage-ContosoFirstHSMkey.byok --subscription=$subscription --vault=ContosoKeyVaultHSM --name=ContosoFirstHSMkey"
	shown at workstation verifyreceipt Receipt-ContosoFirstHSMkey.p7 --key=key_simple_contosokey --package="$byok" \
		--subscription="$subscription" --vault=ContosoKeyVaultHSM --name=ContosoFirstHSMkey

	heading 'The refusals: the package for Europe is offered to North America'
	show "Add-AzureKeyVaultKey -VaultName 'ContosoVaultAmerica' …"
	refused 'North America|made for' Add-AzureKeyVaultKey -VaultName ContosoVaultAmerica -Name ContosoFirstHSMkey \
		-KeyFilePath "$byok" -Destination HSM
	say "And again to North America's module, through its socket:"
	refused SC_ERR_TRANSFER_REGION "$SC_BUILD/tests/journey/module-client" import "$SITE/northamerica/service" \
		"$published/regions/NA/kek.blob" "$byok" "$subscription" "$SITE/never" "$SITE/never-either"
}

# refused PATTERN COMMAND…: the command must fail, with a message that matches PATTERN.
refused() {
	local pattern=$1 out
	shift
	if out=$("$@" 2>&1); then
		die "should have been refused: $*"
	fi
	grep -qE "$pattern" <<<"$out" || die "refused, but for another reason: $out"
	indent <<<"$out"
}

# demo_keep: makes what ./demo --keep leaves in addition to the running daemons.
demo_keep() {
	local wrong=$SITE/workstation/second

	cat >"$SITE/fresh-package" <<-SCRIPT
		#!/bin/bash
		# Makes a new transfer package of the demonstration's key, because each can be imported only once; prints its path.
		set -eu
		name=fresh-\$(date +%s)-\$\$-\$RANDOM
		mkdir -p "$SITE/packages"
		cd "$SITE/packages"
		NFAST_KMDATA="$SITE/workstation/kmdata" ${SITE_PREFIX[workstation]:-} "$SC_BUILD/src/tools/KeyTransferRemote" -Package \\
			-KeyIdentifier contosokey -ExchangeKeyPackage "$tools/$kek" -NewSecurityWorldPackage "$tools/$world" \\
			-SubscriptionId $subscription -KeyFriendlyName "\$name" >/dev/null
		echo "$SITE/packages/TransferPackage-\$name.byok"
	SCRIPT
	chmod +x "$SITE/fresh-package"

	# A second key, packaged for North America: azure-cli.sh offers it to Europe.
	mkdir -p "$wrong"
	{
		at workstation generatekey --generate --batch simple type=RSA size=2048 protect=module ident=secondkey plainname=secondkey nvram=no pubexp= &&
		site_quorum workstation 2 KeyTransferRemote -ModifyAcls -KeyAppName simple -KeyIdentifier secondkey -SubscriptionId "$subscription" \
			-ExchangeKeyPackage "$published/BYOK-KEK-pkg-NA-1" -NewSecurityWorldPackage "$published/BYOK-SecurityWorld-pkg-NA-1" &&
		(cd "$wrong" && at workstation KeyTransferRemote -Package -KeyIdentifier secondkey -SubscriptionId "$subscription" \
			-KeyFriendlyName ForNorthAmerica -ExchangeKeyPackage "$published/BYOK-KEK-pkg-NA-1" \
			-NewSecurityWorldPackage "$published/BYOK-SecurityWorld-pkg-NA-1")
	} >>"$SITE/workstation/log" 2>&1 || die "cannot make the second key: see $SITE/workstation/log"

	cat >"$SITE/demo.env" <<-ENV
		# What azure-cli.sh needs. Sourcing this file makes a new package.
		export LOGIN=$LOGIN ARM=$ARM GRAPH=$GRAPH VAULT_SUFFIX=$VAULT_SUFFIX CA=$CA
		export AZ_USER='$AZ_USER' AZ_PASSWORD='$AZ_PASSWORD' APP_ID='$APP_ID' APP_SECRET='$APP_SECRET'
		export SUBSCRIPTION=$subscription TENANT=$TENANT LOCATION=europe
		export PUBLIC_PEM='$usb/contosokey.pem' WRONG_BYOK='$wrong/TransferPackage-ForNorthAmerica.byok'
		export ROOT='$SITE/factory/root.pem' TOOLSETS='$SITE/toolsets'
		export SAFECONDUCT_LOGIN=$LOGIN/adfs SAFECONDUCT_ARM=$ARM SAFECONDUCT_CA=$CA SAFECONDUCT_CONFIG_DIR='$SITE/session'
		BYOK=\$('$SITE/fresh-package') && export BYOK
	ENV
	chmod 600 "$SITE/demo.env"

	heading 'Left running'
	say "  the environment:        . build/demo/demo.env"
	say "  the real Azure CLI:     . build/demo/demo.env; tests/acceptance/azure-cli.sh"
	say "  the workstation:        . ./env.sh build/demo/workstation/kmdata; enquiry"
	say "  another package:        build/demo/fresh-package"
	say "  to stop everything:     ./demo --stop"
}
