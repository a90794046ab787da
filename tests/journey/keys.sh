#!/bin/bash
# Keys of every type: generatekey makes them and imports them, in batch and question by question. A key from outside is
# taken if it is sound, and marked for good. Killed (kill -9), generatekey leaves a whole key or none.
# SC_KILLS: how many times (default 20).
. "$(dirname "$0")/lib.sh"

ok factory site_factory 'Example Manufacturing'
ok enrol site_enrol ws
site_start ws
ok world site_world ws ECp521mAES 1/1
local_=$SITE/ws/kmdata/local
generate() { at ws generatekey --generate --batch simple "$@"; }
dump() { kmfile-dump "$local_/key_simple_$1"; }
# is_of_type IDENT TYPE ORIGIN
is_of_type() { dump "$1" >"$SITE/dump" && grep -q "^ type *$2$" "$SITE/dump" && grep -q "^ origin *$3$" "$SITE/dump"; }
hash_of_pem() { openssl pkey -pubin -in "$local_/key_simple_$1.pem" -outform DER | sha256sum | cut -d' ' -f1; }

# -- generated -----------------------------------------------------------------------------------------------

makes() { # IDENT TYPE PARAMETER…
	generate ident="$1" "${@:3}" >"$SITE/said" && is_of_type "$1" "$2" generated
}
has_public_key() { grep -q "SHA-256 of its public key: $(hash_of_pem "$1")" "$SITE/said"; }
for row in 'p256 EC-P-256 NISTP256' 'p384 EC-P-384 NISTP384' 'p521 EC-P-521 NISTP521' 'k256 EC-P-256K SECP256k1'; do
	read -r ident type curve <<<"$row"
	ok "makes-$type" makes $ident $type type=EC curve=$curve
	ok "$type-has-openssl's-hash" has_public_key $ident
done
ok makes-RSA-3072 makes rsa RSA-3072 type=RSA size=3072 pubexp=
for size in 128 192 256; do ok makes-AES-$size makes aes$size AES-$size type=AES size=$size; done
for size in 256 384 512; do ok makes-HMAC-$size makes hmac$size HMAC-$size type=HMAC size=$size; done
ok a-secret-key-has-no-public-file [ ! -e "$local_/key_simple_aes256.pem" ]
ok a-secret-keys-hash-is-printed grep -q "^ key hash *$(sed -n 's/^Key hash: //p' "$SITE/said")" <(dump hmac512)
no a-key-is-never-overwritten 'already exists' generate ident=aes256 type=AES
no a-curve-is-for-EC-keys 'has no curve' generate ident=none type=AES curve=NISTP256
no protect-token-has-its-reason 'OCS-protected' generate ident=none protect=token

# -- question by question ------------------------------------------------------------------------------------

# answers ANSWER…: generatekey at a terminal; each answer after its question.
answers() {
	NFAST_KMDATA=$SITE/ws/kmdata python3 - "$@" <<'PY'
import os, pty, select, sys
pid, fd = pty.fork()
if pid == 0:
    os.execvp("generatekey", ["generatekey", "--generate", "simple"])
seen, answers = b"", sys.argv[1:]
while select.select([fd], [], [], 60)[0]:
    try: data = os.read(fd, 4096)
    except OSError: break
    if not data: break
    seen += data
    if seen.endswith(b"] > ") and answers:
        os.write(fd, answers.pop(0).encode() + b"\r")
print(seen.decode(errors="replace"))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
PY
}
asked() { answers '' EC '' asked '' '' >"$SITE/said" && is_of_type asked EC-P-256 generated; }
ok each-parameter-is-asked-for-with-its-default asked
ok the-choices-are-shown grep -q 'curve: Elliptic curve? (NISTP256, NISTP384, NISTP521, SECP256k1) \[NISTP256\]' "$SITE/said"
ok no-size-is-asked-for-an-EC-key sh -c "! grep -q 'size: Key size?' '$SITE/said'"
asked_again() { answers '' AES 512 192 again '' '' >"$SITE/said" && is_of_type again AES-192 generated; }
ok a-wrong-answer-is-asked-for-again asked_again

