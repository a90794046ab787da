"""Runs verifykeypackage.py's main() once for every line of standard input, which names the two packages.

Starting Python takes longer than verifying, so a test that tries hundreds of packages starts it only once. A line
"Exit: <status>" follows what the script printed.
"""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(sys.argv[1]))

import verifykeypackage  # noqa: E402  (its folder is not known earlier)

for line in sys.stdin:
    kek, world = line.split()
    print("Exit: %d" % verifykeypackage.main(["-k", kek, "-w", world]), flush=True)
