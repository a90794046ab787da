#!/bin/bash
# The scanner of process memory, before anything is concluded from what it does not find.
exec "${SC_BUILD:-$(dirname "$0")/../../build}/tests/attack/memory-scan" --self-test
