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
PASSWORD, SUBSCRIPTION, LOG (the audit log), PID (vaultd's), DAEMON_LOG, COUNTS, and SYNC_HANGS: while this file
exists, syncs do not end.
"""

import glob
import json
import os
import resource
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


def segments():
    """The contents of all of them: one may end with the day."""
    for name in glob.glob(LOG + ".[0-9]*") + [LOG]:
        with open(name, encoding="ascii") as file:
            yield file.read()


def log_size():
    return sum(len(text) for text in segments())


def honest_lines():
    return sum(text.count(HONEST) for text in segments())


def wait_until(has_happened, what):
    for _ in range(6000):
        if has_happened():
            return
        time.sleep(0.01)
    raise TimeoutError(what + " within a minute")


def flood(count):
    honest = Honest(sign_in())
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
    answered = sum(honest.statuses.values())
    # Lines are written in the order in which they were added.
    wait_until(lambda: honest_lines() >= honest.statuses.get(200, 0), "the honest client's lines were not written")
    grown = log_size() - size
    print("refusals %s, honest requests %s; the log has grown by %d bytes" % (statuses, honest.statuses, grown))
    promise("each-refused-token-is-told", set(statuses) == {401}, statuses)
    promise("a-flood-of-refusals-has-no-honest-request-refused", set(honest.statuses) == {200} and not honest.failure,
            honest.failure or honest.statuses)
    promise("a-flood-of-refusals-makes-few-lines", grown < 1024 * (answered + 10), "%d bytes" % grown)
    with open(os.environ["COUNTS"], "w", encoding="ascii") as file:
        file.write("%d\n" % statuses.get(401, 0))


def full(room, answered, refused):
    honest = Honest(sign_in())
    lines = honest_lines()
    honest.once()
    wait_until(lambda: honest_lines() > lines, "the first line was not written")
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


def late(group):
    token = sign_in()
    client = Client("management.localhost", os.environ["VAULT_PORT"])
    hang()
    statuses, _ = client.ask(make_group(token, group))
    promise("a-change-that-waits-too-long-is-answered-503", statuses == [503], statuses)
    promise("its-first-line-was-being-synced", any("/resourceGroups/%s\"" % group in text for text in segments()),
            "it had not begun")
    hang_no_more()


def stop(group, count):
    token = sign_in()
    clients = [Client("management.localhost", os.environ["VAULT_PORT"]) for _ in range(count)]
    other = Honest(token)
    spares = [Client("management.localhost", os.environ["VAULT_PORT"]) for _ in range(60)]
    hang()
    for number, client in enumerate(clients):
        client.connection.sendall(make_group(token, "%s-%d" % (group, number)))
    # vaultd has one HTTP thread: when it has answered this twice, it has read what was sent before.
    for _ in range(2):
        other.once()
    os.kill(PID, signal.SIGTERM)
    # A request that needs a worker is refused, once vaultd has begun to stop: its log says why. One that comes just
    # before waits for its answer as the others do.
    needs_worker = ("GET /subscriptions/%s/resourceGroups/%s?api-version=2021-04-01 HTTP/1.1\r\nHost: %s\r\n"
                    "Authorization: Bearer %s\r\n\r\n" % (os.environ["SUBSCRIPTION"], group, ARM, token)).encode()
    with open(os.environ["DAEMON_LOG"], encoding="utf-8") as log:
        log.seek(0, os.SEEK_END)
        while "the service is stopping" not in log.read():
            # A minute in all, and a spare for each second of it.
            spares.pop().connection.sendall(needs_worker)
            time.sleep(0.2 if len(spares) > 50 else 1)
    hang_no_more()
    statuses = [client.answer()[0] for client in clients]
    promise("a-stop-refuses-what-has-not-begun", set(statuses) == {503}, statuses)


COMMANDS = {"flood": flood, "full": full, "late": late, "stop": stop}
COMMANDS[sys.argv[1]](*(int(word) if word.isdigit() else word for word in sys.argv[2:]))
