#!/usr/bin/env python3
"""Presses vaultd's audit log: a flood of refused tokens, and a disk that is full.

    audit.py flood COUNT         refuses COUNT requests without a valid token, while an honest client works
    audit.py full BYTES SECONDS  lets the log grow by BYTES and no more; an honest client works for SECONDS

Prints "ok NAME" or "FAIL NAME: why" for each promise. The second leaves the disk full. It prints how many requests
were answered with 200 and with 503 in the file COUNTS. From the environment: LOGIN_PORT, VAULT_PORT, CA, USER_NAME,
PASSWORD, LOG (the audit log), PID (vaultd's), COUNTS.
"""

import json
import os
import resource
import socket
import ssl
import sys
import threading
import time
import urllib.parse

CLIENT_ID = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"  # the Azure CLI's own public client
LOG, PID = os.environ["LOG"], int(os.environ["PID"])
ARM = "management.localhost:" + os.environ["VAULT_PORT"]
# A long name makes a long line, if each refusal has one.
REFUSED = ("GET /subscriptions/%s?api-version=2019-11-01 HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer a.b\r\n\r\n" %
           ("%22" * 360, ARM)).encode()
BATCH = 20
context = ssl.create_default_context(cafile=os.environ["CA"])


def promise(name, holds, why=""):
    print("ok %s" % name if holds else "FAIL %s: %s" % (name, why), flush=True)


class Client:
    """One persistent connection."""

    def __init__(self, host, port):
        plain = socket.create_connection(("127.0.0.1", int(port)), 60)
        self.connection = context.wrap_socket(plain, server_hostname=host)
        self.text = b""

    def answer(self):
        """The next answer's status and body."""
        while b"\r\n\r\n" not in self.text:
            self.receive()
        head, self.text = self.text.split(b"\r\n\r\n", 1)
        length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        while len(self.text) < length:
            self.receive()
        body, self.text = self.text[:length], self.text[length:]
        return int(head.split()[1]), body

    def receive(self):
        piece = self.connection.recv(65536)
        if not piece:
            raise ConnectionError("the connection was closed")
        self.text += piece

    def ask(self, request, count=1):
        """The statuses of the answers to `count` requests sent at once, and the last body."""
        self.connection.sendall(request * count)
        answers = [self.answer() for _ in range(count)]
        return [status for status, _ in answers], answers[-1][1]


def sign_in():
    form = urllib.parse.urlencode({"resource": "https://%s/" % ARM, "grant_type": "password", "client_id": CLIENT_ID,
                                   "username": os.environ["USER_NAME"], "password": os.environ["PASSWORD"]})
    port = os.environ["LOGIN_PORT"]
    _, body = Client("login.localhost", port).ask((
        "POST /adfs/oauth2/token HTTP/1.1\r\nHost: login.localhost:%s\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        "Content-Length: %d\r\n\r\n%s" % (port, len(form), form)).encode())
    return json.loads(body)["access_token"]


class Honest(threading.Thread):
    """Lists the subscriptions, again and again. `statuses` has how often each status was the answer."""

    def __init__(self, token):
        super().__init__(daemon=True)
        self.client = Client("management.localhost", os.environ["VAULT_PORT"])
        self.request = ("GET /subscriptions?api-version=2019-11-01 HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n"
                        "x-ms-client-request-id: an-honest-client\r\n\r\n" % (ARM, token)).encode()
        self.statuses = {}
        self.ends = False
        self.failure = None

    def once(self):
        (status,), _ = self.client.ask(self.request)
        self.statuses[status] = self.statuses.get(status, 0) + 1
        return status

    def run(self):
        try:
            while not self.ends:
                self.once()
                time.sleep(0.002)
        except OSError as failure:
            self.failure = failure


def flood(count):
    honest = Honest(sign_in())
    honest.once()
    size = os.stat(LOG).st_size
    honest.start()
    clients = [Client("management.localhost", os.environ["VAULT_PORT"]) for _ in range(4)]
    statuses = {}
    while sum(statuses.values()) < count:
        for client in clients:
            client.connection.sendall(REFUSED * BATCH)
        for client in clients:
            for _ in range(BATCH):
                status = client.answer()[0]
                statuses[status] = statuses.get(status, 0) + 1
    honest.ends = True
    honest.join()
    grown = os.stat(LOG).st_size - size
    answered = sum(honest.statuses.values())
    print("refusals %s, honest requests %s; the log has grown by %d bytes" % (statuses, honest.statuses, grown))
    promise("each-refused-token-is-told", set(statuses) == {401}, statuses)
    promise("a-flood-of-refusals-has-no-honest-request-refused", set(honest.statuses) == {200} and not honest.failure,
            honest.failure or honest.statuses)
    promise("a-flood-of-refusals-makes-few-lines", grown < 1024 * (answered + 10), "%d bytes" % grown)
    with open(os.environ["COUNTS"], "w", encoding="ascii") as file:
        file.write("%d\n" % statuses.get(401, 0))


def honest_lines():
    with open(LOG, encoding="utf-8") as log:
        return log.read().count('"an-honest-client"')


def full(room, seconds):
    honest = Honest(sign_in())
    before = honest_lines()
    honest.once()
    end = time.monotonic() + 60
    while honest_lines() == before and time.monotonic() < end:
        time.sleep(0.05)
    promise("an-honest-request-has-a-line", honest_lines() > before, "none after a minute")
    limit = os.stat(LOG).st_size + room
    resource.prlimit(PID, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    honest.statuses = {}
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        honest.once()
        time.sleep(0.01)
    with open(os.environ["COUNTS"], "w", encoding="ascii") as file:
        file.write("%d %d\n" % (honest.statuses.get(200, 0), honest.statuses.get(503, 0)))
    promise("a-full-disk-answers-nothing-else", set(honest.statuses) <= {200, 503}, honest.statuses)


if sys.argv[1] == "flood":
    flood(int(sys.argv[2]))
else:
    full(int(sys.argv[2]), float(sys.argv[3]))
