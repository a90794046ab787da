#!/usr/bin/env python3
"""Attacks on one of the daemons with raw sockets: heads that libmicrohttpd would repair, idle connections, and
bodies that never end. The daemon is configured for CONNECTIONS connections, SHARE of them for each address.

    http.py NAME PORT HOST CA PID CONNECTIONS SHARE

Prints "ok NAME" or "FAIL NAME: why" for each promise. Every head that must be refused is one that is answered, with
one thing changed.
"""

import ctypes
import os
import re
import select
import socket
import ssl
import sys
import time

NAME, PORT, HOST, CA, PID = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4], int(sys.argv[5])
CONNECTIONS, SHARE = int(sys.argv[6]), int(sys.argv[7])
AUTHORITY = ("%s:%d" % (HOST, PORT)).encode()
LINE = b"GET /nowhere HTTP/1.1\r\n"
POST = b"POST /nowhere HTTP/1.1\r\n"
WHO = b"Host: " + AUTHORITY + b"\r\n"
END = b"Connection: close\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
BODY = 262144

REFUSED = {
    "a NUL in the method": b"G\0ET /nowhere HTTP/1.1\r\n" + WHO + END,
    "a NUL in the target": b"GET /nowhere\0x HTTP/1.1\r\n" + WHO + END,
    "a NUL in the query": b"GET /nowhere?a\0=b HTTP/1.1\r\n" + WHO + END,
    "a NUL in Host": LINE + b"Host: " + AUTHORITY + b"\0x\r\n" + END,
    "a NUL at the end of Host": LINE + b"Host: " + AUTHORITY + b"\0\r\n" + END,
    "a NUL in Authorization": LINE + WHO + b"Authorization: Bearer a\0b\r\n" + END,
    "a NUL in Content-Length": POST + WHO + b"Content-Length: 1\x000\r\n" + END + b"a",
    "a NUL in Transfer-Encoding": POST + WHO + b"Transfer-Encoding: chunked\0x\r\n" + END + b"0\r\n\r\n",
    "a NUL in a name": LINE + WHO + b"A\0B: c\r\n" + END,
    "a NUL before a name": LINE + WHO + b"\0A: b\r\n" + END,
    "a NUL for a last line": LINE + WHO + b"Connection: close\r\n\0\r\n\r\n",
    "a NUL before the request": b"\0" + LINE + LINE + WHO + END,
    "LF after the request line": LINE[:-2] + b"\n" + WHO + END,
    "LF after a header": LINE + WHO[:-2] + b"\n" + END,
    "LF for a last line": LINE + WHO + END[:-2] + b"\n",
    "a folded line": LINE + WHO + b"A: b\r\n c\r\n" + END,
    "a line folded by a tab": LINE + WHO + b"A: b\r\n\tc\r\n" + END,
    "a line that begins with a colon": LINE + WHO + b": a\r\n" + END,
    "two spaces before the target": LINE.replace(b"GET ", b"GET  ") + WHO + END,
    "two spaces before the version": LINE.replace(b" HTTP", b"  HTTP") + WHO + END,
    "an empty line before the request": b"\r\n" + LINE + WHO + END,
}
ANSWERED = {
    "spaces and tabs around a value": LINE + WHO + b"A: \t b \t\r\n" + END,
    "an empty value": LINE + WHO + b"A:\r\n" + END,
    "an encoded target": LINE.replace(b"nowhere", b"now%68ere?a=%20") + WHO + END,
    "a NUL in a body": POST + WHO + b"Content-Length: 1\r\n" + END + b"\0",
}


# What libmicrohttpd answers without calling us, on 0.9, on 1.0 or on both.
OWN = {
    "no version": b"GET /nowhere\r\n" + WHO + END,
    "another protocol": LINE.replace(b"HTTP", b"ICAP") + WHO + END,
    "version 2.0": LINE.replace(b"1.1", b"2.0") + WHO + END,
    "version 0.9": LINE.replace(b"1.1", b"0.9") + WHO + END,
    "a header without a colon": LINE + WHO + b"a\r\n" + END,
    "a target that is too long": LINE.replace(b"nowhere", b"a" * 70000) + WHO + END,
    "a header that is too long": LINE + WHO + b"A: " + b"a" * 70000 + b"\r\n" + END,
    "a Content-Length with a sign": POST + WHO + b"Content-Length: +1\r\n" + END + b"a",
    "a Content-Length that is empty": POST + WHO + b"Content-Length: \r\n" + END,
    "a list of Content-Lengths": POST + WHO + b"Content-Length: 1, 1\r\n" + END + b"a",
    "a Content-Length over 64 bits": POST + WHO + b"Content-Length: 99999999999999999999\r\n" + END,
    "a chunk without a size": POST + WHO + CHUNKED + END + b"g\r\n",
    "a chunk of another size": POST + WHO + CHUNKED + END + b"1\r\nab\r\n0\r\n\r\n",
    "a chunk over 64 bits": POST + WHO + CHUNKED + END + b"10000000000000000\r\n",
    "a chunk's size that is too long": POST + WHO + CHUNKED + END + b"1;" + b"a" * 70000 + b"\r\n",
    "a trailer without a colon": POST + WHO + CHUNKED + END + b"0\r\na\r\n\r\n",
    "no Host": LINE + END,
    "Transfer-Encoding beside Content-Length": POST + WHO + b"Content-Length: 1\r\n" + CHUNKED + END,
    "another transfer coding": POST + WHO + b"Transfer-Encoding: gzip\r\n" + END,
    "a space before the colon": LINE + WHO + b"A : b\r\n" + END,
} | REFUSED

