#!/usr/bin/env python3
"""What docs/module-protocol.md says, held against the modules of the site that protocol.sh has started.

    protocol.py SITE

Prints "ok NAME" or "FAIL NAME: why" for each statement. All that it knows of the protocol is in protocol_client.py;
stock openssl computes what a module's keys are tried on.
"""

import array
import hashlib
import os
import re
import socket
import subprocess
import sys
import time

from protocol_client import (BODY_MAX, COMMANDS, STATUSES, Client, Refusal, der, elements, encode, enclose, owner,
                             region_request, request, world_statement)

SITE = sys.argv[1]
SUBSCRIPTION = "6f1f1b46-1b62-4e3a-9d23-0d5b0c1b7a11"
OTHER_SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
PINS = ["custodian %d's passphrase" % card for card in (1, 2, 3)]
RS256, RS384, RS512, PS256, PS384, PS512, TLS_ECDSA, TOKEN_RS256, OAEP, OAEP_256 = 1, 2, 3, 4, 5, 6, 7, 8, 20, 21
VAULT_OWNER = owner("vaultd", "tenant", SUBSCRIPTION, "vault", "name", "version")
failed = 0


# -- results -----------------------------------------------------------------------------------------------------------


def result(name, why=""):
    global failed
    failed += bool(why)
    print("FAIL %s: %s" % (name, why) if why else "ok " + name, flush=True)


def holds(name, condition, why="it is not so"):
    result(name, "" if condition else why)


def refusal_of(action):
    """The status that the action is refused with, "OK" if it is not, and the refusal's numbers."""
    try:
        action()
    except Refusal as refusal:
        return refusal.name, refusal.numbers
    return "OK", (0, 0, 0)


def refused(name, status, action, numbers=(0, 0, 0)):
    got, got_numbers = refusal_of(action)
    if got != status:
        result(name, "it was answered with " + got)
    else:
        holds(name, got_numbers == numbers, "its numbers are %s" % (got_numbers,))


def connect(module, name="custody"):
    return Client("%s/%s/%s" % (SITE, module, name))


def openssl(*arguments, **files):
    """Runs openssl; {name} in an argument is a file with that content. Returns its output, None if it failed."""
    paths = {}
    for name, content in files.items():
        paths[name] = os.path.join(SITE, "openssl." + name)
        with open(paths[name], "wb") as file:
            file.write(content)
    ran = subprocess.run(["openssl"] + [argument.format(**paths) for argument in arguments], capture_output=True)
    return ran.stdout if ran.returncode == 0 else None


def verifies(spki, digest, signature, *options):
    """Whether stock openssl accepts a signature over a digest."""
    return openssl("pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", "{spki}", "-in", "{digest}", "-sigfile",
                   "{signature}", *options, spki=spki, digest=digest, signature=signature) is not None


def encrypted(spki, plaintext, digest):
    return openssl("pkeyutl", "-encrypt", "-pubin", "-keyform", "DER", "-inkey", "{spki}", "-in", "{plain}", "-pkeyopt",
                   "rsa_padding_mode:oaep", "-pkeyopt", "rsa_oaep_md:" + digest, spki=spki, plain=plaintext)


def altered(data):
    """The same with another last byte."""
    return data[:-1] + bytes([data[-1] ^ 1])


def closes(client):
    """The module closes the connection without another answer."""
    return client.receive() is None


# -- the document ------------------------------------------------------------------------------------------------------


def document_fields(text, name, direction):
    """The fields that the document lists for a message, in the client's notation."""
    listed = re.search(r"^- \*\*%s %s\*\*: (.*)\.$" % (name, direction), text, re.MULTILINE).group(1)
    fields = [] if listed == "no fields" else listed.split("; ")
    return " ".join("%s:%s" % (field.split(": ")[0], re.split("[, ]", field.split(": ")[1])[0]) for field in fields)


