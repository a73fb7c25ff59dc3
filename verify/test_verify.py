"""Tests of verify.py and ed25519.py, made from doc/ledger.md alone.

The vectors show only receipts that are right. Here receipts are also made with keys
of our own, so that each rule can be broken alone, with everything signed again.

    python3 verify/test_verify.py
"""

import base64
import hashlib
import hmac
import json
import os
import random
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, HERE)

import ed25519  # noqa: E402
import verify  # noqa: E402

DATA = os.path.join(HERE, "testdata")
VECTORS = sorted(f for f in os.listdir(DATA) if f.endswith(".tlog-proof"))


def read(name):
    with open(os.path.join(DATA, name), "rb") as f:
        return f.read()


def b64(raw):
    return base64.b64encode(raw)


def sha(raw):
    return hashlib.sha256(raw).digest()


def judge(text, policy):
    try:
        verify.verify(text, policy)
        return "ok"
    except verify.Fails as e:
        return e.step


# --- A signer, a tree and a receipt, from the document.


class Signer:
    def __init__(self, name, kind):
        h = hashlib.sha512(name + bytes([kind])).digest()
        a = int.from_bytes(h[:32], "little") & ((1 << 254) - 8) | 1 << 254
        self.a, self.prefix, self.name, self.kind = a, h[32:], name, kind
        self.public = ed25519.encode(ed25519.multiply(a, ed25519.BASE))
        self.id = sha(name + b"\n" + bytes([kind]) + self.public)[:4]
        self.vkey = name + b"+" + self.id.hex().encode() + b"+" + b64(bytes([kind]) + self.public)

    def raw(self, message):
        def scalar(b):
            return int.from_bytes(hashlib.sha512(b).digest(), "little") % ed25519.L

        r = scalar(self.prefix + message)
        big = ed25519.encode(ed25519.multiply(r, ed25519.BASE))
        s = (r + scalar(big + self.public + message) * self.a) % ed25519.L
        return big + s.to_bytes(32, "little")

    def line(self, text, at=1790000000):
        if self.kind == 1:
            signature = self.raw(text)
        else:
            message = b"cosignature/v1\ntime %d\n" % at + text
            signature = at.to_bytes(8, "big") + self.raw(message)
        return signature_line(self.name, self.id + signature)


def signature_line(name, raw):
    return "— ".encode() + name + b" " + b64(raw) + b"\n"


LOG = Signer(b"log.example/one", 1)
OTHER = Signer(b"log.example/two", 1)
W1 = Signer("nhân-chứng.example/1".encode(), 4)
W2 = Signer(b"witness.example/2", 4)
BASE_POLICY = b"log %s\nwitness a %s\nwitness b %s\n" % (LOG.vkey, W1.vkey, W2.vkey)
BOTH = verify.Policy(BASE_POLICY + b"group g all a b\nquorum g\n")
ALONE = verify.Policy(b"log %s\nquorum none\n" % LOG.vkey)


def tree(hashes):
    """RFC 6962 section 2.1, as it is written there."""
    if not hashes:
        return sha(b"")
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while 2 * k < len(hashes):
        k *= 2
    return sha(b"\1" + tree(hashes[:k]) + tree(hashes[k:]))


def path(m, hashes):
    if len(hashes) < 2:
        return []
    k = 1
    while 2 * k < len(hashes):
        k *= 2
    if m < k:
        return path(m, hashes[:k]) + [tree(hashes[k:])]
    return path(m - k, hashes[k:]) + [tree(hashes[:k])]


SALT, FIELD_SALT = bytes(range(32)), bytes(range(32, 64))


def sealed(name, value):
    return b64(hmac.new(FIELD_SALT, b"dongthuan/field/v1\0" + name + b"\0" + value, hashlib.sha256).digest())


PAYLOAD = b'{"body_c":"%s","n":1}' % sealed(b"body", b"xin")


def leaf(payload=PAYLOAD, kind=b"news.published", at=b"1790000000", prev=None):
    commit = hmac.new(SALT, b"dongthuan/payload/v1\0" + kind + b"\0" + payload, hashlib.sha256).digest()
    text = b"dongthuan/leaf/v1\ntype %s\nobject ABCDEFGHIJKLMNOPQRSTUVWX27\ntime %s\ncommit %s\n" % (kind, at, b64(commit))
    return text + (b"prev %s\n" % b64(prev) if prev else b"")


