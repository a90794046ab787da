#!/usr/bin/env python3
"""Measures what one RSA-2048 decryption costs through HTTPS, in CPU time of the processes PID…:

    bench/https.py VAULT KEY CIPHER COUNT BARE PID…

It sends one request at a time over one connection that it keeps open, and prints the median of five rounds of
COUNT requests. The client's own time is not counted. BARE is the time that bench-module measured for libcrypto
alone in the same run, in microseconds.
"""

import glob
import os
import statistics
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "journey"))
import clients  # noqa: E402

ROUNDS = 5


def cpu(pids):
    """CPU time of all threads of these processes, in microseconds."""
    total = 0
    for pid in pids:
        for path in glob.glob("/proc/%s/task/*/schedstat" % pid):
            with open(path) as file:
                total += int(file.read().split()[0])
    return total / 1000.0


def main():
    if len(sys.argv) < 7:
        sys.exit(__doc__)
    vault, key, cipher, count = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
    bare = float(sys.argv[5])
    pids = sys.argv[6:]
    with open(cipher, "rb") as file:
        body = {"alg": "RSA-OAEP-256", "value": clients.url64(file.read())}
    token = clients.vault_token()
    service = clients.Service(clients.vault_url(vault))
    path = "/keys/%s//decrypt?api-version=%s" % (key, clients.API)
    clients.must("warm-up", service.call("POST", path, body, token))
    rounds = []
    for _ in range(ROUNDS):
        before = cpu(pids)
        for _ in range(count):
            clients.must("decrypt", service.call("POST", path, body, token))
        rounds.append((cpu(pids) - before) / count)
    measured = statistics.median(rounds)
    print("%-44s %7.1f us %7.1f us %7.2f" % ("RSA-2048 decrypt (OAEP-256) through HTTPS", measured, bare, measured / bare))


if __name__ == "__main__":
    main()