def check_document():
    """The client was written by hand. It must not fall behind the document, whose tables are made from the headers."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/module-protocol.md")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    rows = re.findall(r"^\| (0x[0-9a-f]{2}) \| (\w+) \|", text, re.MULTILINE)
    listed = {name: (int(number, 16), document_fields(text, name, "request"), document_fields(text, name, "response"))
              for number, name in rows}
    different = [name for name in sorted(set(listed) | set(COMMANDS)) if listed.get(name) != COMMANDS.get(name)]
    holds("the-client-has-the-commands-of-the-document", rows and not different, ", ".join(different))
    never = set(map(int, re.findall(r"\d+", re.search(r"A module never sends(.*?), or a code from 150", text,
                                                     re.DOTALL).group(1))))
    statuses = {int(number): name.replace("SC_ERR_", "").replace("SC_", "")
                for number, name in re.findall(r"^\| (\d+) \| (SC_\w+) \|", text, re.MULTILINE)}
    different = [name for number, name in statuses.items()
                 if number < 150 and number not in never and STATUSES.get(number) != name]
    holds("the-client-has-the-statuses-of-the-document", statuses and never and not different, ", ".join(different))


# -- connections: a module without a warrant is enough -----------------------------------------------------------------


def receive_all(client, count):
    """The next answers, in the order in which they come; fewer if the connection ends."""
    answers = []
    while len(answers) < count:
        answer = client.receive()
        if answer is None:
            break
        answers.append(answer)
    return answers


def check_transport():
    with connect("raw") as client:
        client.socket.send(request("ENQUIRE", bytes(BODY_MAX), 1))
        holds("the-largest-record-is-answered", client.receive().name == "ENCODING")
        for id in range(100):
            client.send("ENQUIRE", id)
        answers = receive_all(client, 100)
        holds("pipelined-requests-are-each-answered-once", sorted(answer.id for answer in answers) == list(range(100)))
        for id in (0, 7, 7, 2**64 - 1, 7):
            client.send("ENQUIRE", id)
        ids = sorted(answer.id for answer in receive_all(client, 5))
        holds("requests-with-one-id-are-all-answered-under-it", ids == [0, 7, 7, 7, 2**64 - 1])
    with connect("raw") as client:
        for id in range(150):
            client.send("ENQUIRE", id)
        client.socket.shutdown(socket.SHUT_WR)
        holds("half-close-answers-what-was-sent-and-then-closes",
              len(receive_all(client, 150)) == 150 and closes(client))
    with connect("raw") as client:
        client.send("ENQUIRE", 1)
        client.socket.send(b"")
        holds("an-empty-record-ends-the-requests-likewise", len(receive_all(client, 1)) == 1 and closes(client))
    for name, record in (("another-version", request("ENQUIRE")[:5] + b"\2" + request("ENQUIRE")[6:]),
                         ("another-magic-number", b"XXXX" + request("ENQUIRE")[4:]),
                         ("a-command-that-is-not-in-the-table", request(0x7F)),
                         ("a-record-longer-than-its-length", request("ENQUIRE") + b"x"),
                         ("a-record-shorter-than-its-header", request("ENQUIRE")[:27]),
                         ("a-record-over-the-limit", request("ENQUIRE", bytes(BODY_MAX + 1)))):
        with connect("raw") as client:
            client.call("ENQUIRE")
            client.socket.send(record)
            holds("closed-on-" + name, closes(client))
    with connect("raw") as client, open(os.devnull) as file:
        passed = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [file.fileno()]))]
        client.socket.sendmsg([request("ENQUIRE")], passed)
        holds("closed-on-a-record-with-a-descriptor", closes(client))


def check_places():
    """Takes all places of a custody socket."""
    clients = [connect("raw") for _ in range(64)]
    for client in clients:
        client.call("ENQUIRE")
    time.sleep(1.5)
    with connect("raw") as latest:
        latest.send("ENQUIRE", 1)
        answer = latest.receive()
        holds("a-new-connection-gets-a-place", answer and answer.name == "OK")
        holds("from-the-one-that-was-idle-longest", closes(clients[0]) and clients[-1].call("ENQUIRE")["role"] == 1)
    for client in clients:
        client.socket.close()


def check_refused_before_the_body():
    with connect("raw") as client:
        enquired = client.call("ENQUIRE")
        holds("unwarranted-mode", (enquired["mode"], enquired["role"], enquired["root"]) == (0, 1, bytes(32)))
        refused("authority-with-a-command-that-takes-none", "QUORUM", lambda: client.call_with("ENQUIRE", b"", 1))
        refused("a-body-one-byte-too-long", "ENCODING", lambda: client.call_with("EVIDENCE", b"\0"))
        holds("no-certificates-without-a-warrant", client.call("EVIDENCE") == dict.fromkeys(
            ("root", "warrant", "member", "region_certificate"), b"") | {"source_roots": [], "revoked": []})
        refused("unwarranted-world-begin", "NO_WARRANT", lambda: client.call_with("WORLD_BEGIN", b"?"))
        refused("role-before-mode", "ROLE", lambda: client.call_with("TRANSFER_IMPORT", b"?"))
    with connect("ws") as client:
        holds("warranted-mode", client.call("ENQUIRE")["mode"] == 1)
        refused("warranted-sign", "NO_WORLD", lambda: client.call_with("SIGN", b"?"))
        refused("mode-before-quorum", "NO_WORLD", lambda: client.call_with("REGION_INIT", b"?"))
        refused("the-body-last", "ENCODING", lambda: client.call_with("WORLD_COMMIT", b"?"))
    for name, role in (("service", 2), ("use", 4)):
        with connect("ws", name) as client:
            holds("role-of-the-%s-socket" % name, client.call("ENQUIRE")["role"] == role)
            refused("world-begin-on-the-%s-socket" % name, "ROLE", lambda: client.call_with("WORLD_BEGIN", b"?"))


# -- worlds ------------------------------------------------------------------------------------------------------------


def begin(client, suite, k, pins=PINS, custodians=("", "Zoë", "")):
    return client.call("WORLD_BEGIN", suite=suite, k=k, pins=list(pins), custodians=list(custodians))


class Unwritable:
    """While this lasts, the module cannot write one of the files of its state: a directory is in its place."""

    def __init__(self, module, name):
        self.path = os.path.join(SITE, module, "state", name)

    def __enter__(self):
        os.rename(self.path, self.path + ".kept")
        os.mkdir(self.path)

    def __exit__(self, *_):
        os.rmdir(self.path)
        os.rename(self.path + ".kept", self.path)


def check_commit_that_cannot_be_written(client):
    """The world is not adopted, and is not pending any more."""
    world = begin(client, 3, 1, ["ëëëëëë"], [""])["world"]
    with Unwritable("ws", "state"):
        refused("world-commit-with-an-unwritable-state", "SYSTEM", lambda: client.call("WORLD_COMMIT", world=world))
    holds("does-not-count-with-an-unwritable-state", client.call("ENQUIRE")["mode"] == 1)
    refused("and-must-begin-again-after-an-unwritable-state", "STATE",
            lambda: client.call("WORLD_COMMIT", world=world))


def check_commit_without_its_mark():
    """The state is on disk, so the module is in the world."""
    with connect("late") as client:
        world = begin(client, 3, 1, ["ëëëëëë"], [""])["world"]
        with Unwritable("late", "mark"):
            refused("world-commit-with-an-unwritable-mark", "NOT_DURABLE",
                    lambda: client.call("WORLD_COMMIT", world=world))
        enquired = client.call("ENQUIRE")
        holds("counts-with-an-unwritable-mark", (enquired["mode"], enquired["world"]) == (2, world))
        refused("and-is-not-begun-again-after-an-unwritable-mark", "HAS_WORLD",
                lambda: client.call("WORLD_COMMIT", world=world))


def check_world_making():
    """Makes the customer's world, of suite 1, and returns its world file and cards."""
    with connect("ws") as client, connect("ws") as other:
        refused("a-suite-that-does-not-exist", "SUITE", lambda: begin(client, 2, 2))
        refused("k-of-0", "ARGUMENT", lambda: begin(client, 1, 0))
        refused("k-above-n", "ARGUMENT", lambda: begin(client, 1, 4))
        refused("a-name-without-a-card", "ARGUMENT", lambda: begin(client, 1, 2, PINS[:2]))
        refused("65-cards", "ARGUMENT", lambda: begin(client, 1, 2, ["a passphrase"] * 65, [""] * 65))
        refused("a-list-of-257", "ENCODING", lambda: begin(client, 1, 2, ["a passphrase"] * 257, [""] * 257))
        refused("a-pin-of-257-bytes", "ENCODING", lambda: begin(client, 1, 2, ["p" * 257], [""]))
        refused("a-name-with-a-control-character", "ARGUMENT", lambda: begin(client, 1, 1, PINS[:1], ["a\nb"]))
        refused("a-pin-of-five-characters", "PIN_SHORT", lambda: begin(client, 1, 2, PINS[:2] + ["ëëëëë"]),
                (3, 0, 0))
        check_commit_that_cannot_be_written(client)
        first = begin(client, 3, 1, ["ëëëëëë"], [""])
        made = begin(client, 1, 2)
        holds("world-begin-returns-a-card-per-pin", len(made["cards"]) == 3)
        refused("a-pending-world-is-replaced-by-the-next", "STATE",
                lambda: client.call("WORLD_COMMIT", world=first["world"]))
        refused("a-pending-world-belongs-to-its-connection", "STATE",
                lambda: other.call("WORLD_COMMIT", world=made["world"]))
        client.call("WORLD_COMMIT", world=made["world"])
        enquired = client.call("ENQUIRE")
        holds("world-commit-puts-the-module-into-the-world",
              [enquired[name] for name in ("mode", "world", "suite", "k", "n", "region")] ==
              [2, made["world"], 1, 2, 3, b""])
        refused("world-commit-sent-twice", "HAS_WORLD", lambda: client.call("WORLD_COMMIT", world=made["world"]))
        return made