def opening(payload=PAYLOAD, *fields):
    text = b"\npayload %s\nsalt %s\n" % (b64(payload), b64(SALT))
    for name, value in fields:
        text += b"field %s %s %s\n" % (name, b64(FIELD_SALT), b64(value))
    return text


def receipt(leaf_text=None, opened=b"", index=2, size=5, hashes=None, text=None, lines=None, at=1790000000):
    """A receipt that is right except for what is given."""
    leaf_text = leaf() if leaf_text is None else leaf_text
    all_hashes = [sha(b"%d" % i) for i in range(size)]
    if index < size:
        all_hashes[index] = sha(b"\0" + leaf_text)
    if hashes is None:
        hashes = path(index, all_hashes)
    if text is None:
        text = LOG.name + b"\n%d\n%s\n" % (size, b64(tree(all_hashes)))
    if lines is None:
        lines = [LOG.line(text), W1.line(text, at), W2.line(text, at)]
    head = b"c2sp.org/tlog-proof@v1\nextra %s\nindex %d\n" % (b64(leaf_text + opened), index)
    return head + b"".join(b64(h) + b"\n" for h in hashes) + b"\n" + text + b"\n" + b"".join(lines)


def checkpoint(size=5, index=2):
    hashes = [sha(b"%d" % i) for i in range(size)]
    hashes[index] = sha(b"\0" + leaf())
    return LOG.name + b"\n%d\n%s\n" % (size, b64(tree(hashes)))


