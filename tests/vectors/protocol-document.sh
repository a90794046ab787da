#!/bin/bash
# The tables of docs/module-protocol.md are those of the headers that both sides are compiled from.
cd "$(dirname "$0")/../.." || exit 1
if why=$(scripts/protocol-tables --check 2>&1); then
	echo "ok protocol-document"
else
	echo "FAIL protocol-document: $why"
	exit 1
fi