def check_pending_world_ends():
    """Makes the region's world, of suite 3, and returns its world file and cards."""
    with connect("eu") as client:
        ended = begin(client, 3, 1, PINS[:1], [""])
    with connect("eu") as client:
        refused("a-pending-world-ends-with-its-connection", "STATE",
                lambda: client.call("WORLD_COMMIT", world=ended["world"]))
        made = begin(client, 3, 1, PINS[:1], [""])
        client.call("WORLD_COMMIT", world=made["world"])
    return made


# -- quorums -----------------------------------------------------------------------------------------------------------


def check_waits(present):
    """Wrong PINs of the first card, until a try comes too soon, and then the right one."""
    tries = [refusal_of(lambda: present(0, "a wrong PIN"))]
    while tries[-1][0] == "CARD_PIN":  # on a slow machine the first waits may be over before the next try arrives
        tries.append(refusal_of(lambda: present(0, "a wrong PIN")))
    got, numbers = tries.pop()
    waits = [numbers[1] for _, numbers in tries]
    holds("a-wrong-pin-says-the-card-and-twice-the-seconds-each-time", tries and all(
        numbers[0] == 1 and wait in (2 << wrong, (2 << wrong) - 1)
        for wrong, (wait, (_, numbers)) in enumerate(zip(waits, tries))), str(tries))
    holds("a-try-within-them-is-too-soon",
          got == "CARD_WAIT" and numbers[0] == 1 and 0 < numbers[1] <= waits[-1], "%s %s" % (got, numbers))
    time.sleep(numbers[1] + 0.1)
    holds("the-right-pin-after-them", present(0) == {"index": 1, "custodian": b"", "accepted": 1})


