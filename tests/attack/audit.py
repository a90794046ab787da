#!/usr/bin/env python3
"""Presses vaultd's audit log: a flood of refused tokens, a disk that is full, and one whose syncs hang.

    audit.py flood COUNT       refuses COUNT requests without a valid token, while an honest client works
    audit.py full BYTES 200 503
                               lets the log grow by BYTES and no more; an honest client works until so many requests
                               were answered with each of the two statuses
    audit.py late GROUP        lets a sync hang until a change of a resource group was answered
    audit.py stop GROUP COUNT  ends vaultd while a sync hangs and COUNT changes wait, of GROUP-0, GROUP-1, …

Prints "ok NAME" or "FAIL NAME: why" for each promise. "full" leaves the disk full. It prints how many requests
were answered with 200 and with 503 in the file COUNTS. From the environment: LOGIN_PORT, VAULT_PORT, CA, USER_NAME,
PASSWORD, SUBSCRIPTION, LOG (the audit log), PID (vaultd's), COUNTS, and SYNC_HANGS: while this file exists, syncs do
not end.
"""

import glob
import json
import os
import resource
import select
import signal
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
# Longer than the lines of a gap and of the end are, so that there is a room for those that no decision has.
HONEST = "an-honest-client-" + "x" * 100
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
                        "x-ms-client-request-id: %s\r\n\r\n" % (ARM, token, HONEST)).encode()
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


def log_size():
    """Of all segments: one may end with the day."""
    return sum(os.stat(name).st_size for name in glob.glob(LOG + ".[0-9]*") + [LOG])


def wait_until(has_happened, what):
    for _ in range(6000):
        if has_happened():
            return
        time.sleep(0.01)
    raise TimeoutError(what + " within a minute")


def flood(count):
    honest = Honest(sign_in())
    honest.once()
    size = log_size()
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
    grown = log_size() - size
    answered = sum(honest.statuses.values())
    print("refusals %s, honest requests %s; the log has grown by %d bytes" % (statuses, honest.statuses, grown))
    promise("each-refused-token-is-told", set(statuses) == {401}, statuses)
    promise("a-flood-of-refusals-has-no-honest-request-refused", set(honest.statuses) == {200} and not honest.failure,
            honest.failure or honest.statuses)
    promise("a-flood-of-refusals-makes-few-lines", grown < 1024 * (answered + 10), "%d bytes" % grown)
    with open(os.environ["COUNTS"], "w", encoding="ascii") as file:
        file.write("%d\n" % statuses.get(401, 0))


def full(room, answered, refused):
    honest = Honest(sign_in())
    size = log_size()
    honest.once()
    wait_until(lambda: log_size() > size, "the first line was not written")
    limit = os.stat(LOG).st_size + room
    resource.prlimit(PID, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    honest.statuses = {}

    def works():
        honest.once()
        return honest.statuses.get(200, 0) >= answered and honest.statuses.get(503, 0) >= refused

    wait_until(works, "so many were not answered")
    with open(os.environ["COUNTS"], "w", encoding="ascii") as file:
        file.write("%d %d\n" % (honest.statuses.get(200, 0), honest.statuses.get(503, 0)))
    promise("a-full-disk-answers-nothing-else", set(honest.statuses) <= {200, 503}, honest.statuses)


def make_group(token, name):
    """A request that makes a resource group."""
    body = '{"location":"europe"}'
    return ("PUT /subscriptions/%s/resourceGroups/%s?api-version=2021-04-01 HTTP/1.1\r\nHost: %s\r\n"
            "Authorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" %
            (os.environ["SUBSCRIPTION"], name, ARM, token, len(body), body)).encode()


def hang():
    with open(os.environ["SYNC_HANGS"], "w", encoding="ascii"):
        pass


def hang_no_more():
    os.unlink(os.environ["SYNC_HANGS"])


def has_line(text):
    with open(LOG, encoding="ascii") as file:
        return text in file.read()


def late(group):
    token = sign_in()
    client = Client("management.localhost", os.environ["VAULT_PORT"])
    hang()
    statuses, _ = client.ask(make_group(token, group))
    promise("a-change-that-waits-too-long-is-answered-503", statuses == [503], statuses)
    promise("its-first-line-was-being-synced", has_line("/resourceGroups/%s\"" % group), "it had not begun")
    hang_no_more()


def stop(group, count):
    token = sign_in()
    clients = [Client("management.localhost", os.environ["VAULT_PORT"]) for _ in range(count)]
    other = Honest(token)
    hang()
    for number, client in enumerate(clients):
        client.connection.sendall(make_group(token, "%s-%d" % (group, number)))
    # vaultd has one HTTP thread: when it has answered this twice, it has read what was sent before.
    for _ in range(2):
        other.once()
    os.kill(PID, signal.SIGTERM)
    # Only those that have begun wait for the disk: fewer than vaultd has workers for changes, of which it has six.
    waiting = {client.connection: client for client in clients}
    refused = 0
    while len(waiting) > 5:
        ready, _, _ = select.select(list(waiting), [], [], 60)
        if not ready:
            break
        for connection in ready:
            refused += waiting.pop(connection).answer()[0] == 503
    promise("a-stop-answers-what-has-not-begun-while-the-disk-hangs", refused >= count - 5, "%d of %d" % (refused, count))
    hang_no_more()


COMMANDS = {"flood": flood, "full": full, "late": late, "stop": stop}
COMMANDS[sys.argv[1]](*(int(word) if word.isdigit() else word for word in sys.argv[2:]))