# By version: status, the length of its page, and how often it sends the head; None: it closes without an answer.
# THREATS.md lists the same.
PAGES = {
    b"0.9.": {
        "no version": (400, 117, 1),
        "another protocol": (400, 117, 1),
        "version 2.0": (505, 133, 1),
        "version 0.9": (505, 145, 1),
        "a header without a colon": (400, 117, 1),
        "a target that is too long": (414, 143, 1),
        "a header that is too long": (431, 143, 1),
        "a Content-Length with a sign": (400, 138, 2),
        "a Content-Length that is empty": (400, 138, 2),
        "a list of Content-Lengths": (400, 138, 2),
        "a Content-Length over 64 bits": (413, 150, 2),
        "a chunk without a size": (400, 126, 1),
        "a chunk of another size": (400, 126, 1),
        "a chunk over 64 bits": (413, 149, 1),
        "a chunk's size that is too long": (500, 214, 1),
        "a trailer without a colon": (400, 117, 1),
    },
    b"1.0.": {
        "no version": (400, 111, 1),
        "another protocol": (400, 111, 1),
        "version 2.0": (505, 133, 1),
        "version 0.9": (505, 145, 1),
        "a header without a colon": (400, 116, 1),
        "a target that is too long": (414, 145, 1),
        "a header that is too long": (431, 350, 1),
        "a Content-Length with a sign": (400, 133, 1),
        "a Content-Length that is empty": (400, 133, 1),
        "a list of Content-Lengths": (400, 133, 1),
        "a Content-Length over 64 bits": (413, 145, 1),
        "a chunk without a size": (400, 120, 1),
        "a chunk of another size": (400, 120, 1),
        "a chunk over 64 bits": (413, 144, 1),
        "a chunk's size that is too long": None,
        "a trailer without a colon": (400, 116, 1),
        "no Host": (400, 137, 1),
        "Transfer-Encoding beside Content-Length": (400, 189, 1),
        "another transfer coding": (400, 138, 1),
        "a space before the colon": (400, 134, 1),
        "a NUL in Host": (400, 113, 1),
        "a NUL in Authorization": (400, 113, 1),
        "a NUL in Content-Length": (400, 113, 1),
        "a NUL in a name": (400, 113, 1),
        "LF after the request line": (400, 141, 1),
        "LF after a header": (400, 141, 1),
        "LF for a last line": (400, 141, 1),
        "a folded line": (400, 121, 1),
        "a line that begins with a colon": (400, 110, 1),
        "two spaces before the target": (400, 115, 1),
        "a NUL in the target": None,
        "an empty line before the request": None,
    },
}


def promise(name, holds, why=""):
    print("ok %s-%s" % (NAME, name) if holds else "FAIL %s-%s: %s" % (NAME, name, why), flush=True)


def connect(address="127.0.0.1"):
    plain = socket.create_connection(("127.0.0.1", PORT), 30, (address, 0))
    return context.wrap_socket(plain, server_hostname=HOST)


def answer(connection):
    """What arrives until the server closes the connection."""
    text = b""
    try:
        while True:
            piece = connection.recv(65536)
            if not piece:
                break
            text += piece
    except OSError:
        pass
    return text


def statuses(text):
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", text)]


def ask(request, address="127.0.0.1"):
    with connect(address) as connection:
        connection.sendall(request)
        return statuses(answer(connection))


def is_served(address):
    try:
        return ask(LINE + WHO + END, address) == [404]
    except OSError:
        return False


def is_open(connection):
    """True if the server has sent nothing, not even the end. TLS 1.3 without tickets sends nothing by itself."""
    return not select.select([connection], [], [], 0)[0]


def memory():
    with open("/proc/%d/statm" % PID) as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


