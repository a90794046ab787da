#!/usr/bin/env python3
"""verifykeypackage.py: validates a downloaded Key Exchange Key package (article step 3.2).

    python verifykeypackage.py -k BYOK-KEK-pkg-EU-1 -w BYOK-SecurityWorld-pkg-EU-1 [-m MODULE]

It needs Python's standard library and the openssl program, and shares no code with the programs whose claims
it checks: openssl judges signatures and certificate chains; everything else is read and compared below.
The HSM must be connected, powered on, and have a security world on it: the root that counts is the one that
your own module carries.

How to read it: first comes the encoding (DER), then certificates and the wrapper of statements. Each of these
is encoded again from what was read and compared byte for byte. Then come the contents of statements, and last
the checks, which are listed in CHECKS.
"""

import argparse
import base64
import calendar
import filecmp
import hashlib
import os
import re
import socket
import stat
import struct
import subprocess
import sys
import time
import unicodedata

# The SHA-256 of the public key of the manufacturer's root, in hexadecimal. It is filled in when the toolset is
# built. Compare it with the hash that the manufacturer publishes elsewhere: a hash that comes with the package
# proves little.
ROOT_KEY_HASH = ""

VERSION_TEXT = "verifykeypackage.py (Safeconduct) 0.1.0"

# The exit statuses, the same as those of the other programs (from sysexits.h).
USAGE, BAD_DATA, NO_INPUT, UNAVAILABLE, SYSTEM, OUTPUT, PROTOCOL, INTERRUPTED = 2, 65, 66, 69, 71, 71, 76, 130


class Refused(Exception):
    """Raised by every check that fails; it says what is wrong."""

    def __init__(self, message, status=BAD_DATA):
        super().__init__(message)
        self.status = status

    def within(self, what):
        return Refused("%s: %s" % (what, self), self.status)


def ensure(condition, message, status=BAD_DATA):
    if not condition:
        raise Refused(message, status)


# -- DER: exactly one encoding for every value ---------------------------------------------------------------------

INTEGER, BIT_STRING, OCTET_STRING, OID, UTF8, SEQUENCE, SET = 0x02, 0x03, 0x04, 0x06, 0x0C, 0x30, 0x31
BOOLEAN, UTC_TIME, GENERALIZED_TIME = 0x01, 0x17, 0x18


