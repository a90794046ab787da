"""A client of the module protocol, by Python's standard library alone.

It was written from docs/module-protocol.md and docs/formats.md, and shares nothing with src/: no header, no table. If
it cannot do something that a module offers, one of the two documents is incomplete.
"""

import hashlib
import socket
import struct

VERSION = 1
BODY_MAX = 131072
RECORD_MAX = 131120
SEND_BUFFER = 131152  # the least that SO_SNDBUF must read

# Number, fields of the request, fields of the response. A field is NAME:KIND, KIND one of u32, u64, hash, bytes, list.
COMMANDS = {
    "ENQUIRE": (0x01, "", "esn:bytes version:bytes mode:u32 role:u32 root:hash world:hash hkm:hash hknso:hash "
                "suite:u32 k:u32 n:u32 set_generation:u32 region:bytes loaded:u32 cache:u32 arena_size:u64 "
                "arena_used:u64 protection:u32 landlock_abi:u32 counter:u64 time:u64"),
    "EVIDENCE": (0x02, "", "root:bytes warrant:bytes member:bytes region_certificate:bytes source_roots:list "
                 "revoked:list"),
    "CHECKPOINT": (0x03, "digest:hash", "statement:bytes"),
    "WORLD_BEGIN": (0x10, "suite:u32 k:u32 pins:list custodians:list", "world:hash world_file:bytes cards:list"),
    "WORLD_COMMIT": (0x11, "world:hash", ""),
    "WORLD_PROGRAM": (0x12, "world_file:bytes", "world:hash"),
    "WORLD_ERASE": (0x13, "world:hash", ""),
    "QUORUM_OPEN": (0x20, "command:u32 digest:hash world_file:bytes", "authority:u64 k:u32 seconds:u32"),
    "QUORUM_CARD": (0x21, "authority:u64 card:bytes pin:bytes", "index:u32 custodian:bytes accepted:u32"),
    "KEY_GENERATE": (0x30, "application:bytes owner:bytes algorithm:u32 bits:u32 exponent:bytes uses:u32",
                     "blob:bytes spki:bytes key_hash:hash"),
    "KEY_LOAD": (0x31, "blob:bytes", "key:hash"),
    "KEY_INFO": (0x32, "key:hash owner:bytes", "application:bytes algorithm:u32 bits:u32 spki:bytes key_hash:hash "
                 "origin:u32 acl:bytes"),
    "KEY_ATTEST": (0x33, "key:hash owner:bytes nonce:bytes", "statement:bytes"),
    "ACL_REPLACE": (0x34, "key:hash kek_package:bytes world_package:bytes subscription:bytes not_after:u64",
                    "blob:bytes"),
    "KEY_IMPORT": (0x35, "application:bytes owner:bytes algorithm:u32 bits:u32 uses:u32 material:bytes",
                   "blob:bytes spki:bytes key_hash:hash"),
    "ACL_REDUCE": (0x36, "key:hash owner:bytes acl:bytes", "blob:bytes"),
    "KEY_FORGET": (0x37, "key:hash owner:bytes", ""),
    "SIGN": (0x40, "key:hash owner:bytes mechanism:u32 data:bytes", "signature:bytes"),
    "DECRYPT": (0x41, "key:hash owner:bytes mechanism:u32 data:bytes", "plaintext:bytes"),
    "REGION_INIT": (0x50, "world_file:bytes certificate:bytes", "world_file:bytes kek_blob:bytes kek_certificate:bytes "
                    "kek_statement:bytes"),
    "TRANSFER_PACKAGE": (0x60, "key:hash kek_package:bytes world_package:bytes subscription:bytes friendly_name:bytes "
                         "not_after:u64", "package:bytes"),
    "TRANSFER_IMPORT": (0x61, "kek:hash owner:bytes package:bytes", "blob:bytes spki:bytes receipt:bytes"),
}
NAMES = {number: name for name, (number, _, _) in COMMANDS.items()}