def check_quorum(cards, foreign):
    """Opens a quorum in the customer's module for a command that cannot succeed, as no key is loaded."""
    body = encode("ACL_REPLACE", {"key": bytes(32)})
    with connect("ws") as client:
        refused("no-quorum-for-a-command-that-takes-none", "QUORUM", lambda: client.call("QUORUM_OPEN", command=0x40))
        opened = client.open_quorum("ACL_REPLACE", body)
        authority = opened["authority"]

        def present(card, pin=None, record=None):
            return client.call("QUORUM_CARD", authority=authority, card=record or cards[card], pin=pin or PINS[card])

        def use(name="ACL_REPLACE"):
            return client.call_with(name, body, authority)

        holds("an-authority-lasts-ten-minutes", opened["seconds"] == 600 and opened["k"] == 2 and authority != 0)
        refused("not-a-card", "CARD_ALTERED", lambda: present(0, record=b"not a card"))
        refused("an-altered-card", "CARD_ALTERED", lambda: present(0, record=altered(cards[0])), (1, 0, 0))
        refused("a-card-of-another-world", "CARD_FOREIGN", lambda: present(0, record=foreign), (1, 0, 0))
        check_waits(present)
        refused("the-same-card-twice", "CARD_DUPLICATE", lambda: present(0), (1, 0, 0))
        holds("the-last-of-k-cards", present(1) == {"index": 2, "custodian": "Zoë".encode(), "accepted": 2})
        refused("a-card-more-than-k", "QUORUM", lambda: present(2))
        with connect("ws") as other:
            refused("a-quorum-of-another-connection", "QUORUM", lambda: other.call_with("ACL_REPLACE", body, authority))
        refused("a-key-that-is-not-loaded", "NOT_LOADED", use)
        refused("a-command-that-takes-no-authority", "QUORUM", lambda: use("ENQUIRE"))
        refused("a-command-that-the-mode-refuses", "HAS_WORLD", lambda: use("WORLD_COMMIT"))
        refused("a-command-that-the-role-refuses", "ROLE", lambda: use("TRANSFER_IMPORT"))
        refused("all-of-which-keep-the-authority", "NOT_LOADED", use)
        refused("another-command-under-it", "QUORUM", lambda: use("REGION_INIT"))
        refused("which-spends-it", "QUORUM", use)
        authorities = [client.open_quorum("ACL_REPLACE", body)["authority"] for _ in range(4)]
        refused("a-fifth-open-quorum", "QUORUM_LIMIT", lambda: client.open_quorum("ACL_REPLACE", body))
        authority = authorities[0]
        refused("too-few-cards", "QUORUM", use)
        client.open_quorum("ACL_REPLACE", body)
        result("which-spends-the-authority-and-frees-its-place")


# -- a region ----------------------------------------------------------------------------------------------------------


def certificate_for(region, world_file):
    """The factory's region certificate, in DER. None if the factory refuses."""
    paths = [os.path.join(SITE, "eu", name) for name in ("region-request.der", "%s-%d.cer" % (region, time.time_ns()))]
    with open(paths[0], "wb") as file:
        file.write(region_request(region, "Test Operator", world_file))
    ran = subprocess.run(["factory", "certify-region", "--dir=" + SITE + "/factory", paths[0], "-o", paths[1],
                          "--passphrase-from-fd=0"], input=os.environ["FACTORY_PASSPHRASE"].encode() + b"\n",
                         capture_output=True)
    if ran.returncode:
        raise RuntimeError("factory certify-region: %s" % ran.stderr.decode())
    return openssl("x509", "-in", "{certificate}", "-outform", "DER", certificate=open(paths[1], "rb").read())


