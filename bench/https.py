#!/usr/bin/env python3
"""Measures what requests to a vault cost, in CPU time of the processes PID…:

    bench/https.py VAULT KEY CIPHER SECONDS MODULE PID…

wrk sends each kind of request for SECONDS over 1, 16 and 64 connections that it keeps open. Its own time is not
counted. Each line has the CPU time per request, its ratio to the operation in bare libcrypto, and the requests per
second. MODULE is the file of what bench-module
printed in the same run, which has the bare costs. The first kind of request is the
floor: vaultd answers it without a token, a key or a module.
"""

import base64
import glob
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from urllib.parse import urlsplit

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "journey"))
import clients  # noqa: E402

CONNECTIONS = (1, 16, 64)


def cpu(pids):
    """CPU time of all threads of these processes, in microseconds."""
    total = 0
    for pid in pids:
        for path in glob.glob("/proc/%s/task/*/schedstat" % pid):
            with open(path) as file:
                total += int(file.read().split()[0])
    return total / 1000.0


def lua(text):
    return "[==[%s]==]" % text


def script(directory, host, token, method, body):
    """A wrk script that sends one request again and again."""
    path = os.path.join(directory, "request.lua")
    with open(path, "w") as file:
        file.write("wrk.method = %s\n" % lua(method))
        file.write('wrk.headers["Host"] = %s\n' % lua(host))
        if token:
            file.write('wrk.headers["Authorization"] = %s\n' % lua("Bearer " + token))
        if body:
            file.write('wrk.headers["Content-Type"] = "application/json"\n')
            file.write("wrk.body = %s\n" % lua(json.dumps(body)))
    return path


def load(url, lua_file, connections, seconds):
    """Runs wrk; returns how many requests were answered, and how many per second."""
    run = subprocess.run(["wrk", "-t", "1", "-c", str(connections), "-d", "%ds" % seconds, "-s", lua_file, url],
                         capture_output=True, text=True)
    answered = re.search(r"(\d+) requests in", run.stdout)
    rate = re.search(r"Requests/sec:\s*([\d.]+)", run.stdout)
    if run.returncode or not answered or not rate or not int(answered.group(1)):
        sys.exit("wrk failed:\n%s%s" % (run.stdout, run.stderr))
    return int(answered.group(1)), float(rate.group(1)), "Non-2xx" in run.stdout or "Socket errors" in run.stdout


def main():
    if len(sys.argv) < 7:
        sys.exit(__doc__)
    vault, key, cipher, seconds = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
    bare = {line.split()[1]: float(line.split()[-3]) for line in open(sys.argv[5]) if line.startswith("RSA-2048")}
    pids = sys.argv[6:]
    with open(cipher, "rb") as file:
        sealed = clients.url64(file.read())
    digest = base64.urlsafe_b64encode(hashlib.sha256(b"a message").digest()).rstrip(b"=").decode()
    at = urlsplit(clients.vault_url(vault))
    token = clients.vault_token()
    version = "api-version=" + clients.API
    kinds = (
        ("nothing (404)", "GET", "/nothing", None, None, 0),
        ("get", "GET", "/keys/%s/?%s" % (key, version), token, None, 0),
        ("sign (RS256)", "POST", "/keys/%s//sign?%s" % (key, version), token,
         {"alg": "RS256", "value": digest}, bare["sign"]),
        ("decrypt (OAEP-256)", "POST", "/keys/%s//decrypt?%s" % (key, version), token,
         {"alg": "RSA-OAEP-256", "value": sealed}, bare["decrypt"]),
    )
    print("%-32s %12s %13s %10s %12s" % ("through HTTPS", "connections", "CPU", "x bare", "per second"))
    with tempfile.TemporaryDirectory() as directory:
        for name, method, path, bearer, body, floor in kinds:
            lua_file = script(directory, at.netloc, bearer, method, body)
            url = "https://127.0.0.1:%d%s" % (at.port, path)
            load(url, lua_file, 1, 1)
            for connections in CONNECTIONS:
                before = cpu(pids)
                answered, rate, is_refused = load(url, lua_file, connections, seconds)
                if is_refused and bearer:
                    sys.exit("%s: not every request was answered with success" % name)
                each = (cpu(pids) - before) / answered
                ratio = "%10.2f" % (each / floor) if floor else "%10s" % "-"
                print("%-32s %12d %10.1f us %s %12.0f" % (name, connections, each, ratio, rate))


if __name__ == "__main__":
    main()
