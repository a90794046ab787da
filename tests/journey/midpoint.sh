#!/bin/bash
# The article's steps 3.1 to 4.3 on the real programs, and the import: the package opens in the European
# module, and the key decrypts there and nowhere else. Invariants 1, 3, 5, 6.
. "$(dirname "$0")/lib.sh"

ok factory site_factory 'Example Manufacturing'
for module in ws eu na; do ok "enrol-$module" site_enrol $module; done
warrant() { factory warrant --dir="$SITE/factory" "$SITE/ws/warrant-request.der" -o "$1" --passphrase-from-fd=3 3<<<"$FACTORY_PASSPHRASE"; }
cp "$SITE/factory/record" "$SITE/record.before"
no factory-answers-never-over-a-file 'not overwritten' warrant "$SITE/factory/root.pem"
ok and-has-signed-nothing-for-it cmp "$SITE/factory/record" "$SITE/record.before"
ok factory-answers-the-same-request-again warrant "$SITE/warrant-again.pem"
site_start ws
site_start eu "$(service eu)"
site_start na "$(service na)"

# shows MODULE PATTERN…: `enquiry` on that module's host prints a whole line that matches each pattern.
shows() {
	local module=$1 out pattern
	shift
	out=$(at "$module" enquiry) || { echo "$out"; return 1; }
	for pattern in "$@"; do
		grep -qxE -- " $pattern" <<<"$out" || { echo "no line / $pattern/ in: $out"; return 1; }
	done
}
esn=$(openssl crl2pkcs7 -nocrl -certfile "$SITE/ws/warrant.pem" | openssl pkcs7 -print_certs -noout | sed -n 's/^subject=CN *= *\(....-....-....\)$/\1/p')
ok enquiry-before-a-world shows ws 'mode +warranted, no security world yet.*' "serial number +${esn:-none}" "root +$(site_root_hash)"
no enquiry-of-no-such-module 'has no module 7' at ws enquiry -m 7
ok 3.1-new-world site_world ws DLf1024s160mRijndael 2/3
ok enquiry-in-a-world shows ws 'mode +operational, in a security world' "serial number +${esn:-none}" 'ciphersuite +DLf1024s160mRijndael' \
	'k-out-of-n +2/3, .*' 'sandbox +seccomp,.*no-new-privs, not dumpable, no core files; NOT in force: .*' \
	'landlock abi +[0-9n].*' 'arena +(memfd_secret|locked memory).*' 'unlock key +in the state directory: .*' 'user ids +(NOT )?apart: .*'
ok region-eu-world site_world eu ECp521mAES 2/3
ok region-na-world site_world na ECp521mAES 2/3
ok region-eu site_region eu EU 'Example Cloud'
ok region-na site_region na NA 'Example Cloud'
ok enquiry-of-a-region shows eu 'mode +operational, in the security world of a region' 'region +EU \(Europe\)'

generate() { at ws generatekey --generate simple type=RSA size=2048 protect=module ident="$1" plainname="$1" nvram=no pubexp=; }
ok 3.3-generatekey generate contosokey
no 3.3-generatekey-never-over-another 'exists' generate contosokey

modify() { local region=$1; shift; site_quorum ws "$1" KeyTransferRemote -ModifyAcls -KeyAppName simple -KeyIdentifier contosokey $(packages "$region"); }
no 4.1-one-card-of-two-is-not-enough 'card' modify EU 1
ok 4.1-modify-acls modify EU 2

# At step 4.2 a custodian reads everything that the copy may do. The Key Exchange Key is named by the hash
# that stock openssl computes from its certificate.
permissions() { kmfile-dump "$1" | sed -n '/^ acl$/,/^ [^ ]/p' | sed '1d;$d'; }
kek=$(openssl x509 -inform DER -in "$published/regions/EU/kek.cer" -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum | cut -d' ' -f1)
world=$(at eu enquiry | sed -n 's/^ world id *//p')
home=$(at ws enquiry | sed -n 's/^ world id *//p')
copy="   group 1
     transfer, to the Key Exchange Key $kek
       of the security world $world
       in region EU (Europe)
       for subscription any
       arriving with:
         group 1
           use: sign verify encrypt decrypt wrapKey unwrapKey
           makeBlob, only in the security world $world"
original="   group 1
     use: sign verify encrypt decrypt wrapKey unwrapKey
     makeBlob, only in the security world $home
     reduceAcl
   group 2, under a quorum of the administrator cards
     replaceAcl"
says() { [ "$(permissions "$1")" = "$2" ] || { permissions "$1"; return 1; }; }
ok 4.2-the-copy-may-be-sent-to-that-key-and-nothing-else says "$SITE/ws/kmdata/local/key_xferacld_contosokey" "$copy"
ok 4.2-the-original-is-as-it-was says "$SITE/ws/kmdata/local/key_simple_contosokey" "$original"
head -c 1000 "$SITE/ws/kmdata/local/key_xferacld_contosokey" >"$SITE/cut"
no 4.2-a-cut-file-is-refused 'whole and unaltered' kmfile-dump "$SITE/cut"

package() { (cd "$SITE" && at ws KeyTransferRemote -Package -KeyIdentifier contosokey $(packages "$1") -SubscriptionId $subscription -KeyFriendlyName ContosoFirstHSMkey); }
no 4.3-the-copy-is-for-europe 'permission|copy' package NA
ok 4.3-package package EU

byok=$SITE/TransferPackage-ContosoFirstHSMkey.byok
import() { module-client import "$SITE/$1/service" "$published/regions/$2/kek.blob" "$byok" "$3" "$SITE/imported.blob" "$SITE/receipt"; }
no 5-north-america-refuses 'SC_ERR_TRANSFER_REGION' import na NA $subscription
no 5-another-subscription 'SC_ERR_TRANSFER_SUBSCRIPTION' import eu EU 00000000-0000-0000-0000-000000000000
ok 5-import import eu EU $subscription
ok receipt-verifies at eu verifyreceipt "$SITE/receipt" --public-key="$SITE/ws/kmdata/local/key_simple_contosokey.pem" --package="$byok"

printf 'a secret for the vault' >"$SITE/plain"
openssl pkeyutl -encrypt -pubin -inkey "$SITE/ws/kmdata/local/key_simple_contosokey.pem" -pkeyopt rsa_padding_mode:oaep \
	-pkeyopt rsa_oaep_md:sha256 -in "$SITE/plain" -out "$SITE/cipher"
decrypt() { module-client decrypt "$SITE/$1/service" "$SITE/imported.blob" "$2" "$SITE/cipher" "$SITE/opened" && cmp "$SITE/plain" "$SITE/opened"; }
ok decrypt decrypt eu $subscription
no decrypt-under-another-owner 'SC_ERR_OWNER' decrypt eu 00000000-0000-0000-0000-000000000000
no decrypt-in-another-world 'SC_ERR_INTEGRITY' decrypt na $subscription

site_stop eu
site_start eu "$(service eu)"
ok decrypt-after-a-restart-without-cards decrypt eu $subscription
finish