class Ed25519(unittest.TestCase):
    # RFC 8032 section 7.1, tests 1 to 3: key, message, signature.
    KNOWN = [
        ("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
         "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
        ("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
         "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
        ("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
         "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
    ]

    def test_rfc_8032(self):
        for known in self.KNOWN:
            key, message, signature = map(bytes.fromhex, known)
            self.assertTrue(ed25519.verify(key, message, signature))
            self.assertFalse(ed25519.verify(key, message + b"x", signature))
            for i in range(64):
                wrong = signature[:i] + bytes([signature[i] ^ 1]) + signature[i + 1:]
                self.assertFalse(ed25519.verify(key, message, wrong))

    def test_s_not_reduced(self):
        key, message, signature = map(bytes.fromhex, self.KNOWN[1])
        s = int.from_bytes(signature[32:], "little") + ed25519.L
        self.assertFalse(ed25519.verify(key, message, signature[:32] + s.to_bytes(32, "little")))

    def test_not_decodable(self):
        key, message, signature = map(bytes.fromhex, self.KNOWN[0])
        self.assertIsNone(ed25519.decode((2).to_bytes(32, "little")))  # y = 2 is on no point
        self.assertFalse(ed25519.verify((2).to_bytes(32, "little"), message, signature))
        for n in (0, 31, 33):
            self.assertFalse(ed25519.verify(key[:n] + bytes(max(0, n - 32)), message, signature))
        for n in (0, 63, 65):
            self.assertFalse(ed25519.verify(key, message, (signature + b"\0")[:n]))


class Vectors(unittest.TestCase):
    def test_policies(self):
        for name, want in (("log.policy", "ok"), ("two.policy", "ok"), ("absent.policy", "quorum")):
            policy = verify.Policy(read(name))
            for vector in VECTORS:
                self.assertEqual(judge(read(vector), policy), want, (name, vector))

    def test_every_byte_counts(self):
        # Only with a policy that knows every key of the note: a line of a key that
        # is not known is passed over, whatever its signature.
        policy, text = verify.Policy(read("two.policy")), read("field-2.tlog-proof")
        for i in range(len(text)):
            for flip in (0x01, 0x20, 0x80):
                wrong = text[:i] + bytes([text[i] ^ flip]) + text[i + 1:]
                self.assertNotEqual(judge(wrong, policy), "ok", (i, flip))

    def test_every_cut_is_refused(self):
        policy, text = verify.Policy(read("two.policy")), read("field-2.tlog-proof")
        for i in range(len(text)):
            self.assertNotEqual(judge(text[:i], policy), "ok", i)
        self.assertNotEqual(judge(text + b"\n", policy), "ok")
        self.assertNotEqual(judge(text.replace(b"\n", b"\r\n"), policy), "ok")


class Made(unittest.TestCase):
    def holds(self, text, policy=BOTH):
        self.assertEqual(judge(text, policy), "ok")

    def fails(self, step, text, policy=BOTH):
        self.assertEqual(judge(text, policy), step)

    def test_made_receipts_hold(self):
        self.holds(receipt())
        self.holds(receipt(leaf(prev=sha(b"before"))))
        self.holds(receipt(opened=opening()))
        self.holds(receipt(opened=opening(PAYLOAD, (b"body", b"xin"))))

    def test_form_of_the_file(self):
        good = receipt()
        first, extra, index, rest = good.split(b"\n", 3)
        for text in (
            b"", b"\n", b"\n\n", first + b"\n\n", b"\xff" * 99, b"\0" + good, b"\n" + good,
            b"\n".join((first, index, rest)),               # without extra
            b"\n".join((first, index, extra, rest)),        # in another order
            b"\n".join((first, extra, extra, index, rest)),
            good.replace(b"@v1", b"@v2", 1),
            good.replace(b"\nindex 2\n", b"\nindex 02\n"),
            good.replace(b"\nindex 2\n", b"\nindex +2\n"),
            good.replace(b"\nindex 2\n", b"\nindex -2\n"),
            good.replace(b"\nindex 2\n", b"\nindex \n"),
            good.replace(b"\nindex 2\n", "\nindex ２\n".encode()),
            good.replace(b"\nindex 2\n", b"\nindex 2\n" + b64(bytes(31)) + b"\n"),
            good.replace(b"\nindex 2\n", b"\nindex 2\n" + b64(bytes(33)) + b"\n"),
            receipt(hashes=[bytes(32)] * 64),
        ):
            self.fails("form", text)
        self.fails("proof", receipt(hashes=[bytes(32)] * 63))

    def test_unused_bits_of_base64(self):
        good = receipt()
        h = good.split(b"\n")[3]
        self.assertEqual(h[-1:], b"=")
        alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        other = alphabet[alphabet.index(h[-2]) + 1:][:1]
        self.fails("form", good.replace(h, h[:-2] + other + b"="))
        self.fails("form", good.replace(h, h[:-1]))

    def test_form_of_the_leaf(self):
        good = leaf(prev=sha(b"before"))
        lines = good.split(b"\n")
        for text in (
            b"", b"\n", good[:-1], good + b"x\n", good.replace(b"/v1", b"/v2"),
            b"\n".join(lines[:1] + lines[2:]),
            b"\n".join([lines[0], lines[2], lines[1]] + lines[3:]),
            good + lines[5] + b"\n",
            good.replace(b"news.published", b"news.invented"),
            good.replace(b"news.published", b"news.published "),
            good.replace(b"ABCDEF", b"abcdef"), good.replace(b"WX27", b"WX2"), good.replace(b"WX27", b"WX20"),
            good.replace(b"time 17", b"time 017"), good.replace(b"time 17", b"time -17"),
            good.replace(b"time 17", b"time  17"), good.replace(b"commit ", b"commit  "),
            good.replace(b"\n", b"\r\n"), b"\xef\xbb\xbf" + good,
        ):
            self.fails("form", receipt(text))

    def test_form_of_the_opening(self):
        good = opening(PAYLOAD, (b"body", b"xin"))
        for text in (
            b"\n", good[:-1], good + b"\n", good + b"x\n", b"\n" + good,
            good.replace(b"payload ", b"payload  "), good.replace(b"salt ", b"Salt "),
            good.replace(b"field body", b"field "), good.replace(b"field body", b"field a b"),
            good.replace(b64(SALT), b64(SALT[:31])), good.replace(b64(FIELD_SALT), b64(FIELD_SALT + b"x")),
        ):
            self.fails("form", receipt(opened=text))

    def test_every_type_and_no_other(self):
        with open(os.path.join(HERE, "..", "doc", "ledger.md"), encoding="utf-8") as f:
            section = f.read().split("\n## Types\n")[1].split("\n## ")[0]
        rows = [row for row in section.splitlines() if row.startswith("|")]
        listed = {w for row in rows for w in row.split("`")[1::2]}
        self.assertGreater(len(listed), 30)
        self.assertEqual(listed, verify.TYPES)

    def test_note(self):
        text = checkpoint()
        log, w1, w2 = LOG.line(text), W1.line(text), W2.line(text)
        stranger = Signer(b"stranger.example", 1).line(text)
        broken = signature_line(LOG.name, LOG.id + bytes(64))
        same_name = signature_line(LOG.name, b"\1\2\3\4" + bytes(64))
        self.holds(receipt(lines=[w2, stranger, w1, log]))
        self.holds(receipt(lines=[log, w1, w2, same_name]))
        self.holds(receipt(lines=[log, w1, w2, broken]))  # the first of a key counts
        for lines in (
            [], [w1, w2], [stranger], [broken, log, w1, w2], [log, signature_line(W1.name, W1.id + bytes(72)), w2],
            [log, signature_line(W1.name, W1.id + bytes(64))],
            [log, w1, w2, b"\n"], [log, w1, w2[:-1]], [log, w1, w2, b"- x AAAAAAA=\n"],
            [log, w1, w2, "— x AAAAAAB=\n".encode()],      # a stranger's line, base64 not strict
            [log, w1, w2, "— a+b AAAAAAA=\n".encode()], [log, w1, w2, "—  AAAAAAA=\n".encode()],
            [log, w1, w2, "— a\u00a0b AAAAAAA=\n".encode()], [log, w1, w2, "— a\tb AAAAAAA=\n".encode()],
            [log, w1, w2, "— ".encode() + b"a" * 201 + b" AAAAAAA=\n"],
            [log, w1, w2, "— ".encode() + b"\xff AAAAAAA=\n"],
        ):
            self.fails("signature", receipt(lines=lines))
        self.holds(receipt(lines=[log, w1, w2, "— ".encode() + b"a" * 200 + b" AAAAAAA=\n"]))

    def test_time_of_a_cosignature(self):
        self.fails("signature", receipt(at=0))
        self.holds(receipt(at=1))
        self.holds(receipt(at=2**63 - 1))
        self.fails("signature", receipt(at=2**63))

    def test_checkpoint(self):
        name, size, root, _ = checkpoint().split(b"\n")
        for lines in (
            (name, size), (name, size, root, b"extension"), (name, b"0" + size, root), (name, b"-5", root),
            (name, b"", root), (name, size, root[:-1]), (name, size, b64(bytes(31))), (size, name, root),
            (OTHER.name, size, root), (b"", size, root), (name, b"0", b64(bytes(32))),
        ):
            self.fails("signature", receipt(text=b"\n".join(lines) + b"\n"))
        # A log of the policy has signed, but in another's name.
        policy = verify.Policy(b"log %s\nlog %s\nquorum none\n" % (LOG.vkey, OTHER.vkey))
        text = checkpoint()
        self.fails("signature", receipt(lines=[OTHER.line(text)]), policy)
        self.fails("proof", receipt(text=name + b"\n0\n" + b64(sha(b"")) + b"\n"))

    def test_proof(self):
        for size in range(1, 18):
            for index in range(size):
                self.holds(receipt(index=index, size=size), ALONE)
        for size, index in ((1, 0), (2, 1), (5, 2), (5, 4), (8, 0), (9, 8)):
            hashes = [sha(b"%d" % i) for i in range(size)]
            hashes[index] = sha(b"\0" + leaf())
            right = path(index, hashes)
            self.fails("proof", receipt(index=index, size=size, hashes=right + [bytes(32)]))
            if right:
                self.fails("proof", receipt(index=index, size=size, hashes=right[:-1]))
                self.fails("proof", receipt(index=index, size=size, hashes=right[1:]))
            good = receipt(index=index, size=size)
            for other in (size, size + 1, 2**63 - 1):
                self.fails("proof", good.replace(b"\nindex %d\n" % index, b"\nindex %d\n" % other))
        # The hash of a node is not that of a leaf, nor the other way about.
        self.fails("proof", receipt(leaf(at=b"1"), text=checkpoint()))

    def test_opening(self):
        self.fails("opening", receipt(opened=opening(b"{}")))
        for payload in (b"", b"[]", b"1", b'"x"', b"null", b"{", b"{} {}", b"\xff", b'{"a":\xff}'):
            self.fails("opening", receipt(leaf(payload), opening(payload)))
        for field in ((b"body", b"other"), (b"n", b"xin"), (b"absent", b"xin"), (b"body_c", b"xin")):
            self.fails("opening", receipt(opened=opening(PAYLOAD, field)))
        for value in (b"1", b"null", b"[]", b"{}", b"true"):
            payload = b'{"body_c":%s}' % value
            self.fails("opening", receipt(leaf(payload), opening(payload, (b"body", b"xin"))))

    def test_quorum(self):
        text = checkpoint()
        log, w1, w2 = LOG.line(text), W1.line(text), W2.line(text)
        for quorum, one, none in (
            (b"quorum none\n", "ok", "ok"),
            (b"quorum a\n", "ok", "quorum"),
            (b"quorum b\n", "quorum", "quorum"),
            (b"group g any a b\nquorum g\n", "ok", "quorum"),
            (b"group g all a b\nquorum g\n", "quorum", "quorum"),
            (b"group g 1 a b\nquorum g\n", "ok", "quorum"),
            (b"group g 2 a b\nquorum g\n", "quorum", "quorum"),
            (b"group g any b\ngroup h any a g\n#c\n\t \nquorum\th\n", "ok", "quorum"),
        ):
            policy = verify.Policy(BASE_POLICY + quorum)
            self.assertEqual(judge(receipt(lines=[log, w1, w2]), policy), "ok")
            self.assertEqual(judge(receipt(lines=[log, w1]), policy), one, quorum)
            self.assertEqual(judge(receipt(lines=[log]), policy), none, quorum)

    def test_bad_policies(self):
        wrong_id = LOG.vkey.replace(LOG.id.hex().encode(), b"00000000")
        for text in (
            b"", b"log %s\n" % LOG.vkey, b"quorum absent\n", b"quorum none\nquorum none\n",
            b"log %s\nquorum none\n" % wrong_id, b"log %s\nquorum none\n" % W1.vkey,
            b"witness a %s\nquorum a\n" % LOG.vkey, b"what\nquorum none\n",
            BASE_POLICY + b"witness c %s\nquorum none\n" % W1.vkey,
            BASE_POLICY + b"group a any b\nquorum none\n", BASE_POLICY + b"group g any h\nquorum none\n",
            BASE_POLICY + b"group g 0 a b\nquorum g\n", BASE_POLICY + b"group g 3 a b\nquorum g\n",
            BASE_POLICY + b"group g all\nquorum g\n", b"quorum g\ngroup g any a\n" + BASE_POLICY,
        ):
            with self.assertRaises(verify.Fails):
                verify.Policy(text)

    def test_the_first_that_fails_is_named(self):
        bad_note = [signature_line(LOG.name, LOG.id + bytes(64))]
        log_only = [LOG.line(checkpoint())]
        wrong_opening = opening(b"{}")
        self.fails("form", receipt(b"x", wrong_opening, hashes=[], lines=bad_note))
        self.fails("signature", receipt(None, wrong_opening, hashes=[], lines=bad_note))
        self.fails("proof", receipt(None, wrong_opening, hashes=[], lines=log_only))
        self.fails("opening", receipt(None, wrong_opening, lines=log_only))
        self.fails("quorum", receipt(None, opening(), lines=log_only))

    def test_any_bytes(self):
        rnd = random.Random(1)
        good = [receipt(), receipt(opened=opening(PAYLOAD, (b"body", b"xin")))]
        for _ in range(2000):
            text = bytearray(rnd.choice(good))
            for _ in range(rnd.randrange(1, 9)):
                at = rnd.randrange(len(text))
                text[at:at + rnd.randrange(3)] = rnd.choice((b"", b"\n", b"\n\n", b"=", b" ", b"\xff", b"\0", "—".encode(), b"0"))
            self.assertIn(judge(bytes(text), BOTH), ("ok", "form", "signature", "proof", "opening", "quorum"))


class Program(unittest.TestCase):
    def run_it(self, *args, stdin=b"", env=None):
        return subprocess.run(
            [sys.executable, "-B", os.path.join(HERE, "verify.py"), *args],
            input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(os.environ, **(env or {})),
        )

    def data(self, name):
        return os.path.join(DATA, name)

    def temp(self, content):
        fd, name = tempfile.mkstemp()
        self.addCleanup(os.remove, name)
        with os.fdopen(fd, "wb") as f:
            f.write(content)
        return name

    def quiet(self, done, code):
        self.assertNotIn(b"Traceback", done.stderr)
        self.assertEqual(done.returncode, code)

    def test_one_file(self):
        for extra in ((), ("--vi",)):
            self.quiet(self.run_it(self.data("field-2.tlog-proof"), "--policy", self.data("two.policy"), *extra), 0)
            done = self.run_it(self.data("field-2.tlog-proof"), "--policy", self.data("absent.policy"), *extra)
            self.quiet(done, 1)
            self.assertIn(b"quorum", done.stdout)
            done = self.run_it(self.data("two.policy"), "--policy", self.data("two.policy"), *extra)
            self.quiet(done, 1)
            self.assertIn(b"form", done.stdout)

    def test_wrong_use(self):
        self.quiet(self.run_it(), 2)
        self.quiet(self.run_it("--batch"), 2)
        self.quiet(self.run_it(self.data("field-2.tlog-proof")), 2)
        self.quiet(self.run_it("--batch", self.data("field-2.tlog-proof"), "--policy", self.data("two.policy")), 2)

    def test_batch(self):
        good = read("field-2.tlog-proof")
        lines = [good, b"", good[:-9], good.replace(b"\nindex 2", b"\nindex 3"), good]
        done = self.run_it("--batch", "--policy", self.data("two.policy"), stdin=b"".join(b64(x) + b"\n" for x in lines))
        self.quiet(done, 0)
        self.assertEqual(done.stdout.split(), [b"ok", b"form", b"signature", b"proof", b"ok"])


class Faults(Program):
    """What verify.py does not do yet. Each says so by failing; when it is mended the
    mark goes."""

    # What Program tests is tested there.
    test_one_file = test_wrong_use = test_batch = None

    def test_batch_line_not_base64(self):
        done = self.run_it("--batch", "--policy", self.data("two.policy"), stdin=b"AAA\n!!\n\xff\n")
        self.quiet(done, 0)
        self.assertEqual(done.stdout.split(), [b"form"] * 3)

    def test_bad_policy_is_wrong_use(self):
        self.quiet(self.run_it(self.data("field-2.tlog-proof"), "--policy", self.temp(b"what\n")), 2)

    def test_missing_file_is_wrong_use(self):
        self.quiet(self.run_it(self.data("no-such-file"), "--policy", self.data("two.policy")), 2)

    def test_time_beyond_any_calendar(self):
        # What the log signed may be absurd; the receipt holds and must be shown.
        policy = self.temp(b"log %s\nquorum none\n" % LOG.vkey)
        text = receipt(leaf(at=b"%d" % (2**63 - 1)))
        self.quiet(self.run_it(self.temp(text), "--policy", policy), 0)

    def test_output_that_knows_only_ascii(self):
        done = self.run_it(self.data("field-2.tlog-proof"), "--policy", self.data("two.policy"), env={"PYTHONIOENCODING": "ascii"})
        self.quiet(done, 0)

    def test_deep_payload(self):
        payload = b'{"a":' + b"[" * 20000 + b"]" * 20000 + b"}"
        self.assertIn(judge(receipt(leaf(payload), opening(payload)), BOTH), ("ok", "opening"))

    def test_payload_that_is_not_json(self):
        for payload in (b'{"a":NaN}', b'{"a":-Infinity}'):
            self.assertEqual(judge(receipt(leaf(payload), opening(payload)), BOTH), "opening", payload)


if __name__ == "__main__":
    unittest.main()