# The statuses that a module sends.
STATUSES = {
    0: "OK", 2: "ARGUMENT", 4: "SYSTEM", 7: "CRYPTO", 10: "NOT_DURABLE", 20: "ENCODING", 21: "FORMAT",
    22: "TOO_LARGE", 23: "INTEGRITY", 42: "ROLE", 43: "STATE", 44: "NOT_LOADED", 45: "MODULE_FULL", 47: "BUSY",
    48: "NO_WARRANT", 49: "NO_WORLD", 50: "HAS_WORLD", 51: "NO_REGION", 56: "WORLD_FOREIGN", 57: "WORLD_DRAFT", 58: "WORLD_DIVERGED",
    59: "WORLD_LACKS", 60: "ACL", 61: "OWNER", 62: "QUORUM",
    63: "SUITE", 65: "QUORUM_LIMIT", 66: "QUORUM_IN_USE", 70: "CARD_PIN", 71: "CARD_WAIT", 72: "CARD_ALTERED",
    73: "CARD_FOREIGN", 74: "CARD_OLD", 75: "CARD_DUPLICATE", 76: "CARD_SET", 79: "PIN_SHORT", 90: "EVIDENCE_ROOT",
    91: "EVIDENCE_CHAIN", 92: "EVIDENCE_USAGE", 93: "EVIDENCE_SIGNATURE", 94: "EVIDENCE_TIME", 95: "EVIDENCE_ESN",
    96: "EVIDENCE_MEMBER", 97: "EVIDENCE_WORLD", 98: "EVIDENCE_REGION", 99: "EVIDENCE_ORIGIN",
    100: "EVIDENCE_EXPORTABLE", 101: "EVIDENCE_KEY", 102: "EVIDENCE_SUITE", 103: "EVIDENCE_REVOKED",
    104: "EVIDENCE_NONCE", 105: "EVIDENCE_KIND", 120: "KEY_INVALID", 121: "KEY_TYPE", 122: "MECHANISM",
    123: "DATA_SIZE", 124: "DECRYPT", 125: "TRANSFER_REGION", 126: "TRANSFER_WORLD", 127: "TRANSFER_KEK",
    128: "TRANSFER_EXPIRED", 129: "TRANSFER_SUBSCRIPTION", 130: "TRANSFER_REFUSED", 131: "TRANSFER_ACL",
    132: "EXPONENT",
}


class ProtocolError(Exception):
    """The module sent something that the document does not describe."""


class Refusal(Exception):
    def __init__(self, status, numbers):
        super().__init__(STATUSES[status])
        self.name = STATUSES[status]
        self.numbers = numbers


# -- bodies ------------------------------------------------------------------------------------------------------------


def count_and_bytes(value):
    value = value.encode() if isinstance(value, str) else value
    return struct.pack(">I", len(value)) + value


def fields_of(description):
    return [field.split(":") for field in description.split()]


def encode(command, values):
    """A request's body. A field that is not given is 0 or empty."""
    unknown = set(values) - {name for name, _ in fields_of(COMMANDS[command][1])}
    if unknown:
        raise TypeError("%s has no %s" % (command, ", ".join(unknown)))
    body = b""
    for name, kind in fields_of(COMMANDS[command][1]):
        value = values.get(name)
        if kind in ("u32", "u64"):
            body += struct.pack(">I" if kind == "u32" else ">Q", value or 0)
        elif kind == "hash":
            body += value or bytes(32)
        elif kind == "bytes":
            body += count_and_bytes(value or b"")
        else:
            body += struct.pack(">I", len(value or [])) + b"".join(map(count_and_bytes, value or []))
    return body


class Reader:
    def __init__(self, data):
        self.data = data
        self.at = 0

    def take(self, size):
        if size > len(self.data) - self.at:
            raise ProtocolError("a field is cut short")
        self.at += size
        return self.data[self.at - size:self.at]

    def field(self, kind):
        if kind == "hash":
            return self.take(32)
        number = int.from_bytes(self.take(8 if kind == "u64" else 4), "big")
        if kind == "bytes":
            return self.take(number)
        return [self.field("bytes") for _ in range(number)] if kind == "list" else number


def decode(command, body):
    reader = Reader(body)
    values = {name: reader.field(kind) for name, kind in fields_of(COMMANDS[command][2])}
    if reader.at != len(body):
        raise ProtocolError("%s: bytes after the last field" % command)
    return values


def request(command, body=b"", id=0, authority=0):
    """A whole request. The command is a name, or a number of no command."""
    number = COMMANDS[command][0] if isinstance(command, str) else command
    return struct.pack(">4sHHQQI", b"SCm1", VERSION, number, id, authority, len(body)) + body


class Answer:
    def __init__(self, record):
        if len(record) < 48:
            raise ProtocolError("an answer of %d bytes" % len(record))
        magic, version, number, self.id, self.status, *numbers, length = struct.unpack(">4sHHQI3QI", record[:48])
        self.numbers = tuple(numbers)
        self.body = record[48:]
        if (magic, version, length) != (b"SCm1", VERSION, len(self.body)):
            raise ProtocolError("not an answer")
        if number not in NAMES or self.status not in STATUSES:
            raise ProtocolError("command %d, status %d" % (number, self.status))
        if self.status and self.body:
            raise ProtocolError("a refusal with a body")
        self.command = NAMES[number]
        self.name = STATUSES[self.status]

    def values(self):
        """The fields of the answer; a refusal is raised."""
        if self.status:
            raise Refusal(self.status, self.numbers)
        return decode(self.command, self.body)