def check_region(made, other):
    """Makes the region; returns REGION_INIT's answer and the packages that customers get."""
    cards = list(zip(made["cards"], PINS))
    certificate = certificate_for("EU", made["world_file"])
    with connect("eu") as client:
        warrant = client.call("EVIDENCE")["warrant"]
        refused("region-init-without-a-quorum", "QUORUM", lambda: client.call_with("REGION_INIT", b"?"))

        def init(world_file, certificate):
            return client.call_under_quorum("REGION_INIT", cards, world_file=world_file, certificate=certificate)

        refused("a-certificate-of-another-kind", "EVIDENCE_USAGE", lambda: init(made["world_file"], warrant))
        refused("a-world-file-of-another-world", "CARD_FOREIGN", lambda: init(other["world_file"], certificate))
        body = encode("REGION_INIT", {"world_file": made["world_file"][:-1], "certificate": certificate})
        authority = client.quorum("REGION_INIT", body, cards)
        refused("a-world-file-cut-short", "ENCODING", lambda: client.call_with("REGION_INIT", body, authority))
        refused("a-refusal-spends-the-authority", "QUORUM", lambda: client.call_with("REGION_INIT", body, authority))
        refused("no-import-before-a-region", "ROLE", lambda: client.call_with("TRANSFER_IMPORT", b"?"))
        with connect("eu", "service") as service:
            refused("no-import-in-a-world", "NO_REGION", lambda: service.call_with("TRANSFER_IMPORT", b"?"))
        before = client.call("ENQUIRE")["counter"]
        first = init(made["world_file"], certificate)
        after = client.call("ENQUIRE")
        holds("region-init-makes-a-region",
              (after["mode"], after["region"]) == (3, b"EU") and after["counter"] > before)
        again = init(made["world_file"], certificate)
        newer = init(first["world_file"], certificate_for("EU", made["world_file"]))
        holds("region-init-repeated-makes-another-key-each-time",
              len({answer["kek_blob"] for answer in (first, again, newer)}) == 3)
        refused("another-region-is-refused", "EVIDENCE_REGION",
                lambda: init(made["world_file"], certificate_for("NA", made["world_file"])))
    with connect("ws") as client:
        refused("a-world-of-suite-1-is-no-region", "EVIDENCE_SUITE",
                lambda: client.call_under_quorum("REGION_INIT", list(zip(other["cards"], PINS))[:2],
                                                 world_file=other["world_file"], certificate=certificate))
    with connect("eu", "service") as service:
        loaded = {service.load(answer["kek_blob"]) for answer in (first, again, newer)}
        holds("its-earlier-keys-stay-valid", len(loaded) == 3)
    region = first | {"other_kek_blob": again["kek_blob"]}
    return region, first["kek_statement"], enclose(world_statement(newer["world_file"]), certificate)


# -- keys --------------------------------------------------------------------------------------------------------------


def generate(client, application="simple", algorithm=1, bits=2048, **values):
    return client.call("KEY_GENERATE", application=application, algorithm=algorithm, bits=bits, **values)


def exponent_of(spki):
    """The public exponent in an RSA SubjectPublicKeyInfo."""
    bits = elements(elements(spki)[0][1])[1][1]
    return elements(elements(bits[1:])[0][1])[1][1]


