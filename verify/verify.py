#!/usr/bin/env python3
"""Checks receipts of a dongthuan ledger, without the network and without dongthuan.

Written to doc/ledger.md, in another language than the program and without its code,
so that the two can disagree. Python's standard library and ed25519.py beside it.

    verify.py FILE --policy FILE [--vi]     says what holds; ends with 0, or 1
    verify.py --batch --policy FILE         a receipt in base64 a line; prints "ok"
                                            or the word of the step that fails
"""

import argparse
import base64
import binascii
import hashlib
import hmac
import json
import sys
import time

import ed25519

LOG, WITNESS = 1, 4

TYPES = set(
    """account.created account.changed account.disabled role.granted role.revoked
    unit.registered unit.changed unit.imported cluster.created cluster.changed
    period.opened period.changed period.frozen criteria.drafted criteria.published
    indicator.defined figure.reported figure.published score.computed sheet.opened
    sheet.changed sheet.submitted sheet.returned sheet.verified sheet.marked
    evidence.added evidence.withdrawn ranking.published report.drafted report.changed
    report.published news.drafted news.changed news.published news.corrected news.retracted
    ledger.heartbeat data.erased incident.declared""".split()
)


class Fails(Exception):
    """A step does not hold; step is its word."""

    def __init__(self, step, why):
        super().__init__(why)
        self.step = step