# -- connections -------------------------------------------------------------------------------------------------------


class Client:
    """One connection. call() asks and waits; send() and receive() are for requests that are pipelined."""

    def __init__(self, path, timeout=300):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER // 2)
        if self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) < SEND_BUFFER:
            raise OSError("net.core.wmem_max is too low")
        self.socket.connect(path)  # blocking, because a full queue is not waited for otherwise
        self.timeout = timeout
        self.socket.settimeout(timeout)
        self.last_id = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, command, id, /, **values):
        self.socket.send(request(command, encode(command, values), id))

    def receive(self):
        """The next answer, or None if the module has closed the connection."""
        try:
            record, ancillary, flags, _ = self.socket.recvmsg(RECORD_MAX, 256)
        except (ConnectionResetError, BrokenPipeError):
            return None
        if flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC) or ancillary:
            raise ProtocolError("an answer that is too long, or has descriptors")
        return Answer(record) if record else None

    def call(self, command, /, **values):
        return self.call_with(command, encode(command, values))

    def call_with(self, command, body, authority=0):
        self.last_id += 1
        self.socket.send(request(command, body, self.last_id, authority))
        answer = self.receive()
        if answer is None:
            raise ConnectionError("the module closed the connection")
        if (answer.command, answer.id) != (command, self.last_id):
            raise ProtocolError("the answer to another request")
        return answer.values()

    def load(self, blob):
        return self.call("KEY_LOAD", blob=blob)["key"]

    def open_quorum(self, command, body):
        prefix = b"safeconduct quorum 1\0" + struct.pack(">HH", VERSION, COMMANDS[command][0])
        return self.call("QUORUM_OPEN", command=COMMANDS[command][0], world_file=b"", digest=hashlib.sha256(prefix + body).digest())

    def quorum(self, command, body, cards):
        """The authority for that command and body, given by (card, PIN) pairs."""
        authority = self.open_quorum(command, body)["authority"]
        for card, pin in cards:
            self.call("QUORUM_CARD", authority=authority, card=card, pin=pin)
        return authority

    def call_under_quorum(self, command, cards, /, **values):
        body = encode(command, values)
        return self.call_with(command, body, self.quorum(command, body, cards))


# -- the few structures of docs/formats.md and docs/safeconduct.asn1 that a client makes or opens ---------------------

SEQUENCE, SET, OCTETS, TEXT, TAGGED_0 = 0x30, 0x31, 0x04, 0x0c, 0xa0


def der(tag, *parts):
    content = b"".join(parts)
    size = b"" if len(content) < 128 else len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size) if size else len(content)]) + size + content


def elements(data):
    """(tag, content, whole encoding) of each element in turn."""
    found = []
    while data:
        header, size = 2, data[1]
        if size & 0x80:
            header += size & 0x7f
            size = int.from_bytes(data[2:header], "big")
        found.append((data[0], data[header:header + size], data[:header + size]))
        data = data[header + size:]
    return found


def inside(data):
    """The elements of a constructed element."""
    return elements(elements(data)[0][1])


def owner(daemon, tenant="", subscription="", vault="", name="", version=""):
    return der(SEQUENCE, *(der(TEXT, text.encode()) for text in (daemon, tenant, subscription, vault, name, version)))


def world_statement(world_file):
    """The statement in a world file: WorldFile, body, the 16th element."""
    return inside(inside(world_file)[0][2])[15][1]


def region_request(region, operator, world_file):
    texts = (der(TEXT, text.encode()) for text in ("safeconduct.region-request.1", region, operator))
    return der(SEQUENCE, *texts, der(OCTETS, world_statement(world_file)))


def enclose(statement, certificate):
    """The CMS SignedData with one more certificate among those that it encloses, in DER's order."""
    content_type, explicit = inside(statement)
    signed = inside(explicit[1])
    certificates = sorted([whole for _, _, whole in elements(signed[3][1])] + [certificate])
    parts = [whole for _, _, whole in signed]
    parts[3] = der(TAGGED_0, *certificates)
    return der(SEQUENCE, content_type[2], der(TAGGED_0, der(SEQUENCE, *parts)))