def heads():
    wrong = []
    for name, head in REFUSED.items():
        got = ask(head)
        if got not in ([400], []):
            wrong.append("%s: %s" % (name, got))
        got = ask(LINE + WHO + b"\r\n" + head)
        if got not in ([404], [404, 400]):
            wrong.append("%s, second on its connection: %s" % (name, got))
    promise("refuses-each-head-that-would-be-repaired", not wrong, "; ".join(wrong))
    wrong = ["%s: %s" % (name, got) for name, head in ANSWERED.items() for got in [ask(head)] if got != [404]]
    promise("answers-the-same-heads-without-it", not wrong, "; ".join(wrong))


def answer_to(request):
    with connect("127.0.0.1") as connection:
        try:
            connection.sendall(request)
        except OSError:
            pass  # answered and closed before all was sent
        return answer(connection)


def is_page(got, page):
    if not page:
        return got == b""
    status, length, heads = page
    head = rb"HTTP/1\.1 %d [^\r]*\r\nDate: [^\r]*\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % (status, length)
    return re.fullmatch(b"(%s){%d}<html>.{%d}</html>" % (head, heads, length - len("<html></html>")), got)


def own_answers():
    library = ctypes.CDLL("libmicrohttpd.so.12")
    library.MHD_get_version.restype = ctypes.c_char_p
    pages = PAGES.get(library.MHD_get_version()[:4])
    if not pages:
        print("skip %s-libmicrohttpds-own-answers-are-those-listed: another version" % NAME, flush=True)
        return
    answers = {name: answer_to(OWN[name]) for name in pages}
    wrong = ["%s: %r" % (name, answers[name]) for name, page in pages.items() if not is_page(answers[name], page)]
    promise("libmicrohttpds-own-answers-are-those-listed", not wrong, "; ".join(wrong))


def idle_connections():
    held = [connect("127.0.0.2") for _ in range(SHARE + 5)]
    promise("serves-another-address-while-one-holds-its-share", is_served("127.0.0.3"), "it does not")
    promise("serves-the-same-address-too", is_served("127.0.0.2"), "it does not")
    end = time.monotonic() + 20
    while sum(map(is_open, held)) >= SHARE and time.monotonic() < end:
        time.sleep(0.05)
    states = [is_open(connection) for connection in held]
    promise("ends-the-oldest-of-an-address-beyond-its-share", states[-1] and not any(states[:5]) and sum(states) < SHARE,
            states)
    for i in range(CONNECTIONS):
        held.append(connect("127.0.2.%d" % (i // SHARE)))
    promise("serves-a-new-address-when-others-hold-every-connection", is_served("127.0.0.4"), "it does not")
    for connection in held:
        connection.close()


def unread():
    """How many bytes the kernel still has, on their way to the daemon, of what was sent to it."""
    count = 0
    for name in ("/proc/net/tcp", "/proc/net/tcp6"):
        with open(name, encoding="ascii") as table:
            for line in table.readlines()[1:]:
                _, local, remote, state, queues, *_ = line.split()
                to_send, received = (int(queue, 16) for queue in queues.split(":"))
                if state == "01":  # established
                    count += received if local.endswith(":%04X" % PORT) else 0
                    count += to_send if remote.endswith(":%04X" % PORT) else 0
    return count


def await_read(what):
    end = time.monotonic() + 60
    while unread() and time.monotonic() < end:
        time.sleep(0.05)
    promise("reads-all-%s" % what, not unread(), "%d bytes are left after a minute" % unread())


def unfinished_bodies():
    """Three addresses hold as many connections as they may, each with one byte less than the largest body."""
    held = [connect("127.0.3.%d" % (i % 3)) for i in range(3 * SHARE)]
    head = POST.replace(b"nowhere", TARGET) + WHO + b"Content-Length: %d\r\n\r\n" % BODY
    for connection in held:
        connection.sendall(head + b"a")
    await_read("beginnings")
    before = memory()
    for connection in held:
        try:
            connection.settimeout(5)
            connection.sendall(b"a" * (BODY - 2))
        except OSError:
            pass  # refused and closed
    await_read("bodies")
    grown = memory() - before
    promise("keeps-no-body-of-a-client-without-a-token", grown < len(held) * BODY // 4,
            "%d bodies take %d bytes" % (len(held), grown))
    promise("serves-others-meanwhile", is_served("127.0.0.5"), "it does not")
    for connection in held:
        connection.close()


TARGET = b"common/oauth2/token" if NAME == "signind" else b"keys/a/b/sign?api-version=7.4"
context = ssl.create_default_context(cafile=CA)
heads()
own_answers()
idle_connections()
unfinished_bodies()
