"""Verifies a webhook of Doorbuster with Python alone, as the Standard Webhooks specification says:

    ORDER_WEBHOOK_SECRET=whsec_… python3 verify.py < request.txt

The request is its headers, an empty line, and the body, byte for byte. Two secrets are separated by a comma.
"""

import base64
import hashlib
import hmac
import os
import re
import sys
import time

# Seconds. A request that somebody recorded is worthless after them.
TOLERANCE = 300
# Bytes, as the specification says. Anyone can sign with the key of an empty secret.
SHORTEST_KEY = 24


def fault_of(headers, body, secrets, now=None):
    """Why a request is invalid. None: it is valid. `headers`: by their names in lowercase. `body`: bytes, as it arrived."""
    message_id = headers.get("webhook-id")
    timestamp = headers.get("webhook-timestamp")
    signatures = headers.get("webhook-signature")
    if not message_id or not timestamp or not signatures:
        return "a header is missing"
    if not re.fullmatch(r"[0-9]{1,15}", timestamp):
        return "the timestamp is no number"
    if abs((time.time() if now is None else now) - int(timestamp)) > TOLERANCE:
        return "too old, or from the future"
    given = [part[len("v1,"):] for part in signatures.split(" ") if part.startswith("v1,")]
    signed = f"{message_id}.{timestamp}.".encode() + body
    for secret in secrets:
        key = base64.b64decode(secret.removeprefix("whsec_"))
        if len(key) < SHORTEST_KEY:
            continue
        expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())
        if any(hmac.compare_digest(signature.encode(), expected) for signature in given):
            return None
    return "no signature matches"


def main():
    head, *rest = re.split(rb"\r?\n\r?\n", sys.stdin.buffer.read(), maxsplit=1)
    body = rest[0] if rest else b""
    pairs = (line.split(":", 1) for line in head.decode(errors="replace").splitlines() if ":" in line)
    headers = {name.strip().lower(): value.strip() for name, value in pairs}
    secrets = [secret.strip() for secret in os.environ.get("ORDER_WEBHOOK_SECRET", "").split(",")]
    fault = fault_of(headers, body, secrets)
    print("valid" if fault is None else f"invalid: {fault}")
    sys.exit(0 if fault is None else 1)


if __name__ == "__main__":
    main()