def der(tag, *parts):
    """One element: tag, the shortest length, content."""
    content = b"".join(parts)
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    size = (length.bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + length.to_bytes(size, "big") + content


def der_integer(value):
    """Of a non-negative number."""
    return der(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def der_oid(dotted):
    first, second, *rest = (int(arc) for arc in dotted.split("."))
    content = b""
    for arc in [40 * first + second] + rest:
        septets = [arc & 0x7F]
        while arc := arc >> 7:
            septets.append(0x80 | arc & 0x7F)
        content += bytes(reversed(septets))
    return der(OID, content)


class Reader:
    """Reads elements one after the other. Refuses malformed and left-over data."""

    def __init__(self, data, what):
        self.data, self.at, self.what = data, 0, what

    def fail(self):
        raise Refused("%s: malformed or not in its one canonical form" % self.what)

    def must(self, condition):
        if not condition:
            self.fail()

    def next_tag(self):
        return self.data[self.at] if self.at < len(self.data) else None

    def element(self, tag):
        """(content, whole element) of the next element, which must have this tag."""
        start = self.at
        self.must(len(self.data) >= start + 2 and self.data[start] == tag)
        length, body = self.data[start + 1], start + 2
        if length >= 0x80:
            size = length & 0x7F
            self.must(1 <= size <= 3 and len(self.data) >= body + size)
            length = int.from_bytes(self.data[body:body + size], "big")
            body += size
            self.must(length >= 0x80 and length >> (8 * (size - 1)))
        self.must(len(self.data) >= body + length)
        self.at = body + length
        return self.data[body:self.at], self.data[start:self.at]

    def content(self, tag):
        return self.element(tag)[0]

    def inside(self, tag):
        return Reader(self.content(tag), self.what)

    def end(self):
        self.must(self.at == len(self.data))

    def integer(self, most=2**32 - 1):
        """A number from 0 to `most`."""
        content = self.content(INTEGER)
        self.must(content and content[0] < 0x80 and not (len(content) > 1 and content[0] == 0 and content[1] < 0x80))
        value = int.from_bytes(content, "big")
        self.must(value <= most)
        return value

    def text(self, tag=UTF8):
        """At most 127 bytes of UTF-8 without control characters."""
        content = self.content(tag)
        self.must(len(content) <= 127)
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError:
            self.fail()
        self.must(not any(ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 for c in text))
        return text

    def hash(self, tag=OCTET_STRING):
        content = self.content(tag)
        self.must(len(content) == 32)
        return content

    def flag(self):
        content = self.content(BOOLEAN)
        self.must(content in (b"\x00", b"\xff"))
        return content == b"\xff"

    def time(self):
        """GeneralizedTime YYYYMMDDHHMMSSZ, from 1970 on, in seconds."""
        return seconds_of(self.content(GENERALIZED_TIME), 4, self, 1970)


def seconds_of(content, year_digits, reader, first_year):
    reader.must(len(content) == year_digits + 11 and content[-1:] == b"Z" and content[:-1].isdigit())
    year, rest = int(content[:year_digits]), content[year_digits:-1]
    if year_digits == 2:
        year += 1900 if year >= 50 else 2000
    fields = [year] + [int(rest[i:i + 2]) for i in range(0, 10, 2)]
    reader.must(year >= first_year)
    seconds = calendar.timegm(tuple(fields) + (0, 0, 0)) if 1 <= fields[1] <= 12 else None
    # timegm() reads 31 February as 3 March: accept only what converts back to itself.
    reader.must(seconds is not None and list(time.gmtime(seconds)[:6]) == fields)
    return seconds


# -- names and numbers that are fixed ------------------------------------------------------------------------------

ARC = "2.25.157790286148159703248694151546311393766"
KEY_STATEMENT, WORLD_STATEMENT = der_oid(ARC + ".2.1"), der_oid(ARC + ".2.2")
REGION_EXTENSION = der_oid(ARC + ".3.1")
SIGNED_DATA = der_oid("1.2.840.113549.1.7.2")
CONTENT_TYPE, MESSAGE_DIGEST = der_oid("1.2.840.113549.1.9.3"), der_oid("1.2.840.113549.1.9.4")
SHA256 = der(SEQUENCE, der_oid("2.16.840.1.101.3.4.2.1"))
ECDSA_SHA256 = der(SEQUENCE, der_oid("1.2.840.10045.4.3.2"))
ECDSA_SHA384 = der(SEQUENCE, der_oid("1.2.840.10045.4.3.3"))
ECDSA_SHA512 = der(SEQUENCE, der_oid("1.2.840.10045.4.3.4"))
DSA_SHA256 = der(SEQUENCE, der_oid("2.16.840.1.101.3.4.3.2"))
COMMON_NAME = der_oid("2.5.4.3")
SUBJECT_KEY_ID, KEY_USAGE, BASIC_CONSTRAINTS = der_oid("2.5.29.14"), der_oid("2.5.29.15"), der_oid("2.5.29.19")
AUTHORITY_KEY_ID, EXTENDED_KEY_USAGE = der_oid("2.5.29.35"), der_oid("2.5.29.37")
TRUE = b"\x01\x01\xff"

IMPORT_TRANSFER = 1 << 6
GENERATED = 1
RSA = 1
SUITES = {1: "DLf1024s160mRijndael", 3: "ECp521mAES"}
REGION_SUITES = (3,)
KEY_TYPES = {(1, 2048): "RSA-2048", (1, 3072): "RSA-3072", (1, 4096): "RSA-4096", (2, 256): "EC-P-256",
             (2, 384): "EC-P-384", (2, 521): "EC-P-521", (3, 128): "AES-128", (3, 192): "AES-192", (3, 256): "AES-256",
             (4, 256): "HMAC-256", (4, 384): "HMAC-384", (4, 512): "HMAC-512", (5, 256): "EC-P-256K"}
SECRET = (3, 4)  # AES, HMAC: keys without a public half
DAY = 24 * 60 * 60


def ec_shape(curve, size):
    """An uncompressed point on a named curve: what precedes it, its length, what follows it."""
    point = 2 * size
    algorithm = der(SEQUENCE, der_oid("1.2.840.10045.2.1"), der_oid(curve))
    whole = der(SEQUENCE, algorithm, der(BIT_STRING, b"\x00\x04", bytes(point)))
    return whole[:-point], point, b""


def rsa_4096_shape():
    modulus, exponent = der(INTEGER, b"\x00", bytes(512)), der_integer(65537)
    algorithm = der(SEQUENCE, der_oid("1.2.840.113549.1.1.1"), b"\x05\x00")
    whole = der(SEQUENCE, algorithm, der(BIT_STRING, b"\x00", der(SEQUENCE, modulus, exponent)))
    return whole[:-512 - len(exponent)], 512, exponent


P256, P384, P521 = ec_shape("1.2.840.10045.3.1.7", 32), ec_shape("1.3.132.0.34", 48), ec_shape("1.3.132.0.35", 66)
RSA_4096 = rsa_4096_shape()


class Profile:
    """What the certificates of one kind have in common."""

    def __init__(self, name, usage, key_usage, path_length, shape, algorithms):
        self.name, self.usage = name, der_oid(ARC + usage) if usage else None
        self.key_usage = key_usage  # content of the BIT STRING, RFC 5280 section 4.2.1.3
        self.path_length = path_length  # None: not a certificate authority
        self.shape, self.algorithms = shape, algorithms


PROFILES = {
    "root": Profile("root certificate", None, b"\x02\x04", 1, P384, [ECDSA_SHA384]),
    "warrant": Profile("warrant", ".1.1", b"\x07\x80", None, P256, [ECDSA_SHA384]),
    "region": Profile("region certificate", ".1.2", b"\x02\x04", 0, P521, [ECDSA_SHA384]),
    "member": Profile("member certificate", ".1.3", b"\x07\x80", None, P256, [ECDSA_SHA512, DSA_SHA256]),
    "kek": Profile("KEK certificate", ".1.4", b"\x05\x20", None, RSA_4096, [ECDSA_SHA512]),
}


# -- certificates --------------------------------------------------------------------------------------------------

def der_name(cn):
    return der(SEQUENCE, der(SET, der(SEQUENCE, COMMON_NAME, der(UTF8, cn.encode()))))


def der_date(seconds):
    """RFC 5280 section 4.1.2.5: UTCTime through 2049, GeneralizedTime after."""
    date = time.gmtime(seconds)
    if 1950 <= date.tm_year < 2050:
        return der(UTC_TIME, time.strftime("%y%m%d%H%M%SZ", date).encode())
    return der(GENERALIZED_TIME, (b"%04d" % date.tm_year) + time.strftime("%m%d%H%M%SZ", date).encode())


def der_extension(kind, critical, value):
    return der(SEQUENCE, kind, TRUE if critical else b"", der(OCTET_STRING, value))


def der_extensions(c):
    profile = PROFILES[c.kind]
    constraints = b"" if profile.path_length is None else TRUE + der_integer(profile.path_length)
    extensions = [der_extension(BASIC_CONSTRAINTS, True, der(SEQUENCE, constraints)),
                  der_extension(KEY_USAGE, True, der(BIT_STRING, profile.key_usage))]
    if profile.usage:
        extensions.append(der_extension(EXTENDED_KEY_USAGE, True, der(SEQUENCE, profile.usage)))
    extensions.append(der_extension(SUBJECT_KEY_ID, False, der(OCTET_STRING, c.key_id)))
    if profile.usage:
        extensions.append(der_extension(AUTHORITY_KEY_ID, False, der(SEQUENCE, der(0x80, c.issuer_key_id))))
    if c.kind == "region":
        info = der(SEQUENCE, der(UTF8, b"safeconduct.region.1"), der(UTF8, c.region.encode()),
                   der(UTF8, c.operator.encode()))
        extensions.append(der_extension(REGION_EXTENSION, False, info))
    return der(0xA3, der(SEQUENCE, *extensions))


def is_esn(text):
    """XXXX-XXXX-XXXX"""
    return len(text) == 14 and all(c == "-" if i in (4, 9) else c in "0123456789ABCDEF" for i, c in enumerate(text))


def is_knso_name(text):
    return text.startswith("KNSO ") and len(text) == 69 and all(c in "0123456789abcdef" for c in text[5:])


class Certificate:
    """Reads a certificate, encodes it again from what was read, and refuses it if the two differ."""

    def __init__(self, whole):
        self.whole = whole
        ensure(len(whole) <= 8192, "certificate: too large")
        outer = Reader(whole, "certificate").inside(SEQUENCE)
        body, algorithm, signature = outer.content(SEQUENCE), outer.element(SEQUENCE)[1], outer.content(BIT_STRING)
        self.read(Reader(body, "certificate"))
        profile = PROFILES[self.kind]
        ensure(algorithm in profile.algorithms, "%s: wrong signature algorithm for its kind" % profile.name)
        self.check_fields(profile)
        again = der(SEQUENCE, self.body(algorithm), algorithm, der(BIT_STRING, b"\x00", signature[1:]))
        ensure(again == whole, '%s of "%s": does not contain exactly what this kind must contain' %
               (profile.name, self.subject))

    def read(self, reader):
        reader.must(reader.inside(0xA0).integer() == 2)
        content, self.serial_der = reader.element(INTEGER)
        self.serial = int.from_bytes(content, "big", signed=True)
        reader.element(SEQUENCE)  # the algorithm: compared with the outer one when encoded again
        self.issuer, self.issuer_der = self.read_name(reader)
        dates = reader.inside(SEQUENCE)
        self.not_before, self.not_after = self.read_date(dates), self.read_date(dates)
        self.subject, _ = self.read_name(reader)
        self.spki = reader.element(SEQUENCE)[1]
        self.read_extensions(reader.inside(0xA3).inside(SEQUENCE))

    @staticmethod
    def read_name(reader):
        """Exactly one CN, as UTF8String."""
        content, whole = reader.element(SEQUENCE)
        entry = Reader(content, reader.what).inside(SET).inside(SEQUENCE)
        entry.must(entry.element(OID)[1] == COMMON_NAME)
        cn = entry.text()
        entry.must(cn and whole == der_name(cn))
        return cn, whole

    @staticmethod
    def read_date(reader):
        if reader.next_tag() == UTC_TIME:
            return seconds_of(reader.content(UTC_TIME), 2, reader, 1950)
        return seconds_of(reader.content(GENERALIZED_TIME), 4, reader, 0)

    def read_extensions(self, reader):
        """Reads the three that carry information; the rest follows from the kind."""
        values = {}
        while reader.next_tag() is not None:
            extension = reader.inside(SEQUENCE)
            kind = extension.element(OID)[1]
            if extension.next_tag() == BOOLEAN:
                extension.element(BOOLEAN)
            values[kind] = extension.content(OCTET_STRING)
        self.kind = "root"
        if EXTENDED_KEY_USAGE in values:
            usage = Reader(values[EXTENDED_KEY_USAGE], reader.what).inside(SEQUENCE).element(OID)[1]
            kinds = [kind for kind, profile in PROFILES.items() if profile.usage == usage]
            ensure(kinds, "certificate: an unknown extended key usage")
            self.kind = kinds[0]
            reader.must(AUTHORITY_KEY_ID in values)
            self.issuer_key_id = Reader(values[AUTHORITY_KEY_ID], reader.what).inside(SEQUENCE).content(0x80)
            reader.must(len(self.issuer_key_id) == 20)
        if self.kind == "region":
            reader.must(REGION_EXTENSION in values)
            info = Reader(values[REGION_EXTENSION], "region extension").inside(SEQUENCE)
            ensure(info.text() == "safeconduct.region.1", "region extension: unknown type or version")
            self.region, self.operator = info.text(), info.text()
            info.must(1 <= len(self.region) <= 16 and all(
                c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789" for c in self.region) and self.operator)

    def check_fields(self, profile):
        before, number, behind = profile.shape
        ensure(len(self.spki) == len(before) + number + len(behind) and self.spki.startswith(before) and
               self.spki.endswith(behind) and (profile.shape is not RSA_4096 or self.spki[len(before)] & 0x80),
               "%s: wrong type of key for its kind" % profile.name)
        # The key identifier is made from the bits after the count of unused bits.
        bits = Reader(Reader(self.spki, profile.name).content(SEQUENCE), profile.name)
        bits.element(SEQUENCE)
        self.key_id = hashlib.sha256(bits.content(BIT_STRING)[1:]).digest()[:20]
        self.key_hash = hashlib.sha256(self.spki).digest()
        ensure(0 < self.serial < 2**159, "%s: the serial number is not positive, or too long" % profile.name)
        ensure(self.not_before <= self.not_after, "%s: its validity ends before it begins" % profile.name)
        ensure(self.names_fit(), "%s: wrong subject or issuer for its kind" % profile.name)

    def names_fit(self):
        return {
            "root": lambda: self.subject == self.issuer,
            "warrant": lambda: is_esn(self.subject),
            "region": lambda: is_knso_name(self.subject),
            "member": lambda: is_esn(self.subject) and is_knso_name(self.issuer),
            "kek": lambda: self.subject == "KEK " + self.key_hash.hex() and is_knso_name(self.issuer),
        }[self.kind]()

    def body(self, algorithm):
        return der(SEQUENCE, der(0xA0, der_integer(2)), der_integer(self.serial), algorithm, der_name(self.issuer),
                   der(SEQUENCE, der_date(self.not_before), der_date(self.not_after)), der_name(self.subject),
                   self.spki, der_extensions(self))

    def pem(self):
        text = base64.encodebytes(self.whole).decode()
        return ("-----BEGIN CERTIFICATE-----\n%s-----END CERTIFICATE-----\n" % text).encode()


# -- openssl: signatures and chains --------------------------------------------------------------------------------

class OpenSSL:
    """The openssl program, trusting only the certificates that it is given. What it reads is in memory: nothing is
    written to a disk, so an auditor needs no directory to write in."""

    ONLY_GIVEN = ["-no-CApath", "-no-CAstore"]
    STRICT = ["-x509_strict", "-check_ss_sig"]

    def __init__(self):
        self.environment = {name: value for name, value in os.environ.items()
                            if not name.startswith(("OPENSSL_", "SSL_CERT_"))}

    def run(self, arguments, **files):
        """Runs openssl; "{name}" in an argument stands for the file with that keyword's content. Returns whether it
        succeeded, its standard output, and its standard error as text."""
        descriptors = {}
        try:
            for name, content in files.items():
                descriptors[name] = os.memfd_create(name)
                os.write(descriptors[name], content)
            paths = {name: "/proc/self/fd/%d" % descriptor for name, descriptor in descriptors.items()}
            done = subprocess.run(["openssl", *(argument.format(**paths) for argument in arguments)],
                                  stdin=subprocess.DEVNULL, capture_output=True, env=self.environment,
                                  pass_fds=list(descriptors.values()), check=False)
        except FileNotFoundError:
            raise Refused("the openssl program is not installed", UNAVAILABLE) from None
        except OSError as error:
            raise Refused("the openssl program cannot be run: %s" % error.strerror, UNAVAILABLE) from None
        finally:
            for descriptor in descriptors.values():
                os.close(descriptor)
        return done.returncode == 0, done.stdout, done.stderr.decode(errors="replace")

    def chain(self, certificate, between, root, at):
        """certificate ← between ← root, valid at the time `at`."""
        links = [certificate, between, root] if between else [certificate, root]
        for below, above in zip(links, links[1:]):  # openssl ignores case in names
            ensure(below.issuer == above.subject, '"%s" is not issued by "%s"' % (below.subject, above.subject))
        files = {"root": root.pem(), "certificate": certificate.pem()}
        given = ["-CAfile", "{root}"]
        if between:
            files["between"] = between.pem()
            given += ["-untrusted", "{between}"]
        good, _, errors = self.run(["verify", *self.ONLY_GIVEN, *self.STRICT, "-attime", str(at), *given,
                                    "{certificate}"], **files)
        reason = [line for line in errors.splitlines() if line.startswith("error ")]
        ensure(good, '%s of "%s": %s' % (PROFILES[certificate.kind].name, certificate.subject,
                                         reason[0] if reason else "its chain does not verify"))

    def statement(self, package, content, root, at):
        """Signature and chain of a statement, as stock openssl sees them."""
        good, found, _ = self.run(["cms", "-verify", "-purpose", "any", *self.ONLY_GIVEN, *self.STRICT, "-attime",
                                   str(at), "-inform", "DER", "-in", "{package}", "-CAfile", "{root}", "-binary"],
                                  package=package, root=root.pem())
        ensure(good, "its signature does not verify")
        ensure(found == content, "openssl reads different content in it")


# -- statements ----------------------------------------------------------------------------------------------------

def canonical_wrapper(kind, content, certificates, issuer, serial, signature):
    """The only form of a statement: RFC 5652, one signer, two signed attributes, no unsigned ones."""
    attributes = sorted([der(SEQUENCE, CONTENT_TYPE, der(SET, kind)),
                         der(SEQUENCE, MESSAGE_DIGEST,
                             der(SET, der(OCTET_STRING, hashlib.sha256(content).digest())))])
    signer = der(SEQUENCE, der_integer(1), der(SEQUENCE, issuer, serial), SHA256, der(0xA0, *attributes), ECDSA_SHA256,
                 der(OCTET_STRING, signature))
    signed = der(SEQUENCE, der_integer(3), der(SET, SHA256), der(SEQUENCE, kind, der(0xA0, der(OCTET_STRING, content))),
                 der(0xA0, *sorted(set(certificates))), der(SET, signer))
    return der(SEQUENCE, SIGNED_DATA, der(0xA0, signed))


class Statement:
    """One statement, verified as far as it can be by itself. The subclass reads its content."""

    def __init__(self, package, kind, module, now, openssl):
        self.warrant = self.member = self.region = self.kek = None
        self.unwrap(package, kind)
        self.sort_certificates()
        self.read(Reader(self.content, "statement"))
        ensure(self.time <= now + DAY, "it names a time in the future")
        self.root = self.find_root(module.roots, self.judged_at(now), openssl)
        self.verify(package, now, openssl)
        ensure(self.warrant.subject == self.esn, "it names module %s, but its warrant is for %s" %
               (self.esn, self.warrant.subject))
        ensure(self.esn not in module.revoked, "module %s is revoked" % self.esn)

    def unwrap(self, package, kind):
        ensure(0 < len(package) <= 65536, "not 1 to 65536 bytes long")
        outer = Reader(package, "wrapper").inside(SEQUENCE)
        outer.element(OID)
        signed = outer.inside(0xA0).inside(SEQUENCE)
        signed.integer()
        signed.element(SET)
        inner = signed.inside(SEQUENCE)
        given = inner.element(OID)[1]
        self.content = inner.inside(0xA0).content(OCTET_STRING)
        enclosed, certificates = signed.inside(0xA0), []
        while enclosed.next_tag() is not None:
            certificates.append(enclosed.element(SEQUENCE)[1])
        signer = signed.inside(SET).inside(SEQUENCE)
        signer.integer()
        named = signer.inside(SEQUENCE)
        self.issuer, self.serial = named.element(SEQUENCE)[1], named.element(INTEGER)[1]
        signer.element(SEQUENCE)
        signer.element(0xA0)
        signer.element(SEQUENCE)
        signature = signer.content(OCTET_STRING)
        ensure(1 <= len(certificates) <= 8 and 1 <= len(signature) <= 256,
               "wrapper: wrong number of certificates or length of signature")
        # Stock openssl accepts a different outer type, version or length. Here all of it is compared.
        ensure(package == canonical_wrapper(given, self.content, certificates, self.issuer, self.serial, signature),
               "not in the one canonical form of the wrapper")
        ensure(given == kind, "not the expected type of statement")
        ensure(len(self.content) <= 8192, "its content is too large")
        self.certificates = [Certificate(certificate) for certificate in certificates]

    def sort_certificates(self):
        for certificate in self.certificates:
            name = PROFILES[certificate.kind].name
            ensure(certificate.kind in self.ENCLOSED, "a %s is enclosed, which is not allowed here" % name)
            ensure(getattr(self, certificate.kind) is None, "more than one %s is enclosed" % name)
            setattr(self, certificate.kind, certificate)
        ensure(self.warrant, "no warrant is enclosed")

    def find_root(self, roots, at, openssl):
        """The trusted root that signed the warrant."""
        reason = Refused('root "%s", which issued its warrant, is not trusted' % self.warrant.issuer)
        for root in roots:
            if root.key_id == self.warrant.issuer_key_id:
                try:
                    openssl.chain(self.warrant, None, root, at)
                    return root
                except Refused as refusal:
                    reason = refusal
        raise reason

    def verify_signer(self, package, signer, at, openssl):
        ensure(self.issuer == signer.issuer_der and self.serial == signer.serial_der,
               "the enclosed %s does not name its signer" % PROFILES[signer.kind].name)
        openssl.statement(package, self.content, self.root, at)

    def check_region(self):
        ensure(self.region.subject == "KNSO " + self.world.hex(), "its region certificate is for another world")


class KeyStatement(Statement):
    """What the region's module says about the Key Exchange Key. Judged at the present time."""

    ENCLOSED = ("warrant", "member", "region", "kek")

    def judged_at(self, now):
        return now

    def read(self, reader):
        r = reader.inside(SEQUENCE)
        reader.end()
        ensure(r.text() == "safeconduct.key-statement.1", "unknown type or version of content")
        self.spki, self.key_hash = r.content(OCTET_STRING), r.hash()
        kind = r.inside(SEQUENCE)
        self.type = (kind.integer(), kind.integer())
        kind.end()
        self.application, self.origin, self.exportable = r.text(), r.integer(), r.flag()
        owner = r.inside(SEQUENCE)
        self.owner = [owner.text() for _ in range(6)]
        owner.end()
        self.acl = r.element(SEQUENCE)[1]
        protection, self.suite, self.world = r.text(), r.integer(), r.hash()
        self.region_name = r.text(0x80) if r.next_tag() == 0x80 else None
        self.hkm, self.esn, _, self.time = r.hash(), r.text(), r.text(), r.time()
        nonce = r.content(OCTET_STRING)
        self.package = r.hash(0x81) if r.next_tag() == 0x81 else None
        r.end()
        r.must(self.type in KEY_TYPES and 1 <= self.origin <= 5 and protection == "module" and self.suite in SUITES)
        r.must(self.application and self.esn and len(nonce) <= 64)
        r.must(not self.spki if self.is_secret() else 1 <= len(self.spki) <= 1024)
        r.must(self.region_name != "" and self.package != bytes(32))

    def is_secret(self):
        return self.type[0] in SECRET

    def verify(self, package, now, openssl):
        ensure(self.member or not self.region,
               "a region certificate is enclosed without a member certificate of the signer")
        ensure(self.region or not self.member, "a member certificate is enclosed without its region's certificate")
        ensure(self.member or not self.region_name,
               "the statement names a region, but no member certificate is enclosed")
        ensure(self.region or not self.kek, "a KEK certificate is enclosed without its region's certificate")
        if self.member:
            openssl.chain(self.member, self.region, self.root, now)
        if self.kek:
            openssl.chain(self.kek, self.region, self.root, now)
        if self.region:
            self.check_region()
            ensure(self.region_name == self.region.region,
                   "it names one region, but its region certificate is for another")
        self.verify_signer(package, self.member or self.warrant, now, openssl)
        if self.member:
            ensure(self.member.subject == self.warrant.subject and self.member.spki == self.warrant.spki,
                   "the warrant and the member certificate are for different modules")
        if self.is_secret():  # whose hash is a commitment: only a module that has the key can check it
            ensure(not self.kek, "a secret key cannot be a Key Exchange Key")
            return
        ensure(hashlib.sha256(self.spki).digest() == self.key_hash,
               "the stated key hash is not its key's")
        if self.kek:
            ensure(self.kek.spki == self.spki, "its KEK certificate is for another key")
            ensure(self.type == (RSA, 4096), "the key is not of the stated type")


class WorldStatement(Statement):
    """What the module that made the world said about it then. Judged at the time that the statement names."""

    ENCLOSED = ("warrant", "region")

    def judged_at(self, now):
        return self.time

    def read(self, reader):
        r = reader.inside(SEQUENCE)
        reader.end()
        ensure(r.text() == "safeconduct.world-statement.1", "unknown type or version of content")
        self.knso, self.world, self.hkm, self.suite = r.content(OCTET_STRING), r.hash(), r.hash(), r.integer()
        k, n, generation = r.integer(), r.integer(), r.integer()
        self.esn, _, self.time = r.text(), r.text(), r.time()
        r.end()
        r.must(1 <= k <= n <= 64 and generation >= 1 and self.suite in SUITES and self.esn)
        r.must(1 <= len(self.knso) <= 1024)

    def verify(self, package, now, openssl):
        if self.region:
            openssl.chain(self.region, None, self.root, now)  # it was made after the statement
            self.check_region()
        self.verify_signer(package, self.warrant, self.time, openssl)
        made_of = (b"safeconduct world 1\x00" + hashlib.sha256(self.knso).digest() + self.hkm +
                   self.suite.to_bytes(4, "big"))
        ensure(hashlib.sha256(made_of).digest() == self.world,
               "the world's id does not match its KNSO, HKM and suite")
        if self.region:
            ensure(self.region.spki == self.knso, "its region certificate is for another KNSO")


def is_import_only(acl):
    """Exactly one group, open to everyone, with one action: importTransfer. The group may have any id."""
    groups = Reader(acl, "ACL").inside(SEQUENCE)
    ensure(groups.text() == "safeconduct.acl.1", "ACL: unknown type or version")
    group_id = groups.inside(SEQUENCE).inside(SEQUENCE).integer()
    group = der(SEQUENCE, der_integer(group_id), der_integer(0), der_integer(0), der_integer(0),
                der(SEQUENCE, b"\x80\x01" + bytes([IMPORT_TRANSFER])))
    return group_id > 0 and acl == der(SEQUENCE, der(UTF8, b"safeconduct.acl.1"), der(SEQUENCE, group))


# -- the module ----------------------------------------------------------------------------------------------------

MAGIC, VERSION, ENQUIRE, EVIDENCE = 0x53436D31, 1, 0x01, 0x02
MODE_WORLD = 2
HEADER = struct.Struct(">IHHQI3QI")
BODY_MAX = 131072


class Fields:
    """Reads the fields of a module's answer in order."""

    def __init__(self, body):
        self.body, self.at = body, 0

    def take(self, length):
        ensure(len(self.body) - self.at >= length, "the module's answer is too short")
        self.at += length
        return self.body[self.at - length:self.at]

    def u32(self):
        return int.from_bytes(self.take(4), "big")

    def string(self, most):
        length = self.u32()
        ensure(length <= most, "the module's answer has a field that is too long")
        return self.take(length)

    def strings(self, most):
        count = self.u32()
        ensure(count <= 256, "the module's answer has a list that is too long")
        return [self.string(most) for _ in range(count)]

    def end(self):
        ensure(self.at == len(self.body), "the module's answer is too long")


class Module:
    """The connected module: its serial number and clock, the roots that it trusts (its own first), and the
    modules that its world has revoked."""

    NEEDED = "the HSM must be connected, powered on, and have a security world on it"

    def __init__(self, number):
        try:
            path = self.socket_path(number)
            self.talk(path)
        except Refused as reason:
            raise reason.within(self.NEEDED) from None

    def talk(self, path):
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as self.socket:
                self.socket.settimeout(120)
                self.socket.connect(path)
                self.enquire()
                self.ask_trust()
        except OSError as error:
            raise Refused("%s: %s" % (path, error), UNAVAILABLE) from None

    @staticmethod
    def socket_path(number):
        """The line `<number> use <path>` of $NFAST_KMDATA/config/modules."""
        kmdata = os.environ.get("NFAST_KMDATA")
        ensure(kmdata, "NFAST_KMDATA is not set", USAGE)
        name = os.path.join(kmdata, "config", "modules")
        try:
            with open(name, encoding="utf-8-sig", newline="\n") as file:
                # A comment begins a line or follows a blank. The path is the rest of the line and may have blanks.
                lines = [re.sub(r"(^|[ \t])#.*", "", line.rstrip("\r\n")).strip(" \t") for line in file]
        except OSError as error:
            raise cannot_read(name, error) from None
        except UnicodeDecodeError:
            raise Refused("%s: not a text file" % name) from None
        for line in lines:
            words = re.split(r"[ \t]+", line, maxsplit=2)
            if len(words) == 3 and words[:2] == [str(number), "use"]:
                return words[2]
        raise Refused("%s: no line `%d use <socket>`" % (name, number), NO_INPUT)

    def ask(self, command):
        self.socket.sendall(struct.pack(">IHHQQI", MAGIC, VERSION, command, command, 0, 0))
        answer, _, flags, _ = self.socket.recvmsg(HEADER.size + BODY_MAX + 1)
        ensure(answer, "the module gave no answer", UNAVAILABLE)
        ensure(not flags & socket.MSG_TRUNC and len(answer) >= HEADER.size, "the module's answer is malformed",
               PROTOCOL)
        magic, version, echoed, number, status, _, _, _, length = HEADER.unpack(answer[:HEADER.size])
        ensure((magic, version, echoed, number, length) ==
               (MAGIC, VERSION, command, command, len(answer) - HEADER.size),
               "the module does not speak protocol version %d" % VERSION, PROTOCOL)
        ensure(status == 0, "the module refused with status %d" % status, UNAVAILABLE)
        return Fields(answer[HEADER.size:])

    def enquire(self):
        answer = self.ask(ENQUIRE)
        esn = answer.string(127)
        answer.string(127)  # its version
        mode = answer.u32()
        answer.u32()  # the socket's role
        self.root_hash = answer.take(32)
        answer.take(3 * 32 + 4 * 4)  # its world: id, hkm, hknso; suite, K, N, generation of the cards
        answer.string(127)  # its region
        answer.take(2 * 4 + 2 * 8 + 2 * 4 + 8)  # keys loaded, arena, protection, state counter
        self.clock = int.from_bytes(answer.take(8), "big")
        answer.end()
        ensure(mode >= MODE_WORLD, "the module has no security world on it: make one first (see new-world)",
               UNAVAILABLE)
        ensure(is_esn(esn.decode("ascii", "replace")), "the module's serial number is malformed")
        self.esn = esn.decode("ascii")

    def ask_trust(self):
        answer = self.ask(EVIDENCE)
        roots = [answer.string(8192)]
        for _ in range(3):
            answer.string(8192)  # warrant, member certificate, region certificate
        roots += answer.strings(8192)
        self.revoked = [esn.decode("utf-8", "replace") for esn in answer.strings(127)]
        answer.end()
        self.roots = [Certificate(root) for root in roots]
        ensure(all(root.kind == "root" for root in self.roots),
               "the module trusts a certificate that is not a root certificate")
        ensure(self.roots[0].key_hash == self.root_hash,
               "the module's root certificate is not that of its pinned root")


# -- the checks: each returns what it found ------------------------------------------------------------------------

def grouped(digest):
    text = digest.hex()
    return " ".join(text[i:i + 8] for i in range(0, len(text), 8))


def clock_text(seconds):
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds))


class Question:
    """What is to be verified, and what has been found so far."""

    def __init__(self, arguments, openssl):
        self.arguments, self.openssl = arguments, openssl
        self.kek_package = read_file(arguments.kek_package)
        self.world_package = read_file(arguments.world_package)
        self.module = self.now = self.kek = self.world = None


def cannot_read(name, error):
    return Refused("%s: %s" % (name, error.strerror), NO_INPUT if isinstance(error, FileNotFoundError) else SYSTEM)


def read_file(name):
    try:
        # Without waiting: a FIFO in place of the file must not block the program.
        with open(name, "rb", opener=lambda path, flags: os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY)) as file:
            ensure(stat.S_ISREG(os.fstat(file.fileno()).st_mode), "%s: is not a regular file" % name, USAGE)
            content = file.read(65537)
    except IsADirectoryError:
        raise Refused("%s: is not a regular file" % name, USAGE) from None
    except OSError as error:
        raise cannot_read(name, error) from None
    ensure(len(content) <= 65536, "%s: larger than 65536 bytes" % name)
    return content


def stated_length(content):
    """The length that the outermost SEQUENCE says the file has; 0 if it does not begin like one."""
    if len(content) < 2 or content[0] != SEQUENCE:
        return 0
    if content[1] < 0x80:
        return 2 + content[1]
    size = content[1] & 0x7F
    return 2 + size + int.from_bytes(content[2:2 + size], "big") if 1 <= size <= 4 and len(content) >= 2 + size else 0


# By the type that is the first element, in the structure or in what an envelope encloses.
KINDS = {
    "safeconduct.key-file.1": "key file", "safeconduct.key-blob.1": "key blob", "safeconduct.world.1": "world file",
    "safeconduct.card.1": "administrator card", "safeconduct.transfer.1": "transfer package",
    "safeconduct.region-request.1": "region request"}


def other_kind(content):
    """The kind of another file of ours, or a certificate; None if it is neither."""
    try:
        whole = Reader(content, "file").inside(SEQUENCE)
        inside = whole.inside(SEQUENCE) if whole.next_tag() == SEQUENCE else whole
        if inside.next_tag() == UTF8:
            return KINDS.get(inside.text())
        return PROFILES[Certificate(content).kind].name
    except Refused:
        return None


def damage(content):
    """What became of a package on its way; None if it may be one. Nothing is repaired."""
    stated, text = stated_length(content), content.removeprefix(b"\xef\xbb\xbf").lstrip()
    if stated > len(content):
        return "cut short: %d of %d bytes" % (len(content), stated)
    if 0 < stated < len(content):
        before = content.replace(b"\r\n", b"\n").removesuffix(b"\r")
        was_text = len(before) == stated and content.count(b"\n") == content.count(b"\r\n")
        return "%d more bytes after its end" % (len(content) - stated) if not was_text else (
            "altered by a transfer in text mode, which changes line ends: send it in binary mode")
    if stated:
        kind = other_kind(content)
        return "another kind of file: %s" % kind if kind else None
    kinds = [(b"PK\x03\x04", "a zip archive: unpack it first"), (b"\x1f\x8b", "a gzip archive: unpack it first"),
             (b"\xff\xfe", "UTF-16 text"), (b"\xfe\xff", "UTF-16 text"), (b"-----BEGIN ", "PEM text"),
             (b"{", "JSON, as the newer method of transfer (CKM_RSA_AES_KEY_WRAP) writes it, which is not supported here"),
             (b"<", "HTML or XML, such as a web server's error page")]
    found = [kind for head, kind in kinds if content.startswith(head) or text.startswith(head)]
    if found or not content:
        return found[0] if found else "an empty file"
    is_base64 = text.startswith(b"MI") and re.fullmatch(rb"[A-Za-z0-9+/_=\s-]*", text)
    return "base64 text: decode it first (base64 -d)" if is_base64 else "something else, or cut at its beginning"


def check_package(content, name, kind):
    found = damage(content)
    ensure(not found, "%s: not a %s: %s" % (name, kind, found))


def check_module(q):
    q.module = Module(q.arguments.module)
    q.now = q.module.clock  # the clock by which the module will judge
    return q.module.esn


def check_kek_statement(q):
    check_package(q.kek_package, q.arguments.kek_package, "Key Exchange Key package")
    q.kek = KeyStatement(q.kek_package, KEY_STATEMENT, q.module, q.now, q.openssl)
    return "signed by module %s at %s UTC" % (q.kek.esn, clock_text(q.kek.time))


def check_world_statement(q):
    check_package(q.world_package, q.arguments.world_package, "security world package")
    q.world = WorldStatement(q.world_package, WORLD_STATEMENT, q.module, q.now, q.openssl)
    return "signed by module %s at %s UTC" % (q.world.esn, clock_text(q.world.time))


def check_root_key_hash(q):
    ensure(q.kek.root.key_hash == q.world.root.key_hash, "the two packages have different roots")
    return grouped(q.kek.root.key_hash)


def check_region(q):
    ensure(q.kek.region, "the key's world is not a certified region")
    ensure(q.world.region, "the world package encloses no region certificate")
    ensure(q.kek.region.region == q.world.region.region, "the KEK package is for %s, the world package for %s" %
           (q.kek.region.region, q.world.region.region))
    ensure(q.kek.region.whole == q.world.region.whole, "the packages enclose different region certificates")
    return "%s, operated by %s" % (q.kek.region.region, q.kek.region.operator)


def check_security_world(q):
    ensure(q.kek.world == q.world.world, "the key's world is not the world package's")
    ensure(q.kek.hkm == q.world.hkm, "the key's module key is not the world package's")
    ensure(q.kek.suite == q.world.suite, "the key's cipher suite is not the world package's")
    return q.world.world.hex()


def check_cipher_suite(q):
    ensure(q.world.suite in REGION_SUITES, "%s is too weak for a region" % SUITES[q.world.suite])
    return SUITES[q.world.suite]


def check_key_exchange_key(q):
    ensure(q.kek.type == (RSA, 4096), "a Key Exchange Key is RSA-4096, but this is %s" % KEY_TYPES[q.kek.type])
    ensure(q.kek.application == "kek", 'the key\'s application is "%s", not "kek"' % q.kek.application)
    ensure(not any(q.kek.owner), "the key has an owner, but a Key Exchange Key has none")
    return "RSA-4096 %s" % q.kek.key_hash.hex()


def check_origin(q):
    ensure(q.kek.origin == GENERATED and q.kek.package is None, "the key was not generated in its world")
    return "generated in module %s" % q.kek.esn


def check_permissions(q):
    ensure(not q.kek.exportable, "the key can leave its world or be given permission to")
    ensure(is_import_only(q.kek.acl), "the key may do more than import transfer packages")
    return "importTransfer and nothing else: not exportable"


def check_kek_certificate(q):
    ensure(q.kek.kek, "none is enclosed, so nothing shows that custodians made this key a Key Exchange Key")
    return "issued for this key by the world's security officer key"


def check_valid(q):
    ends = [certificate.not_after for certificate in
            (q.kek.root, q.kek.warrant, q.kek.region, q.kek.member, q.kek.kek)]
    return "until %s UTC" % clock_text(min(ends))


def check_root(q):
    if q.kek.root.key_hash == q.module.roots[0].key_hash:
        return "this module's own"
    return "not this module's own, but trusted by the custodians of its security world"


def check_pinned_root(q):
    if not ROOT_KEY_HASH:
        return "none given: compare the hash above with the manufacturer's"
    ensure(q.kek.root.key_hash.hex() == ROOT_KEY_HASH.replace(" ", "").lower(),
           "the packages' root does not have the given hash")
    return "matches"


def compare_programs(kek_package):
    """Compares the toolset's KeyTransferRemote, which takes PINs, with the installed one, which is the one to
    run. A difference is reported and does not change the verdict on the packages."""
    enclosed = os.path.join(os.path.dirname(kek_package), "KeyTransferRemote")
    if not os.path.exists(enclosed):
        return None
    installed = os.path.join(os.environ.get("NFAST_HOME", ""), "bin", "KeyTransferRemote")
    if "NFAST_HOME" not in os.environ or not os.path.isfile(installed):
        return "the enclosed KeyTransferRemote is not compared: none is installed here ($NFAST_HOME)"
    try:
        same = filecmp.cmp(enclosed, installed, shallow=False)
    except OSError:
        same = False
    return "the enclosed KeyTransferRemote is " + (
        "the installed one" if same else "NOT the installed one: run the installed one")


def visible(text):
    """The text without what could steer a terminal, reorder a line or hide in it: controls, format characters, line
    separators, what looks like a blank, and bytes that are not UTF-8 (which Python reads as surrogates) become
    escapes."""
    return "".join(c.encode("unicode_escape").decode() if is_hidden(c) else c for c in text)


def shown(value):
    """A value that somebody typed: in quotes if it is empty, or begins or ends with a blank."""
    return value if value and value == value.strip(" \t") else '"%s"' % value


def is_hidden(c):
    looks_blank = c.isspace() and c != " " or c in "\u115f\u1160\u2800\u3164\uffa0"
    varies = "\u180b" <= c <= "\u180f" or "\ufe00" <= c <= "\ufe0f" or "\U000e0100" <= c <= "\U000e01ef"
    return looks_blank or varies or unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")


CHECKS = [
    ("Module", check_module),
    ("KEK statement", check_kek_statement),
    ("World statement", check_world_statement),
    ("Root key hash", check_root_key_hash),
    ("Region", check_region),
    ("Security world", check_security_world),
    ("Cipher suite", check_cipher_suite),
    ("Key Exchange Key", check_key_exchange_key),
    ("Origin", check_origin),
    ("Permissions", check_permissions),
    ("KEK certificate", check_kek_certificate),
    ("Valid", check_valid),
    ("Root", check_root),
    ("Pinned root", check_pinned_root),
]


def say(line):
    """A verdict must be seen: output that cannot be written is a failure."""
    try:
        print(line, flush=True)
    except OSError as error:
        raise Refused("standard output cannot be written: %s" % error.strerror, OUTPUT) from None


def verify(arguments):
    question = Question(arguments, OpenSSL())
    for name, check in CHECKS:
        try:
            found = check(question)
        except Refused as reason:
            raise reason.within(name) from None
        say("%-17s %s" % (name, visible(found)))
    compared = compare_programs(arguments.kek_package)
    if compared:
        say("%-17s %s" % ("Program", visible(compared)))


class Parser(argparse.ArgumentParser):
    """Its messages contain what was typed, and help that cannot be written is a failure, which argparse ignores."""

    def _print_message(self, message, file=None):
        (file or sys.stderr).write(message)

    def error(self, message):
        super().error(visible(message))


class Once(argparse.Action):
    """An option that is given twice is refused, not overruled."""

    def __call__(self, parser, namespace, value, option_string=None):
        if option_string and getattr(namespace, self.dest + "_is_given", False):
            parser.error("%s: given twice" % option_string)
        setattr(namespace, self.dest + "_is_given", True)
        setattr(namespace, self.dest, value)


def module_number(text):
    if not (text.isascii() and text.isdigit() and 1 <= int(text) < 2**32):
        raise argparse.ArgumentTypeError("%s is not a number from 1 to %d" % (shown(text), 2**32 - 1))
    return int(text)


def read_command_line(command_line):
    parser = Parser(
        prog="verifykeypackage.py", description="Verifies that a Key Exchange Key was made in, and cannot leave, a "
        "region's modules.")
    parser.add_argument("-k", "--kek-package", action=Once, metavar="FILE",
                        help="BYOK-KEK-pkg-REGION-1")
    parser.add_argument("-w", "--world-package", action=Once, metavar="FILE",
                        help="BYOK-SecurityWorld-pkg-REGION-1")
    parser.add_argument("-m", "--module", type=module_number, default=1, action=Once, metavar="MODULE",
                        help="ask this module (default 1)")
    parser.add_argument("--version", action="version", version=VERSION_TEXT, help="the version")
    arguments = parser.parse_args(command_line)
    # argparse would check this first, and not name an option that does not exist.
    if not (arguments.kek_package and arguments.world_package):
        parser.error("both packages are required: -k and -w")
    return arguments


def hold_standard_descriptors():
    """Opens each of the descriptors 0 to 2 that is closed, so that using it fails and no file gets its number."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDONLY if number else os.O_WRONLY)  # the lowest free number, which is this one
            if number == 1:
                # Python itself would drop what is printed, and call it a success.
                sys.stdout = open(number, "w", closefd=False)
            elif number == 2:
                sys.stderr = open(os.devnull, "w")


def main(command_line=None):
    """Returns the exit status. A usage error, for which nothing was judged, is on standard error without a result."""
    arguments = read_command_line(command_line)
    try:
        verify(arguments)
        result, status = "SUCCESS", 0
    except Refused as reason:
        if reason.status == USAGE:
            print("verifykeypackage.py: %s" % visible(str(reason)), file=sys.stderr)
            return USAGE
        result, status = "FAILURE: %s" % visible(str(reason)), reason.status
    try:
        say("Result: %s" % result)
    except Refused as lost:
        result, status = (result, status) if status else ("FAILURE: %s" % lost, lost.status)
        print("verifykeypackage.py: Result: %s" % result, file=sys.stderr)
    return status


def program():
    # What a locale cannot show is shown as an escape, and does not end the program.
    sys.stdout.reconfigure(errors="backslashreplace")
    sys.stderr.reconfigure(errors="backslashreplace")
    try:
        try:
            status = main()
        except SystemExit as end:  # by argparse: help, version, usage errors
            status = end.code
        sys.stdout.flush()
    except KeyboardInterrupt:
        status = INTERRUPTED
    except OSError as error:
        print("verifykeypackage.py: standard output cannot be written: %s" % error.strerror, file=sys.stderr)
        status = OUTPUT
    sys.stderr.flush()
    os._exit(status)  # a second attempt to write what could not be written would fail with a traceback


if __name__ == "__main__":
    hold_standard_descriptors()
    program()