def check_generation():
    with connect("ws") as client:
        holds("no-exponent-is-65537", exponent_of(generate(client)["spki"]) == b"\1\0\1")
        holds("an-exponent-may-have-leading-zeros",
              exponent_of(generate(client, exponent=bytes(29) + b"\1\0\3")["spki"]) == b"\1\0\3")
        wide = b"\1" + bytes(7) + b"\1"
        holds("an-exponent-of-64-bits-or-more", exponent_of(generate(client, exponent=wide)["spki"]) == wide)
        for name, exponent in (("even", b"\1\0\0"), ("below-65537", b"\xff\xff"), ("zero", b"\0")):
            refused("an-exponent-that-is-" + name, "EXPONENT", lambda: generate(client, exponent=exponent))
        refused("an-exponent-of-33-bytes", "ENCODING", lambda: generate(client, exponent=bytes(30) + b"\1\0\1"))
        refused("an-exponent-of-64-bits-for-rsa-4096", "EXPONENT", lambda: generate(client, bits=4096, exponent=wide))
        refused("a-size-that-does-not-exist", "KEY_TYPE", lambda: generate(client, bits=1024))
        refused("an-application-that-does-not-exist", "ARGUMENT", lambda: generate(client, "other"))
        refused("an-application-of-another-socket", "OWNER", lambda: generate(client, "vault", owner=VAULT_OWNER))
        refused("an-owner-of-a-simple-key", "OWNER", lambda: generate(client, owner=VAULT_OWNER))
        refused("uses-beyond-the-default", "ACL", lambda: generate(client, uses=1 | 512))
        refused("an-owner-that-is-not-der", "ENCODING", lambda: generate(client, owner=VAULT_OWNER + b"\0"))
    with connect("eu", "tls") as client:
        mine = owner("vaultd")
        key = generate(client, "tls", 2, 256, owner=mine)
        holds("an-ec-key-of-a-service-socket", hashlib.sha256(key["spki"]).digest() == key["key_hash"])
        refused("an-exponent-of-an-ec-key", "ARGUMENT",
                lambda: generate(client, "tls", 2, 256, owner=mine, exponent=b"\1\0\1"))
        refused("an-owner-of-another-daemon", "OWNER", lambda: generate(client, "tls", 2, 256, owner=owner("signind")))
        name = client.load(key["blob"])
        digest = hashlib.sha384(b"handshake").digest()
        signature = client.call("SIGN", key=name, owner=mine, mechanism=TLS_ECDSA, data=digest)["signature"]
        holds("ecdsa-over-a-digest", verifies(key["spki"], digest, signature))
        refused("rsa-with-an-ec-key", "ACL",
                lambda: client.call("SIGN", key=name, owner=mine, mechanism=RS384, data=digest))


def check_token_key():
    with connect("eu", "token") as client:
        mine = owner("signind")
        key = generate(client, "token", owner=mine)
        name = client.load(key["blob"])
        refused("a-token-key-signs-no-digest", "ACL",
                lambda: client.call("SIGN", key=name, owner=mine, mechanism=RS256, data=bytes(32)))
        refused("nor-what-is-not-a-signing-input", "DATA_SIZE",
                lambda: client.call("SIGN", key=name, owner=mine, mechanism=TOKEN_RS256, data=bytes(32)))
        data = b"eyJhbGciOiJSUzI1NiJ9.e30"
        signature = client.call("SIGN", key=name, owner=mine, mechanism=TOKEN_RS256, data=data)["signature"]
        holds("a-token-key-signs-a-signing-input",
              verifies(key["spki"], hashlib.sha256(data).digest(), signature, "-pkeyopt", "digest:sha256"))
    return key


