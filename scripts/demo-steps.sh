# The steps of the demonstration, in the article's order. Sourced by ./demo.

usb=$SITE/usb
published=$SITE/published
kek=BYOK-KEK-pkg-EU-1
world=BYOK-SecurityWorld-pkg-EU-1

heading 'Before the article begins: a manufacturer, and four modules with warrants'
must site_factory 'Example Manufacturing'
say "The root key's hash, published separately from everything that the key signs:"
shown site_root_hash
for module in workstation europe northamerica service; do must site_enrol $module; done
must site_start workstation
must site_start europe "$(site_socket europe vaultd vault vault+kek)"
must site_start northamerica "$(site_socket northamerica vaultd vault vault+kek)"
must site_start service "$(site_socket service signind token+tls token+tls signind)" "$(site_socket service vaultd tls tls vaultd)"

heading "The operator's side: a world for each of two regions, and one for the services"
for region in europe:EU northamerica:NA; do
	module=${region%:*}
	say "$module: makes a security world, its certificate as region ${region#*:}, and a Key Exchange Key"
	must site_world $module ECp521mAES 2/3 >>"$SITE/$module/log"
	must site_region $module "${region#*:}" 'Example Cloud' >>"$SITE/$module/log"
done
must site_world service ECp521mAES 2/3 >>"$SITE/service/log"
mkdir -p "$SITE/toolsets" "$usb"
for region in europe:EU northamerica:NA; do
	shown at "${region%:*}" safeconduct toolset build "${region#*:}" --packages="$published" -o "$SITE/toolsets" \
		--script="$root/python/verifykeypackage.py"
done

demo_services

heading 'Step 1.3: Download the BYOK toolset and check its hash'
show 'Get-FileHash KeyVault-BYOK-Tools-*.zip'
hashes() { cd "$SITE/toolsets" && Get-FileHash KeyVault-BYOK-Tools-*.zip; }
shown hashes
must cp "$SITE/toolsets/KeyVault-BYOK-Tools-Europe.zip" "$usb/"

heading 'Step 2.2: Install the BYOK toolset on the disconnected workstation'
tools=$SITE/workstation/toolset
mkdir -p "$tools"
must python3 -m zipfile -e "$usb/KeyVault-BYOK-Tools-Europe.zip" "$tools"
shown ls "$tools"
cd "$tools" || exit 1

heading 'Step 3.1: Create a security world'
show 'new-world --initialize --cipher-suite=DLf1024s160mRijndael --module=1 --acs-quorum=2/3'
say '      (the three cards are directories, and this script types the PINs)'
shown site_world workstation DLf1024s160mRijndael 2/3

heading 'Step 3.2: Validate the downloaded package'
show "python verifykeypackage.py -k $kek -w $world"
shown at workstation python3 verifykeypackage.py -k $kek -w $world

heading 'Step 3.3: Create a new key'
generate='generatekey --generate simple type=RSA size=2048 protect=module ident=contosokey plainname=contosokey nvram=no pubexp='
show "$generate"
shown at workstation $generate
public=$SITE/workstation/kmdata/local/key_simple_contosokey.pem

heading 'Step 4.1: Create a copy of your key with reduced permissions'
modify="KeyTransferRemote -ModifyAcls -KeyAppName simple -KeyIdentifier contosokey -ExchangeKeyPackage $kek -NewSecurityWorldPackage $world"
show "$modify"
shown site_quorum workstation 2 $modify -SubscriptionId "$subscription"

heading 'Step 4.2: Inspect the new copy of the key'
show 'kmfile-dump $NFAST_KMDATA/local/key_xferacld_contosokey'
must kmfile-dump "$SITE/workstation/kmdata/local/key_xferacld_contosokey" >"$SITE/dump"
sed -n '/acl/,/sealed/p' "$SITE/dump" | indent

heading "Step 4.3: Encrypt your key by using the region's Key Exchange Key"
package="KeyTransferRemote -Package -KeyIdentifier contosokey -ExchangeKeyPackage $kek -NewSecurityWorldPackage $world -SubscriptionId $subscription -KeyFriendlyName ContosoFirstHSMkey"
show "$package"
shown at workstation $package

heading 'Step 4.4: Copy your key transfer package to the Internet-connected workstation'
must cp TransferPackage-ContosoFirstHSMkey.byok "$usb/"
shown ls "$usb"
must cp "$public" "$usb/contosokey.pem"

demo_transfer

say ''
say "All steps took $((SECONDS - started)) s."
