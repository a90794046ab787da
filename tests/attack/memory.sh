#!/bin/bash
# Tests the scanner of process memory itself, before anyone relies on what it does not find.
exec "${SC_BUILD:-$(dirname "$0")/../../build}/tests/attack/memory-scan" --self-test
