#!/bin/bash
# What people give the tools and where the tools write: secrets, files that crossed a Windows machine or were damaged
# on their way, names with control characters, a card under two names, a full disk. What can be understood is, and the
# rest is refused with the reason, before it costs anything. No output steers a terminal, and none is lost unsaid.
# Invariant 8.
. "$(dirname "$0")/lib.sh"

ok factory site_factory 'Example Manufacturing'
ok enrol site_enrol ws
site_start ws "$(site_socket ws signind token+tls token+tls signind)" "$(site_socket ws vaultd tls tls vaultd)"

# -- output that cannot be written ---------------------------------------------------------------------------

programs='hsmd vaultd signind new-world generatekey enquiry kmfile-dump verifykeypackage verifyreceipt verifyaudit KeyTransferRemote
	Get-FileHash factory safeconduct Add-AzureAccount Get-AzureSubscription Add-AzureKeyVaultKey New-AzureRmResourceGroup
	New-AzureRmKeyVault Invoke-AzureKeyVaultKeyOperation verifykeypackage.py'
verifykeypackage.py() { python3 "$root/python/verifykeypackage.py" "$@"; }
for program in $programs; do
	ok "$program-says-that-its-output-is-lost" lost "$program" --help
	ok "$program-says-that-its-version-is-lost" lost "$program" --version
done
initialise() { rm -rf "$SITE/new"; hsmd --state="$SITE/new" --initialise; }
ok hsmd-initialise-says-that-its-output-is-lost lost initialise
ok factory-root-hash-says-that-its-output-is-lost lost site_root_hash
ok get-filehash-says-that-its-output-is-lost lost Get-FileHash "$root/LICENSE"
ok enquiry-says-that-its-output-is-lost lost at ws enquiry

# -- text that would steer a terminal ------------------------------------------------------------------------

hostile=$'\e[2J\e]0;title\a\xc2\x9b31m\u202e\u2066\u3000\ufe0f\xee\x80\x80\r\xff.'
# harmful: whether its input has a control character but line ends, a direction mark, or a character that only looks like a blank.
harmful() { LC_ALL=C tr -d '\n' | LC_ALL=C grep -qaP '[\x00-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xaa-\xae]|\xe2\x81[\xa6-\xa9]|\xe3\x80\x80|\xef\xb8\x8f|\xee\x80\x80|\xff'; }
# harmless COMMAND…: whatever its status, it prints nothing harmful.
harmless() { ! "$@" 2>&1 </dev/null | harmful; }
for program in $programs; do
	ok "$program-shows-an-option-harmlessly" harmless "$program" "--$hostile"
	ok "$program-shows-an-argument-harmlessly" harmless "$program" "$hostile"
done
for value in -Credential --module --cards --acs-quorum --cipher-suite --state --config --dir -SubscriptionId -KeyFilePath -k; do
	for program in $programs; do harmless "$program" "$value" "$hostile" || echo "$program $value"; done