def check_use(token_key):
    """Uses a simple key; returns it as generated."""
    with connect("ws") as client, connect("ws", "use") as user:
        key = generate(client)
        spki, name = key["spki"], hashlib.sha256(key["blob"]).digest()
        refused("a-generated-key-is-not-loaded", "NOT_LOADED", lambda: user.call("KEY_INFO", key=name))
        holds("key-load-names-a-key-by-its-blob", client.load(key["blob"]) == name and client.load(key["blob"]) == name)
        info = user.call("KEY_INFO", key=name)
        holds("key-info-on-another-connection", [info[field] for field in ("application", "algorithm", "bits", "spki",
              "key_hash", "origin")] == [b"simple", 1, 2048, spki, key["key_hash"], 1])
        nonce = b"a nonce of a verifier"
        holds("key-attest-repeats-the-nonce", nonce in user.call("KEY_ATTEST", key=name, nonce=nonce)["statement"])
        refused("a-nonce-of-65-bytes", "ENCODING", lambda: user.call("KEY_ATTEST", key=name, nonce=bytes(65)))
        for number, hashed in ((RS256, "sha256"), (RS384, "sha384"), (RS512, "sha512"), (PS256, "sha256"),
                               (PS384, "sha384"), (PS512, "sha512")):
            digest = hashlib.new(hashed, b"data").digest()
            options = ["-pkeyopt", "digest:" + hashed]
            if number >= PS256:
                options += ["-pkeyopt", "rsa_padding_mode:pss", "-pkeyopt", "rsa_pss_saltlen:%d" % len(digest)]
            signature = user.call("SIGN", key=name, mechanism=number, data=digest)["signature"]
            holds("mechanism-%d-verifies" % number, verifies(spki, digest, signature, *options))
            refused("mechanism-%d-with-another-length" % number, "DATA_SIZE",
                    lambda: user.call("SIGN", key=name, mechanism=number, data=digest[1:]))
        repeated = [[user.call("SIGN", key=name, mechanism=number, data=bytes(32))["signature"] for _ in range(2)]
                    for number in (RS256, PS256)]
        holds("sign-sent-twice-repeats-rs256-and-not-ps256",
              repeated[0][0] == repeated[0][1] and repeated[1][0] != repeated[1][1])
        for number, hashed in ((OAEP, "sha1"), (OAEP_256, "sha256")):
            cipher = encrypted(spki, b"a secret", hashed)
            plain = user.call("DECRYPT", key=name, mechanism=number, data=cipher)["plaintext"]
            holds("mechanism-%d-decrypts" % number, plain == b"a secret")
        refused("a-ciphertext-of-another-key", "DECRYPT",
                lambda: user.call("DECRYPT", key=name, mechanism=OAEP_256, data=b"\1" + cipher[1:]))
        refused("a-ciphertext-cut-short", "DATA_SIZE",
                lambda: user.call("DECRYPT", key=name, mechanism=OAEP_256, data=cipher[1:]))
        refused("sign-with-a-mechanism-of-decrypt", "MECHANISM",
                lambda: user.call("SIGN", key=name, mechanism=OAEP, data=bytes(32)))
        refused("a-key-under-another-owner", "OWNER",
                lambda: user.call("SIGN", key=name, owner=VAULT_OWNER, mechanism=RS256, data=bytes(32)))
        limited = client.load(generate(client, uses=1)["blob"])
        refused("a-use-that-the-key-lacks", "ACL",
                lambda: user.call("DECRYPT", key=limited, mechanism=OAEP_256, data=cipher))
        refused("generate-on-the-use-socket", "ROLE", lambda: generate(user))
        refused("a-blob-of-another-world", "INTEGRITY", lambda: client.load(token_key["blob"]))
        refused("an-altered-blob", "INTEGRITY", lambda: client.load(altered(key["blob"])))
        refused("a-blob-cut-short", "ENCODING", lambda: client.load(key["blob"][:-1]))
        refused("a-blob-of-another-version", "FORMAT",
                lambda: client.load(key["blob"].replace(b"key-blob.1", b"key-blob.2")))
    with connect("eu", "service") as client:
        refused("a-blob-of-another-socket's-application", "OWNER", lambda: client.load(token_key["blob"]))
    return key


# -- what is pipelined, and what is not read ---------------------------------------------------------------------------


def send_until_full(client, command):
    """Sends that request until there is no more room in the socket, without reading an answer. How many there were."""
    client.socket.setblocking(False)
    sent = 0
    try:
        while True:
            client.send(command, sent)
            sent += 1
            time.sleep(0.0005)  # so that it is the module that does not read, and not one that had no time to
    except BlockingIOError:
        pass
    client.socket.settimeout(client.timeout)
    return sent


def check_pipelining():
    with connect("ws") as client, connect("ws") as other:
        client.socket.send(request("KEY_GENERATE", encode("KEY_GENERATE", {
            "application": "simple", "algorithm": 1, "bits": 4096}), 1))
        client.send("ENQUIRE", 2)
        holds("a-quick-request-overtakes-a-slow-one", [answer.id for answer in receive_all(client, 2)] == [2, 1])
        sent = send_until_full(client, "EVIDENCE")
        holds("others-are-served-while-a-client-does-not-read", other.call("ENQUIRE")["mode"] == 2)
        answers = receive_all(client, sent)
        holds("a-client-that-reads-late-gets-every-answer-once",
              sent > 64 and sorted(answer.id for answer in answers) == list(range(sent)),
              "%d of %d" % (len(answers), sent))


# -- transfer ----------------------------------------------------------------------------------------------------------


