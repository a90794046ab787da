#!/bin/bash
# Compares docs/module-protocol.md with the real hsmd, with a client that was written from the documents alone
# (protocol_client.py). Only modules and their warrants are made by our programs; everything else, from three
# blank cards to an imported key, goes through the sockets.
#   raw   without a warrant        ws   the customer's        eu   the region's        late   whose disk fails
. "$(dirname "$0")/lib.sh"

site_factory 'Test Manufacturing'
mkdir "$SITE/raw"
ok raw-module hsmd --state="$SITE/raw/state" --initialise
for module in ws eu late; do site_enrol $module; done
for module in raw ws late; do site_start $module "$(service $module)"; done
site_start eu "$(service eu)" "$(site_socket eu vaultd tls tls tls)" "$(site_socket eu signind token token token)"
export FACTORY_PASSPHRASE
PYTHONDONTWRITEBYTECODE=1 python3 "$here/protocol.py" "$SITE" | tee "$SITE/lines"
status=${PIPESTATUS[0]}
passed=$((passed + $(grep -c '^ok ' "$SITE/lines")))
failed=$((failed + $(grep -c '^FAIL ' "$SITE/lines")))
[ "$status" = 0 ] || [ "$failed" -gt 0 ] || ok protocol.py-ended-well false
finish