def unbase64(step, text, size=None):
    """Strict base64: what is decoded is written back and compared."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Fails(step, "not base64")
    if base64.b64encode(raw) != text or size is not None and len(raw) != size:
        raise Fails(step, "not strict base64 of the right length")
    return raw


def number(step, text, most=2**63 - 1):
    if not text.isdigit() or not text.isascii() or (len(text) > 1 and text[:1] == b"0") or len(text) > 19:
        raise Fails(step, "not a number")
    n = int(text)
    if n > most:
        raise Fails(step, "number too large")
    return n


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


# --- Keys and policy.


def valid_name(name):
    """No spaces, no plus, no controls, at most 200 bytes."""
    if not name or len(name) > 200:
        return False
    try:
        text = name.decode()
    except UnicodeDecodeError:
        return False
    return not any(c.isspace() or c == "+" or ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 for c in text)


class Key:
    def __init__(self, vkey):
        step = "policy"
        name, plus, rest = vkey.partition(b"+")
        digest, plus2, data = rest.partition(b"+")
        if not plus2 or not valid_name(name):
            raise Fails(step, "not a key")
        raw = unbase64(step, data, 33)
        if raw[0] not in (LOG, WITNESS):
            raise Fails(step, "not a key of a log or witness")
        self.name, self.kind, self.raw = name, raw[0], raw[1:]
        self.id = sha256(name, b"\n", raw)[:4]
        if digest != self.id.hex().encode():
            raise Fails(step, "a key with another key's hash")

    def holds(self, text, signature):
        if self.kind == LOG:
            return verified(self.raw, text, signature)
        if len(signature) != 72:
            return False
        at = int.from_bytes(signature[:8], "big")
        if not 0 < at < 2**63:
            return False
        return verified(self.raw, b"cosignature/v1\ntime %d\n" % at + text, signature[8:])


seen = {}


def verified(key, message, signature):
    """The same checkpoint stands in many receipts: it is checked once."""
    at = (key, message, signature)
    if at not in seen:
        if len(seen) > 100_000:
            seen.clear()
        seen[at] = ed25519.verify(key, message, signature)
    return seen[at]


class Policy:
    def __init__(self, text):
        self.logs, self.witnesses, self.groups, self.quorum = [], {}, {}, None
        names, keys = {b"none"}, set()

        def take(vkey, kind):
            key = Key(vkey)
            if key.kind != kind or key.raw in keys:
                raise Fails("policy", "a key of the other kind, or twice")
            keys.add(key.raw)
            return key

        def define(name):
            if name in names:
                raise Fails("policy", "defined twice")
            names.add(name)

        for line in text.split(b"\n"):
            if any(c < 0x20 and c != 9 or c == 0x7F for c in line):
                raise Fails("policy", "a control character")
            f = line.replace(b"\t", b" ").split()
            if not f or f[0].startswith(b"#"):
                continue
            if f[0] == b"log" and len(f) in (2, 3):
                self.logs.append(take(f[1], LOG))
            elif f[0] == b"witness" and len(f) in (3, 4):
                self.witnesses[f[1]] = take(f[2], WITNESS)
                define(f[1])
            elif f[0] == b"group" and len(f) >= 4:
                members = f[3:]
                if len(set(members)) != len(members) or any(m not in names or m == b"none" for m in members):
                    raise Fails("policy", "a group of what is not defined before")
                need = {b"all": len(members), b"any": 1}.get(f[2])
                if need is None:
                    need = number("policy", f[2])
                if not 1 <= need <= len(members):
                    raise Fails("policy", "a group that cannot be")
                self.groups[f[1]] = (need, members)
                define(f[1])
            elif f[0] == b"quorum" and len(f) == 2 and self.quorum is None and f[1] in names:
                self.quorum = f[1]
            else:
                raise Fails("policy", "not a line of a policy")
        if self.quorum is None:
            raise Fails("policy", "no quorum")

    def met(self, name, cosigned):
        if name in self.groups:
            need, members = self.groups[name]
            return sum(self.met(m, cosigned) for m in members) >= need
        return name == b"none" or name in cosigned


# --- The receipt.


def parse_leaf(text):
    step = "form"
    lines = text.split(b"\n")
    names = [b"type ", b"object ", b"time ", b"commit ", b"prev "]
    if len(text) > 65535 or len(lines) not in (6, 7) or lines[0] != b"dongthuan/leaf/v1" or lines[-1] != b"":
        raise Fails(step, "not a leaf")
    values = []
    for name, line in zip(names, lines[1:-1]):
        if not line.startswith(name):
            raise Fails(step, "a leaf without " + name.decode())
        values.append(line[len(name):])
    if values[0].decode("latin-1") not in TYPES:
        raise Fails(step, "unknown type")
    if len(values[1]) != 26 or values[1].strip(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"):
        raise Fails(step, "not an object")
    number(step, values[2])
    for v in values[3:]:
        unbase64(step, v, 32)
    return values[0], values[1], int(values[2]), values[3]


def parse_opening(text):
    step = "form"
    lines = text.split(b"\n")
    if len(lines) < 3 or lines[-1] != b"" or not lines[0].startswith(b"payload ") or not lines[1].startswith(b"salt "):
        raise Fails(step, "not an opening")
    payload, salt = unbase64(step, lines[0][8:]), unbase64(step, lines[1][5:], 32)
    fields = []
    for line in lines[2:-1]:
        f = line.split(b" ")
        if len(f) != 4 or f[0] != b"field" or not f[1]:
            raise Fails(step, "not a field")
        fields.append((f[1], unbase64(step, f[2], 32), unbase64(step, f[3])))
    return payload, salt, fields


def parse(text):
    step = "form"
    head, blank, note = text.partition(b"\n\n")
    lines = head.split(b"\n")
    if not blank or lines[0] != b"c2sp.org/tlog-proof@v1":
        raise Fails(step, "not a receipt")
    lines = lines[1:]
    if not lines or not lines[0].startswith(b"extra "):
        raise Fails(step, "no leaf")
    extra = unbase64(step, lines[0][6:])
    if len(lines) < 2 or not lines[1].startswith(b"index "):
        raise Fails(step, "no index")
    index = number(step, lines[1][6:])
    if len(lines) - 2 > 63:
        raise Fails(step, "too many hashes")
    hashes = [unbase64(step, line, 32) for line in lines[2:]]
    leaf, blank, opening = extra.partition(b"\n\n")
    if blank:
        leaf += b"\n"
    parsed = parse_leaf(leaf)
    return leaf, parsed, parse_opening(opening) if blank else None, index, hashes, note


def open_note(note, policy):
    step = "signature"
    if len(note) > 65536:
        raise Fails(step, "too long")
    at = note.rfind(b"\n\n")
    try:
        note.decode()
    except UnicodeDecodeError:
        raise Fails(step, "not UTF-8")
    if at < 0 or not note.endswith(b"\n") or any(c < 0x20 and c != 10 for c in note):
        raise Fails(step, "not a note")
    text, known = note[: at + 1], {(k.name, k.id): k for k in policy.logs + list(policy.witnesses.values())}
    signed, met = [], set()
    for line in note[at + 2 : -1].split(b"\n"):
        if not line.startswith("— ".encode()):
            raise Fails(step, "not a signature line")
        name, space, data = line[4:].partition(b" ")
        raw = unbase64(step, data)
        if not space or not valid_name(name) or len(raw) < 5:
            raise Fails(step, "not a signature line")
        key = known.get((name, raw[:4]))
        if key is None or key in met:
            continue
        met.add(key)
        if not key.holds(text, raw[4:]):
            raise Fails(step, "a known key's signature does not hold")
        signed.append((key, raw[4:]))
    lines = text.split(b"\n")
    if len(lines) != 4 or lines[3] != b"" or not valid_name(lines[0]):
        raise Fails(step, "not a checkpoint")
    size, root = number(step, lines[1]), unbase64(step, lines[2], 32)
    if size == 0 and root != sha256():
        raise Fails(step, "the empty tree has another root")
    if not any(k.kind == LOG and k.name == lines[0] for k, _ in signed):
        raise Fails(step, "no known log has signed")
    return lines[0], size, root, signed


def root_of(leaf, index, size, hashes):
    """RFC 6962 section 2.1.1, from the leaf up; None where the number of hashes is
    not that of the place."""
    fn, sn, r = index, size - 1, leaf
    for h in hashes:
        if sn == 0:
            return None
        if fn & 1 or fn == sn:
            r = sha256(b"\x01", h, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = sha256(b"\x01", r, h)
        fn, sn = fn >> 1, sn >> 1
    return r if sn == 0 else None


def no_constant(name):
    raise ValueError(name + " is not JSON")


def check_opening(kind, commit, opening):
    step = "opening"
    payload, salt, fields = opening
    seal = hmac.new(salt, b"dongthuan/payload/v1\0" + kind + b"\0" + payload, hashlib.sha256).digest()
    if base64.b64encode(seal) != commit:
        raise Fails(step, "the leaf does not commit to this payload")
    try:
        members = json.loads(payload.decode(), parse_constant=no_constant)
    except (ValueError, RecursionError):
        raise Fails(step, "the payload is not JSON")
    if not isinstance(members, dict):
        raise Fails(step, "the payload is not an object")
    for name, salt, value in fields:
        seal = hmac.new(salt, b"dongthuan/field/v1\0" + name + b"\0" + value, hashlib.sha256).digest()
        try:
            name = name.decode()
        except UnicodeDecodeError:
            raise Fails(step, "a field's name is not UTF-8")
        if members.get(name + "_c") != base64.b64encode(seal).decode():
            raise Fails(step, "the payload does not commit to this field")


def verify(text, policy):
    """All six steps in their order; what was proven, or Fails."""
    leaf, (kind, obj, at, commit), opening, index, hashes, note = parse(text)
    origin, size, root, signed = open_note(note, policy)
    if index >= size or root_of(sha256(b"\0", leaf), index, size, hashes) != root:
        raise Fails("proof", "the proof does not lead from the leaf to the signed root")
    if opening:
        check_opening(kind, commit, opening)
    cosigned = {name for name, key in policy.witnesses.items() if any(k is key for k, _ in signed)}
    if not policy.met(policy.quorum, cosigned):
        raise Fails("quorum", "too few witnesses have cosigned")
    return kind, obj, at, index, size, origin, signed, opening


WORDS = {
    "en": {"ok": "The receipt holds.", "form": "The file is not a whole receipt.", "signature": "The ledger's signature does not hold.", "proof": "The line is not in the ledger that was signed.",
           "opening": "What it shows is not what was recorded.", "quorum": "The ledger has signed, but too few witnesses have."},
    "vi": {"ok": "Biên nhận đúng.", "form": "Tệp không phải một biên nhận nguyên vẹn.", "signature": "Chữ ký của sổ cái không đúng.", "proof": "Dòng này không nằm trong sổ cái đã ký.",
           "opening": "Nội dung không phải nội dung đã ghi.", "quorum": "Sổ cái đã ký nhưng chưa đủ nhân chứng đồng ký."},
}


def when(seconds):
    """A time in Vietnam; one beyond the calendar as its number."""
    try:
        return time.strftime("%d/%m/%Y %H:%M:%S", time.gmtime(seconds + 7 * 3600)) + " (UTC+7)"
    except (ValueError, OverflowError, OSError):
        return str(seconds)


def main():
    a = argparse.ArgumentParser(description="Checks receipts of a dongthuan ledger, offline.")
    a.add_argument("file", nargs="?")
    a.add_argument("--policy", required=True)
    a.add_argument("--batch", action="store_true")
    a.add_argument("--vi", action="store_true")
    o = a.parse_args()
    if bool(o.file) == o.batch:
        a.error("give a FILE, or --batch")
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # a terminal that knows no Vietnamese
    try:
        with open(o.policy, "rb") as f:
            policy = Policy(f.read())
        text = None
        if o.file:
            with open(o.file, "rb") as f:
                text = f.read()
    except OSError as e:
        a.error(str(e))
    except Fails as e:
        a.error(f"the policy: {e}")
    if o.batch:
        for line in sys.stdin.buffer:
            try:
                verify(unbase64("form", line.strip()), policy)
                print("ok")
            except Fails as e:
                print(e.step)
        return 0
    words = WORDS["vi" if o.vi else "en"]
    try:
        kind, obj, at, index, size, origin, signed, opening = verify(text, policy)
    except Fails as e:
        print("✗", words[e.step], f"({e.step}: {e})")
        return 1
    print("✓", words["ok"])
    print(" ", kind.decode(), obj.decode(), when(at))
    print(" ", index, "/", size, origin.decode())
    for key, signature in signed:
        if key.kind == WITNESS:
            print(" ", key.name.decode(), when(int.from_bytes(signature[:8], "big")))
    if opening:
        print(" ", opening[0].decode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