# -- imported ------------------------------------------------------------------------------------------------

import() { # FILE PARAMETER…
	at ws generatekey --import --batch --key-from-fd=3 simple "${@:2}" 3<"$1"
}
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$SITE/rsa.pem" 2>/dev/null
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out "$SITE/ec.pem"
openssl pkcs8 -topk8 -nocrypt -in "$SITE/ec.pem" -outform DER -out "$SITE/ec.der"
openssl pkcs8 -topk8 -in "$SITE/ec.pem" -passout pass:secret -out "$SITE/locked.pem"
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out "$SITE/short.pem" 2>/dev/null
openssl genpkey -algorithm ED25519 -out "$SITE/ed.pem"
head -c 32 /dev/urandom >"$SITE/secret"
head -c 15 /dev/urandom >"$SITE/short"
: >"$SITE/empty"
imports() { import "$SITE/$3" ident="$1" "${@:4}" >"$SITE/said" && is_of_type "$1" "$2" imported-in-clear; }
same_key() { [ "$(hash_of_pem "$1")" = "$(openssl pkey -in "$SITE/$2" -pubout -outform DER | sha256sum | cut -d' ' -f1)" ]; }
ok imports-an-rsa-key imports irsa RSA-2048 rsa.pem type=RSA
ok it-is-the-same-key same_key irsa rsa.pem
ok imports-an-ec-key imports iec EC-P-384 ec.pem type=EC
ok imports-an-ec-key-in-der imports ider EC-P-384 ec.der type=EC curve=NISTP384
ok imports-an-aes-key imports iaes AES-256 secret type=AES
ok imports-an-hmac-key imports ihmac HMAC-256 secret type=HMAC
ok the-same-bytes-have-another-hash [ "$(dump iaes | grep "^ key hash")" != "$(dump ihmac | grep "^ key hash")" ]
no another-type-than-was-said 'not what was asked for' import "$SITE/ec.pem" ident=none type=RSA
no another-curve-than-was-said 'not what was asked for' import "$SITE/ec.pem" ident=none type=EC curve=NISTP256
no another-size-than-was-said '16, 24 or 32' import "$SITE/secret" ident=none type=AES size=128
no a-passphrase-is-not-asked-for 'without a passphrase' import "$SITE/locked.pem" ident=none type=EC
no a-short-rsa-key 'not supported' import "$SITE/short.pem" ident=none type=RSA
no another-algorithm 'not supported' import "$SITE/ed.pem" ident=none type=EC
no a-short-secret '16, 24 or 32' import "$SITE/short" ident=none type=AES
no an-empty-file 'is empty' import "$SITE/empty" ident=none type=RSA
no not-a-key 'not a private key' import "$root/LICENSE" ident=none type=RSA
no a-public-key 'not a private key' import "$local_/key_simple_irsa.pem" ident=none type=RSA
head -c 40000 /dev/zero >"$SITE/long"
no a-long-file 'longer than' import "$SITE/long" ident=none type=AES
no imported-over-another 'already exists' import "$SITE/rsa.pem" ident=irsa type=RSA
ok nothing-was-written-for-what-was-refused [ ! -e "$local_/key_simple_none" ]

# -- kill -9 -------------------------------------------------------------------------------------------------

kills=${SC_KILLS:-20}
kill_generatekey() {
	local i made=0
	for i in $(seq "$kills"); do
		NFAST_KMDATA=$SITE/ws/kmdata timeout -s KILL "0.$(printf %04d $((RANDOM % 600)))" \
			generatekey --generate --batch simple type=EC ident=killed$i >/dev/null 2>&1
		if [ -e "$local_/key_simple_killed$i" ]; then made=$((made + 1)); else generate type=EC ident=killed$i >/dev/null || return; fi
		is_of_type killed$i EC-P-256 generated && openssl pkey -pubin -in "$local_/key_simple_killed$i.pem" -noout || return
	done
	echo "$made of $kills were made before the kill"
}
ok killed-generatekey-leaves-a-whole-key-or-none kill_generatekey
finish