done >"$SITE/harmful"
ok no-program-shows-a-value-as-it-is [ ! -s "$SITE/harmful" ]
# asks COMMAND…: prints what it shows on its terminal up to the first question.
asks() {
	python3 - "$@" <<'PY'
import os, pty, select, sys
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
seen = b""
while not seen.endswith(b": ") and select.select([fd], [], [], 20)[0]:
    seen += os.read(fd, 4096)
os.write(fd, b"\x03")
sys.stdout.buffer.write(seen)
PY
}
question() { asks Add-AzureAccount -Credential "$hostile" -Authority https://login.localhost/adfs -ResourceManager https://management.localhost; }
ok a-question-is-asked grep -q 'Password for .x1b.2J' < <(question)
ok a-question-is-shown-harmlessly harmless question
cp "$root/LICENSE" "$SITE/$hostile"
ok a-hostile-file-name-is-shown-harmlessly harmless Get-FileHash "$SITE/$hostile"

# -- cards and PINs ------------------------------------------------------------------------------------------

cards=$(site_cards ws 3)
ln -s 1 "$SITE/ws/cards/link"
begin() { at ws new-world --initialize --module=1 --acs-quorum=2/3 --cards="$1" --pins-from-fd=3 3<<<"$2"; }
for second in 1/ ./1 link; do
	no "new-world-notices-card-1-as-$second" 'already holds card 1' begin "$SITE/ws/cards/1,$SITE/ws/cards/$second,$SITE/ws/cards/3" "$(pins 1)"
done
no new-world-refuses-a-pin-file-from-windows 'carriage return' begin "$cards" "$(pins 3 | sed 's/$/\r/')"
no new-world-refuses-a-pin-with-a-tab 'control character' begin "$cards" $'a pin\twith a tab'
no new-world-refuses-an-empty-pin 'the PIN is empty' begin "$cards" ''
no new-world-refuses-a-pin-without-end 'longer than' begin "$cards" "$(head -c 2000 /dev/zero | tr '\0' x)"
ok nothing-was-written-for-any-of-them [ -z "$(ls "$SITE"/ws/cards/*/safeconduct-card 2>/dev/null)" ]
# At the prompt: a tilde, quotes, a dropped file's address. No PIN is given, so nothing is made.
typed() { # LINE
	HOME=$SITE/ws NFAST_KMDATA=$SITE/ws/kmdata python3 - "$1" <<'PY'
import os, pty, select, sys
pid, fd = pty.fork()
if pid == 0:
    os.execvp("new-world", ["new-world", "--initialize", "--module=1", "--acs-quorum=1/1"])
seen = b""
def until(words):
    global seen
    while words not in seen and select.select([fd], [], [], 20)[0]:
        try: data = os.read(fd, 4096)
        except OSError: break
        if not data: break
        seen += data
    return words in seen
good = until(b"enter its slot") and os.write(fd, sys.argv[1].encode() + b"\r") and until(b"blank card") and until(b"PIN")
os.write(fd, b"\x03")
print(seen.decode(errors="replace"))
sys.exit(0 if good else 1)
PY
}
mkdir -p "$SITE/ws/cards/My Stick"
ok a-slot-may-be-typed-with-a-tilde typed '~/cards/1'
ok a-slot-may-be-dropped-in-quotes typed "'$SITE/ws/cards/My Stick'"
ok a-slot-may-be-dropped-with-backslashes typed "$SITE/ws/cards/My\\ Stick"
ok a-slot-may-be-dropped-as-an-address typed "file://$SITE/ws/cards/My%20Stick"

ok world site_world ws ECp521mAES 1/1
generate() { at ws generatekey --generate --batch simple "$@"; }
no pubexp-in-decimal-is-not-another-number 'hexadecimal.*pubexp=10001' generate ident=k pubexp=65537
ok pubexp-is-shown-in-both-forms bash -c "$(declare -f generate at); $(declare -p SITE SITE_PREFIX); generate ident=k pubexp=10001 | grep -q ' 10001 (65537 in decimal)'"

# -- files that crossed another machine ----------------------------------------------------------------------

install() { # ANSWER: on a module of its own
	rm -rf "$SITE/fresh"
	cp -r "$SITE/requested" "$SITE/fresh" && hsmd --state="$SITE/fresh" --install-warrant="$1" --root="$(site_root_hash)"
}
warrant() { factory warrant --dir="$SITE/factory" "$1" -o "$2" --passphrase-from-fd=3 3<<<"$FACTORY_PASSPHRASE"; }
hsmd --state="$SITE/requested" --initialise --request="$SITE/request.der" >/dev/null 2>&1
openssl req -inform DER -in "$SITE/request.der" 2>/dev/null | sed '1s/^/\xef\xbb\xbf/; s/$/\r/' >"$SITE/request.pem"
ok factory-reads-a-request-from-windows warrant "$SITE/request.pem" "$SITE/warrant.pem"
sed 's/$/\r/' "$SITE/warrant.pem" >"$SITE/crlf.pem"
{ echo 'The warrant for your module:'; echo; cat "$SITE/warrant.pem"; echo; } >"$SITE/mail.pem"
iconv -f UTF-8 -t UTF-16 "$SITE/warrant.pem" >"$SITE/utf16.pem"
cat "$SITE/warrant.pem" "$SITE/warrant.pem" >"$SITE/twice.pem"
ok hsmd-installs-a-warrant-from-windows install "$SITE/crlf.pem"
ok hsmd-installs-a-warrant-out-of-a-mail install "$SITE/mail.pem"
{ printf 'The warrant for your module:\r\n\r\n'; sed '1s/^/\xef\xbb\xbf/; s/$/\r/' "$SITE/warrant.pem"; } >"$SITE/mail.pem"
ok hsmd-installs-a-warrant-from-windows-out-of-a-mail install "$SITE/mail.pem"
tr '\n' '\r' <"$SITE/warrant.pem" >"$SITE/cr.pem"
no hsmd-names-carriage-returns-alone 'a carriage return without a line feed' install "$SITE/cr.pem"
sign_in() { Add-AzureAccount -Credential a@b -Authority https://login.localhost:1/adfs -ResourceManager https://management.localhost:1 -CA "$1" -Password-From-FD 3 3<<<secret; }
no an-authority-in-utf16-is-named 'UTF-16 text: save it as UTF-8' sign_in "$SITE/utf16.pem"
no an-authority-in-utf8-is-no-obstacle 'localhost:1: .*onnect' sign_in "$SITE/crlf.pem"
no hsmd-names-utf16 'UTF-16 text: save it as UTF-8' install "$SITE/utf16.pem"
no hsmd-installs-no-third-certificate 'more than the root certificate and the warrant' install "$SITE/twice.pem"
passphrase() { rm -f "$SITE/again.pem"; factory warrant --dir="$SITE/factory" "$SITE/request.der" -o "$SITE/again.pem" --passphrase-from-fd=3 3< <(printf '%s' "$1"); }
no factory-refuses-a-passphrase-file-from-windows 'carriage return' passphrase "$FACTORY_PASSPHRASE"$'\r\n'
ok factory-takes-the-passphrase-without-a-line-end passphrase "$FACTORY_PASSPHRASE"
cp "$SITE/ws/kmdata/config/modules" "$SITE/modules"
sed -i '1s/^/\xef\xbb\xbf/; s/$/\r/' "$SITE/ws/kmdata/config/modules"
ok the-map-of-modules-may-come-from-windows at ws enquiry
cp "$SITE/modules" "$SITE/ws/kmdata/config/modules"

# -- a region, and packages that are damaged on their way ----------------------------------------------------

ok enrol-eu site_enrol eu
site_start eu "$(service eu)"
ok eu-world site_world eu ECp521mAES 1/1
certify() {
	at eu safeconduct region request EU --operator=$'Example\u202e Cloud' -o "$SITE/eu/request.der" &&
	factory certify-region --dir="$SITE/factory" "$SITE/eu/request.der" -o "$SITE/eu/region.cer" --passphrase-from-fd=3 3<<<"$FACTORY_PASSPHRASE" &&
	openssl x509 -inform DER -in "$SITE/eu/region.cer" | sed '1s/^/\xef\xbb\xbf/; s/$/\r/' >"$SITE/eu/region.pem"
}
region_request() { rm -f "$SITE/eu/request.der"; at eu safeconduct region request EU --operator=Example -o "$SITE/eu/request.der"; }
ok region-request-says-that-its-output-is-lost lost region_request
rm -f "$SITE/eu/request.der"
ok a-region-is-certified certify
ok a-region-certificate-from-windows-is-read site_quorum eu 1 safeconduct region init EU --certificate="$SITE/eu/region.pem"
ok a-region-is-published at eu safeconduct region publish EU -o "$published"
no a-region-that-does-not-exist-is-answered-with-those-that-do 'NA, EU, AP' at eu safeconduct region publish europe -o "$published"

modify() { site_quorum ws 1 KeyTransferRemote -ModifyAcls -KeyAppName simple -KeyIdentifier k $(packages EU) -SubscriptionId "{$subscription}"; }
from_windows() { at ws KeyTransferRemote -ModifyAcls -KeyAppName simple -KeyIdentifier k $(packages EU) --cards="$SITE/ws/cards/1" --pins-from-fd=3 3< <(pins 1 | sed 's/$/\r/'); }
no modify-acls-refuses-a-pin-file-from-windows 'Result: FAILURE.*carriage return' from_windows
ok and-the-right-pin-does-not-wait modify
ok an-operators-name-is-shown-harmlessly harmless modify
package() { (cd "$SITE" && at ws KeyTransferRemote -Package -KeyIdentifier k $(packages EU) -SubscriptionId "$subscription" -KeyFriendlyName good); }
ok package package
ok verifykeypackage-has-no-verdict-that-nobody-sees no_verdict at ws verifykeypackage -k "$published/BYOK-KEK-pkg-EU-1" -w "$published/BYOK-SecurityWorld-pkg-EU-1"
script() { at ws python3 "$root/python/verifykeypackage.py" -k "$published/BYOK-KEK-pkg-EU-1" -w "$published/BYOK-SecurityWorld-pkg-EU-1"; }
ok verifykeypackage.py-verifies-them script
ok verifykeypackage.py-has-no-verdict-that-nobody-sees no_verdict at ws python3 "$root/python/verifykeypackage.py" -k "$published/BYOK-KEK-pkg-EU-1" -w "$published/BYOK-SecurityWorld-pkg-EU-1"
mkdir "$SITE/bin" && : >"$SITE/bin/openssl"
no verifykeypackage.py-says-that-openssl-cannot-be-run 'Result: FAILURE.*the openssl program cannot be run' at ws env PATH="$SITE/bin" "$(python3 -c 'import sys; print(sys.executable)')" "$root/python/verifykeypackage.py" -k "$published/BYOK-KEK-pkg-EU-1" -w "$published/BYOK-SecurityWorld-pkg-EU-1"
free_ports() { python3 -c 'import socket; s = [socket.socket() for i in range(2)]; [t.bind(("127.0.0.1", 0)) for t in s]; print(*[t.getsockname()[1] for t in s])'; }
read -r signin_port vault_port < <(free_ports)
init() {
	rm -rf "$SITE/init"
	safeconduct init --dir="$SITE/init" --signin-port="$signin_port" --vault-port="$vault_port" --signin-module="$SITE/ws/signind" --vault-module="$SITE/ws/vaultd" --region="EU:$SITE/eu/service:$published/regions/EU"
}
ok init init
ok init-says-that-its-output-is-lost lost init
no init-says-that-its-secrets-are-lost-in-a-broken-pipe 'the secrets could not be printed and are lost: remove .*Broken pipe' unread init
ok verifykeypackage-shows-the-operator-harmlessly harmless at ws verifykeypackage -k "$published/BYOK-KEK-pkg-EU-1" -w "$published/BYOK-SecurityWorld-pkg-EU-1"
ok kmfile-dump-says-that-its-output-is-lost lost kmfile-dump "$SITE/ws/kmdata/local/world"
ok kmfile-dump-shows-a-package-harmlessly harmless kmfile-dump "$published/BYOK-SecurityWorld-pkg-EU-1"

byok=$SITE/TransferPackage-good.byok

# What each program that makes something has to say of it. What an earlier run made is removed first.
local_=$SITE/ws/kmdata/local
again() { # FILE COMMAND…
	rm -rf "$1"
	"${@:2}"
}
make_key() { rm -f "$local_"/key_simple_lost*; generate ident=lost; }
ok generatekey-says-that-its-output-is-lost lost make_key
ok modify-acls-has-no-verdict-that-nobody-sees no_verdict again "$local_/key_xferacld_k" modify
ok package-has-no-verdict-that-nobody-sees no_verdict again "$byok" package
ok package-again again "$byok" package
warrant_again() { rm -f "$SITE/again.pem"; warrant "$SITE/request.pem" "$SITE/again.pem"; }
ok factory-warrant-says-that-its-output-is-lost lost warrant_again
certify_again() {
	rm -f "$SITE/again.pem"
	factory certify-region --dir="$SITE/factory" "$SITE/eu/request.der" -o "$SITE/again.pem" --passphrase-from-fd=3 3<<<"$FACTORY_PASSPHRASE"
}
ok certify-region-says-that-its-output-is-lost lost certify_again
publish_again() { at eu safeconduct region publish EU -o "$published"; }
ok region-publish-says-that-its-output-is-lost lost publish_again
toolset() { rm -rf "$SITE/zips"; mkdir "$SITE/zips"; at eu safeconduct toolset build EU --packages="$published" -o "$SITE/zips" --script="$root/python/verifykeypackage.py"; }
ok toolset-build-says-that-its-output-is-lost lost toolset
factory_init() { rm -rf "$SITE/other"; factory init --dir="$SITE/other" --name=Other --passphrase-from-fd=3 3<<<"$FACTORY_PASSPHRASE"; }
ok factory-init-says-that-its-output-is-lost lost factory_init
received() { module-client import "$SITE/eu/service" "$published/regions/EU/kek.blob" "$byok" $subscription "$SITE/blob" "$SITE/receipt"; }
ok import received
ok verifyreceipt-has-no-verdict-that-nobody-sees no_verdict at ws verifyreceipt "$SITE/receipt" --key=key_simple_k --package="$byok"
damaged() { # HOW: prints the package, damaged
	case $1 in
	cut) head -c 2000 "$byok" ;;
	longer) cat "$byok"; echo ;;
	base64) base64 "$byok" ;;
	text-mode) sed 's/$/\r/' "$byok" ;;
	newer-method) printf '{"schema_version":"1.0.0","header":{"alg":"dir","enc":"CKM_RSA_AES_KEY_WRAP"}}' ;;
	pem) cat "$SITE/ws/kmdata/local/key_simple_k.pem" ;;
	zip) printf 'PK\003\004the rest' ;;
	html) printf '<!DOCTYPE html><title>404</title>' ;;
	another) cat "$published/BYOK-KEK-pkg-EU-1" ;;
	empty) ;;
	esac
}
describe() { damaged "$1" >"$SITE/$1.byok"; Add-AzureKeyVaultKey -VaultName x -Name y -Destination HSM -KeyFilePath "$SITE/$1.byok"; }
no a-package-that-is-cut-is-said-to-be "cut short: 2000 of $(stat -c %s "$byok") bytes" describe cut
no a-package-that-is-longer-is-said-to-be '1 more bytes after its end' describe longer
no a-package-in-base64-is-said-to-be 'base64 text' describe base64
no a-package-sent-in-text-mode-is-said-to-be 'text mode' describe text-mode
no a-package-of-the-newer-method-is-said-to-be 'CKM_RSA_AES_KEY_WRAP' describe newer-method
no a-public-key-is-no-package 'PEM text \(PUBLIC KEY\)' describe pem
no a-zip-is-no-package 'zip archive' describe zip
no an-error-page-is-no-package 'HTML' describe html
no a-package-of-another-kind-is-named 'another kind of file: .*statement' describe another
no an-empty-package-is-said-to-be 'an empty file' describe empty
# verifiers NAME WORDS FILE: both say so of a file that is given as a package.
verifiers() {
	local program
	for program in verifykeypackage "python3 $root/python/verifykeypackage.py"; do
		no "${program##*/}-$1" "not a Key Exchange Key package: $2" at ws $program -k "$3" -w "$published/BYOK-SecurityWorld-pkg-EU-1"
	done
}
verifiers names-a-transfer-package 'another kind of file: transfer package' "$byok"
verifiers names-a-key-file 'another kind of file: key file' "$SITE/ws/kmdata/local/key_simple_k"
verifiers names-a-world-file 'another kind of file: world file' "$SITE/ws/kmdata/local/world"
verifiers names-a-card 'another kind of file: administrator card' "$SITE/ws/cards/1/safeconduct-card"
verifiers names-a-region-request 'another kind of file: region request' "$SITE/eu/request.der"
verifiers names-a-certificate 'another kind of file: region certificate' "$SITE/eu/region.cer"
verifies() { head -c 1000 "$published/BYOK-KEK-pkg-EU-1" >"$SITE/kek"; at ws verifykeypackage -k "$SITE/kek" -w "$published/BYOK-SecurityWorld-pkg-EU-1"; }
no verifykeypackage-describes-a-damaged-package 'Result: FAILURE: .*cut short: 1000 of' verifies
script() { damaged "$1" >"$SITE/$1.pkg"; at ws python3 "$root/python/verifykeypackage.py" -k "$SITE/$1.pkg" -w "$published/BYOK-SecurityWorld-pkg-EU-1"; }
byok=$published/BYOK-KEK-pkg-EU-1
no verifykeypackage.py-says-that-a-package-is-cut "KEK statement: .*not a Key Exchange Key package: cut short: 2000 of $(stat -c %s "$byok") bytes" script cut
no verifykeypackage.py-says-that-a-package-is-longer '1 more bytes after its end' script longer
no verifykeypackage.py-says-that-a-package-is-base64 'base64 text' script base64
no verifykeypackage.py-says-that-a-package-was-sent-in-text-mode 'text mode' script text-mode
no verifykeypackage.py-says-that-a-zip-is-no-package 'zip archive' script zip
no verifykeypackage.py-says-that-pem-is-no-package 'PEM text' script pem
no verifykeypackage.py-says-that-an-error-page-is-no-package 'HTML' script html
no verifykeypackage.py-says-that-a-package-is-empty 'an empty file' script empty