def check_transfer(cards, key, region, kek_package, world_package):
    both = list(zip(cards, PINS))[:2]
    packages = {"kek_package": kek_package, "world_package": world_package}
    with connect("ws") as client:
        name = client.load(key["blob"])
        now = client.call("ENQUIRE")["time"]

        def copy(**values):
            return client.call_under_quorum("ACL_REPLACE", both, **({"key": name} | packages | values))["blob"]

        def send(copied, **values):
            values = {"key": copied, "subscription": SUBSCRIPTION, "friendly_name": "Key-1"} | packages | values
            return client.call("TRANSFER_PACKAGE", **values)["package"]

        refused("a-copy-for-a-subscription-in-capitals", "ARGUMENT", lambda: copy(subscription=SUBSCRIPTION.upper()))
        free = client.load(copy())
        bound = client.load(copy(subscription=SUBSCRIPTION, not_after=now + 3600))
        refused("a-copy-has-no-other-use", "ACL",
                lambda: client.call("SIGN", key=free, mechanism=RS256, data=bytes(32)))
        refused("the-original-cannot-be-sent", "ACL", lambda: send(name))
        refused("an-empty-subscription-of-a-package", "ARGUMENT", lambda: send(free, subscription=""))
        refused("a-subscription-that-the-copy-is-not-for", "ACL", lambda: send(bound, subscription=OTHER_SUBSCRIPTION))
        refused("a-date-later-than-the-copy's", "ACL", lambda: send(bound, not_after=now + 7200))
        refused("a-subscription-in-capitals", "ARGUMENT", lambda: send(free, subscription=SUBSCRIPTION.upper()))
        refused("a-date-in-the-past", "ARGUMENT", lambda: send(free, not_after=now - 1))
        refused("packages-in-each-other's-place", "FORMAT",
                lambda: send(free, kek_package=world_package, world_package=kek_package))
        refused("an-altered-package", "EVIDENCE_SIGNATURE", lambda: send(free, kek_package=altered(kek_package)))
        statement = client.call("KEY_ATTEST", key=name)["statement"]
        refused("a-statement-of-a-world-that-is-no-region", "EVIDENCE_MEMBER", lambda: send(free, kek_package=statement))
        refused("a-world-package-without-the-region", "EVIDENCE_WORLD",
                lambda: send(free, world_package=world_statement(region["world_file"])))
        refused("a-friendly-name-with-a-space", "ARGUMENT", lambda: send(free, friendly_name="Key 1"))
        holds("a-bound-copy-can-be-sent", send(bound))
        holds("an-empty-subscription-of-a-copy-is-any", send(free, subscription=OTHER_SUBSCRIPTION))
        package = send(free)
        holds("each-package-has-its-own-id", send(free) != package)
    check_import(key, region, package)


def check_import(key, region, package):
    with connect("eu", "service") as client:
        kek = client.load(region["kek_blob"])

        def bring(package=package, owner=VAULT_OWNER):
            return client.call("TRANSFER_IMPORT", kek=kek, owner=owner, package=package)

        def with_other(old, new):
            assert package.count(old) == 1 and len(old) == len(new)
            return package.replace(old, new)

        first, second = bring(), bring()
        holds("import-returns-the-key", first["spki"] == key["spki"])
        holds("import-sent-twice-makes-another-blob-of-it",
              second["spki"] == key["spki"] and second["blob"] != first["blob"])
        holds("the-receipt-has-the-package's-digest", hashlib.sha256(package).digest() in first["receipt"])
        name = client.load(first["blob"])
        cipher = encrypted(key["spki"], b"a secret", "sha256")
        plain = client.call("DECRYPT", key=name, owner=VAULT_OWNER, mechanism=OAEP_256, data=cipher)["plaintext"]
        holds("an-imported-key-decrypts", plain == b"a secret")
        holds("its-origin-is-byok", client.call("KEY_INFO", key=name, owner=VAULT_OWNER)["origin"] == 2)
        refused("a-key-exchange-key-does-not-sign", "ACL",
                lambda: client.call("SIGN", key=kek, mechanism=RS256, data=bytes(32)))
        world = client.call("ENQUIRE")["world"]
        other = owner("vaultd", "tenant", OTHER_SUBSCRIPTION, "vault", "name", "version")
        refused("an-owner-of-another-subscription", "TRANSFER_SUBSCRIPTION", lambda: bring(owner=other))
        refused("a-package-for-another-region", "TRANSFER_REGION",
                lambda: bring(with_other(der(0x0c, b"EU"), der(0x0c, b"NA"))))
        holds("the-world-is-in-the-package-twice", package.count(world) == 2)
        refused("a-package-for-another-world", "TRANSFER_WORLD",
                lambda: bring(package.replace(world, world[::-1], 1)))
        refused("a-package-with-another-arrival-acl", "TRANSFER_ACL",
                lambda: bring(package[::-1].replace(world[::-1], world, 1)[::-1]))
        refused("a-package-with-another-name", "TRANSFER_REFUSED", lambda: bring(with_other(b"Key-1", b"Key-2")))
        refused("an-altered-ciphertext", "TRANSFER_REFUSED", lambda: bring(altered(package)))
        refused("a-package-cut-short", "ENCODING", lambda: bring(package[:-1]))
        others = client.load(region["other_kek_blob"])
        refused("a-package-for-another-kek", "TRANSFER_KEK",
                lambda: client.call("TRANSFER_IMPORT", kek=others, owner=VAULT_OWNER, package=package))


def main():
    check_document()
    check_transport()
    check_places()
    check_refused_before_the_body()
    check_commit_without_its_mark()
    customer = check_world_making()
    region_world = check_pending_world_ends()
    check_quorum(customer["cards"], region_world["cards"][0])
    region, kek_package, world_package = check_region(region_world, customer)
    check_generation()
    key = check_use(check_token_key())
    check_pipelining()
    check_transfer(customer["cards"], key, region, kek_package, world_package)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
