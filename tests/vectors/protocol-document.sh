#!/bin/bash
# Checks that the tables in docs/module-protocol.md, and the numbers in its text, match the headers that both sides are
# compiled from.
cd "$(dirname "$0")/../.." || exit 1
if why=$(scripts/protocol-tables --check 2>&1); then
	echo "ok protocol-document"
else
	echo "FAIL protocol-document: $why"
	exit 1
fi