# -- standard descriptors that are closed --------------------------------------------------------------------

# Rule P9: no file gets the number of a closed descriptor, and with it what is printed or logged.
without() { # DESCRIPTORS COMMAND…
	local fd descriptors=$1
	shift
	(
		for fd in $descriptors; do eval "exec $fd>&-"; done
		"$@"
	)
}
inputs=$SITE/inputs
mkdir "$inputs"
cp "$published"/BYOK-*-pkg-EU-1 "$SITE/TransferPackage-good.byok" "$SITE/receipt" "$local_/world" "$local_/key_simple_k" "$local_/key_simple_k.pem" "$SITE/factory/root.pem" "$inputs/"
contents() { (cd "$inputs" && find . -type f -exec sha256sum {} + | sort -k 2); }
before=$(contents)
# reads COMMAND…: whatever is closed, what it reads stays as it was, and nothing else is made there.
reads() {
	local closed
	for closed in 0 1 2 '0 1' '0 2' '1 2' '0 1 2'; do
		without "$closed" "$@" >/dev/null 2>&1 </dev/null
		[ "$(contents)" = "$before" ] || { echo "$1 without $closed wrote into a file"; return 1; }
	done
}
pair="-k $inputs/BYOK-KEK-pkg-EU-1 -w $inputs/BYOK-SecurityWorld-pkg-EU-1"
for program in $programs; do
	ok "$program-with-closed-descriptors-writes-nothing" reads env -C "$inputs" $(type -P "$program" || echo "python3 $root/python/verifykeypackage.py") \
		"--config=$inputs/world" "--dir=$inputs" "$inputs/world"
