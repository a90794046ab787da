#!/usr/bin/env python3
"""Clients of a vault that keep working while its daemons are killed. They do all that an application does, by
the standard library alone.

    clients.py prepare VAULT NAME PACKAGE               makes a group and a vault, imports the package
    clients.py decrypt VAULT NAME SECONDS CIPHER PLAIN  four clients decrypt; prints one line per client
    clients.py import VAULT SECONDS PACKAGE…            imports packages; prints each answered import's kid
    clients.py present KID…                             checks that each of these keys exists

Takes LOGIN, ARM, VAULT_SUFFIX, CA, AZ_USER, AZ_PASSWORD, SUBSCRIPTION and LOCATION from the environment, like
azure-cli.sh. A client's lines are "ok NAME" or "FAIL NAME: why".
"""

import base64
import http.client
import json
import os
import ssl
import sys
import threading
import time
import urllib.parse

API = "7.4"
CLIENT_ID = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"  # the Azure CLI's own public client


def url64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Service:
    """One HTTPS host with one persistent connection."""

    def __init__(self, url):
        self.url = urllib.parse.urlsplit(url)
        self.context = ssl.create_default_context(cafile=os.environ["CA"])
        self.connection = None

    def call(self, method, path, body=None, token=None, form=False):
        """Returns the status and the decoded body. After a broken connection, the next call reconnects."""
        headers = {"Content-Type": "application/x-www-form-urlencoded" if form else "application/json"}
        if token:
            headers["Authorization"] = "Bearer " + token
        data = urllib.parse.urlencode(body) if form else json.dumps(body) if body is not None else None
        try:
            if not self.connection:
                self.connection = http.client.HTTPSConnection(self.url.hostname, self.url.port, timeout=40,
                                                              context=self.context)
            self.connection.request(method, path, data, headers)
            answer = self.connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException):
            if self.connection:
                self.connection.close()
            self.connection = None
            raise
        return answer.status, json.loads(text) if text else None


def token_for(resource):
    status, answer = Service(os.environ["LOGIN"]).call("POST", "/adfs/oauth2/token", {
        "grant_type": "password", "client_id": CLIENT_ID, "resource": resource,
        "username": os.environ["AZ_USER"], "password": os.environ["AZ_PASSWORD"]}, form=True)
    if status != 200:
        sys.exit("FAIL sign-in: %d %s" % (status, answer))
    return answer["access_token"], answer


def oid_of(token):
    return json.loads(from64(token.split(".")[1]))


def vault_url(vault):
    return "https://" + vault + os.environ["VAULT_SUFFIX"]


def vault_token():
    return token_for("https://" + os.environ["VAULT_SUFFIX"].lstrip("."))[0]


def must(name, done, wanted=(200, 201)):
    status, answer = done
    if status not in wanted:
        sys.exit("FAIL %s: %d %s" % (name, status, answer))
    return answer


def import_body(package):
    with open(package, "rb") as file:
        return {"key": {"kty": "RSA-HSM", "key_hsm": url64(file.read())}, "attributes": {"enabled": True}}


def prepare(vault, name, package):
    arm = Service(os.environ["ARM"])
    token, _ = token_for(os.environ["ARM"] + "/")
    claims = oid_of(token)
    scope = "/subscriptions/%s/resourcegroups/clients" % os.environ["SUBSCRIPTION"]
    must("group", arm.call("PUT", scope + "?api-version=2021-04-01", {"location": os.environ["LOCATION"]}, token))
    permissions = ["get", "list", "import", "update", "decrypt", "sign", "encrypt"]
    must("vault", arm.call("PUT", scope + "/providers/Microsoft.KeyVault/vaults/%s?api-version=2022-07-01" % vault, {
        "location": os.environ["LOCATION"], "properties": {
            "tenantId": claims["tid"], "sku": {"family": "A", "name": "premium"}, "enableRbacAuthorization": False,
            "accessPolicies": [{"tenantId": claims["tid"], "objectId": claims["oid"],
                                "permissions": {"keys": permissions}}]}}, token))
    answer = must("import", Service(vault_url(vault)).call(
        "PUT", "/keys/%s?api-version=%s" % (name, API), import_body(package), vault_token()))
    print(answer["key"]["kid"])


def decrypting(vault, name, end, cipher, plain, number, lines):
    token = vault_token()
    service = Service(vault_url(vault))
    path = "/keys/%s//decrypt?api-version=%s" % (name, API)
    right = 0
    last = 0.0
    refused = 0
    while time.monotonic() < end:
        try:
            status, answer = service.call("POST", path, {"alg": "RSA-OAEP-256", "value": url64(cipher)}, token)
        except (OSError, http.client.HTTPException):
            refused += 1
            time.sleep(0.05)
            continue
        if status == 200 and from64(answer["value"]) == plain:
            right += 1
            last = time.monotonic()
        elif status == 503:
            refused += 1
            time.sleep(0.05)
        else:
            lines.append("FAIL client-%d: %d %s" % (number, status, answer))
            return
    if right and last > end - 2:
        lines.append("ok client-%d goes on (%d right, %d while a daemon was away)" % (number, right, refused))
    else:
        lines.append("FAIL client-%d: %d right, the last %.1f s before the end" % (number, right, end - last))


def decrypt(vault, name, seconds, cipher, plain):
    with open(cipher, "rb") as file:
        cipher = file.read()
    with open(plain, "rb") as file:
        plain = file.read()
    lines = []
    end = time.monotonic() + float(seconds)
    threads = [threading.Thread(target=decrypting, args=(vault, name, end, cipher, plain, n, lines))
               for n in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print("\n".join(lines))
    return all(line.startswith("ok") for line in lines) and len(lines) == 4


def import_all(vault, seconds, *packages):
    """Tries each package until it is answered: importing the same package again yields the key that it made.
    The imports are spread over half of the time, so that some are under way when a daemon is killed."""
    token = vault_token()
    service = Service(vault_url(vault))
    end = time.monotonic() + float(seconds)
    for number, package in enumerate(packages):
        if number:
            time.sleep(float(seconds) / len(packages) / 2)
        while time.monotonic() < end:
            try:
                status, answer = service.call("PUT", "/keys/import-%d?api-version=%s" % (number, API),
                                              import_body(package), token)
            except (OSError, http.client.HTTPException):
                time.sleep(0.1)
                continue
            if status == 200:
                print(answer["key"]["kid"], flush=True)
                break
            if status != 503:
                sys.exit("FAIL import: %d %s" % (status, answer))
            time.sleep(0.2)
    return True


def present(*kids):
    token = vault_token()
    for kid in kids:
        url = urllib.parse.urlsplit(kid)
        status, answer = Service(kid).call("GET", url.path + "?api-version=" + API, token=token)
        if status != 200 or answer["key"]["kid"] != kid:
            print("FAIL answered-imports-are-there: %s: %d" % (kid, status))
            return False
    print("%s answered-imports-are-there (%d of them)" % ("ok" if kids else "FAIL", len(kids)))
    return len(kids) > 0


if __name__ == "__main__":
    commands = {"prepare": prepare, "decrypt": decrypt, "import": import_all, "present": present}
    if len(sys.argv) < 2 or sys.argv[1] not in commands:
        sys.exit(__doc__)
    sys.exit(0 if commands[sys.argv[1]](*sys.argv[2:]) in (True, None) else 1)