done
ok enquiry-with-closed-descriptors-writes-nothing reads at ws enquiry
ok get-filehash-with-closed-descriptors-writes-nothing reads Get-FileHash "$inputs/world"
ok kmfile-dump-with-closed-descriptors-writes-nothing reads kmfile-dump "$inputs/world"
ok verifykeypackage-with-closed-descriptors-writes-nothing reads at ws verifykeypackage $pair
ok verifykeypackage.py-with-closed-descriptors-writes-nothing reads at ws python3 "$root/python/verifykeypackage.py" $pair
ok verifyreceipt-with-closed-descriptors-writes-nothing reads at ws verifyreceipt "$inputs/receipt" --public-key="$inputs/key_simple_k.pem" --package="$inputs/TransferPackage-good.byok"
ok factory-with-closed-descriptors-writes-nothing reads factory root-hash --dir="$inputs"
# What a program makes is whole, whatever is closed.
makes_keys() {
	local closed
	for closed in 0 1 2 '0 1' '0 2' '1 2' '0 1 2'; do
		rm -f "$local_"/key_simple_closed*
		without "$closed" generate ident=closed >/dev/null 2>&1 </dev/null
		kmfile-dump "$local_/key_simple_closed" >/dev/null && openssl pkey -pubin -in "$local_/key_simple_closed.pem" -noout || { echo "without $closed"; return 1; }
	done
}
ok generatekey-with-closed-descriptors-makes-whole-files makes_keys
initialises() {
	local closed
	for closed in 0 1 2 '0 1' '0 2' '1 2' '0 1 2'; do
		rm -rf "$SITE/closed"
		without "$closed" hsmd --state="$SITE/closed" --initialise --request="$SITE/closed.der" >/dev/null 2>&1 </dev/null
		[ -f "$SITE/closed/lock" ] && [ ! -s "$SITE/closed/lock" ] && openssl req -inform DER -in "$SITE/closed.der" -noout || { echo "without $closed"; return 1; }
		rm -f "$SITE/closed.der"
	done
}
ok hsmd-with-closed-descriptors-makes-whole-files initialises
# serves NAME COMMAND…: a daemon that is ready has no file under a closed number, and logs into none of its files. Only
# root may look at the numbers of hsmd.
mkfifo "$SITE/ready"
serves() {
	local name=$1 closed fd pid said taken=
	shift
	for closed in 2 '1 2' '0 1 2'; do
		(
			for fd in $closed; do eval "exec $fd>&-"; done
			exec "$@" --ready-fd=9
		) 9>"$SITE/ready" >/dev/null 2>&1 </dev/null &
		pid=$!
		read -r said <"$SITE/ready"
		for fd in $closed; do
			case $(readlink "/proc/$pid/fd/$fd") in '' | /dev/null) ;; *) taken+=" $fd" ;; esac
		done
		kill "$pid"
		wait "$pid"
		[ "$said" = READY ] || { echo "$name is not ready without $closed"; return 1; }
		[ -z "$taken" ] || { echo "$name without $closed opens something as$taken"; return 1; }
		! grep -rlE "$name(\\[[0-9]+\\])?: (error|warning|notice|info)" "$SITE/init" "$SITE/closed" || { echo "without $closed"; return 1; }
	done
}
ok signind-with-closed-descriptors-logs-into-no-file serves signind signind --config="$SITE/init/signind/signind.conf"
ok vaultd-with-closed-descriptors-logs-into-no-file serves vaultd vaultd --config="$SITE/init/vaultd/vaultd.conf"
ok hsmd-with-closed-descriptors-logs-into-no-file serves hsmd hsmd --state="$SITE/closed" --socket="role=use,path=$SITE/closed.socket"
finish
