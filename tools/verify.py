#!/usr/bin/env python3
"""Checks Stele journals, and evidence about them, without Stele.

    python3 verify.py DIR [--key VKEY] [--checkpoint FILE] [--witness VKEY]... [--policy FILE]
                      [--max-age TIME] [--json]
    python3 verify.py check FILE --key VKEY [--witness VKEY]... [--old FILE [--old-key VKEY]]
                      [--json]
    python3 verify.py site OUT --key VKEY [--json]

The first form checks a journal, the second a proof or an extract that somebody handed over, the
third a journal that was published for transparency-log tools. The exit status is 0 if all is well,
1 if it was checked and is not, 2 if nothing could be judged. What the answers mean is in
spec/verdict.md and spec/proofs.md. A journal that is sealed with a secret is checked with that
secret in the environment: STELE_KEY, or the file that STELE_KEY_FILE names.

This file was written from the documents in spec/ alone and shares no code with Stele, so that two
programs have to be wrong in the same way before a false journal passes both. It needs Python 3.9 or
later and its standard library, nothing else: the signatures are checked here, too.

It is meant to be read from top to bottom. Every function uses only what stands above it, and names
the section that it carries out: "ledger 5" is section 5 of spec/ledger.md. It reads line by line,
holds one line and a few dozen hashes at a time, and never writes.
"""

import argparse
import base64
import bisect
import errno
import hashlib
import hmac
import json
import os
import re
import sys
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from itertools import chain
from typing import (
    Any, BinaryIO, Callable, Dict, Iterable, Iterator, List, NamedTuple, Optional, Sequence, Set,
    Tuple, Union,
)

# Limits (ledger 8, proofs 5).
FORMAT = 1
MAX_NUMBER = 2**53 - 1
MAX_LEAF_BYTES = 65_535
MAX_LINE_BYTES = 65_609
MAX_EVENT_DEPTH = 256
MAX_NOTE_BYTES = 1_000_000
MAX_NOTE_SIGNATURES = 100
MAX_CONTENT_BYTES = 67_108_864
MAX_PROOF_BYTES = 2_000_000
MAX_PROOF_HASHES = 63
MAX_POLICY_LENGTH = 1_000_000

# Not from the documents, which limit none of these. A JSON escape makes six characters of one byte.
MAX_MANIFEST_BYTES = 1_000_000
MAX_KEY_BYTES = 10_000
MAX_CONTENT_LINE_BYTES = 6 * MAX_CONTENT_BYTES + 1_000_000


class CannotJudge(Exception):
    """Nothing can be said: exit status 2, with a code of spec/errors.md."""

    def __init__(self, code: str, message: str):
        super().__init__(f"{message} [{code}]")


class Finding(Exception):
    """Why the journal is not intact: a verdict and the number of an entry (ledger 7)."""

    def __init__(self, verdict: str, seq: int, reason: str):
        super().__init__(reason)
        self.verdict = verdict
        self.seq = seq
        self.reason = reason


class Unproven(Exception):
    """Why a well-formed file proves nothing to who trusts the key (proofs 6)."""


# ---- Ed25519 (RFC 8032 section 5.1) --------------------------------------------------------------
# Points are in extended coordinates (X, Y, Z, T). All values are public, so the time that a
# calculation takes gives nothing away.

Point = Tuple[int, int, int, int]

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SQRT_MINUS_1 = pow(2, (P - 1) // 4, P)
NEUTRAL: Point = (0, 1, 1, 0)


def add_points(p: Point, q: Point) -> Point:
    """The sum of two points, which may be equal (RFC 8032 section 5.1.4)."""
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * p[3] * q[3] * D % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def negate_point(p: Point) -> Point:
    return (-p[0] % P, p[1], p[2], -p[3] % P)


def encode_point(p: Point) -> bytes:
    """The one encoding that a point has (RFC 8032 section 5.1.2)."""
    z_inverse = pow(p[2], P - 2, P)
    x, y = p[0] * z_inverse % P, p[1] * z_inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def decode_point(encoded: bytes) -> Optional[Point]:
    """The point, or None if the 32 bytes encode none (RFC 8032 section 5.1.3)."""
    number = int.from_bytes(encoded, "little")
    y, sign = number & (2**255 - 1), number >> 255
    if y >= P:
        return None
    x_squared = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x_squared, (P + 3) // 8, P)
    if x * x % P != x_squared:
        x = x * SQRT_MINUS_1 % P
    if x * x % P != x_squared or (x == 0 and sign == 1):
        return None
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


def multiples_of(point: Point) -> List[List[Point]]:
    """Row i has 0 to 15 times 16**i times the point. With it a multiplication is 64 additions."""
    rows = []
    for _ in range(64):
        row = [NEUTRAL]
        for _ in range(16):
            row.append(add_points(row[-1], point))
        point = row.pop()
        rows.append(row)
    return rows


def multiply(multiples: List[List[Point]], factor: int) -> Point:
    """A point times a factor below 2**256, given the multiples of the point."""
    result = NEUTRAL
    for row in multiples:
        result = add_points(result, row[factor & 15])
        factor >>= 4
    return result


BASE_X = 15112221349535400772501151409588531511454012693041857206046113283949847762202
BASE_Y = 4 * pow(5, P - 2, P) % P
MULTIPLES_OF_BASE = multiples_of((BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P))


class Ed25519:
    """Checks signatures of one public key."""

    def __init__(self, public_key: bytes):
        self.public_key = public_key
        point = decode_point(public_key)
        self.multiples = None if point is None else multiples_of(negate_point(point))

    def accepts(self, message: bytes, signature: bytes) -> bool:
        """RFC 8032 section 5.1.7, without the cofactor, with S below the order (ledger 5)."""
        if len(signature) != 64 or self.multiples is None:
            return False
        r, s = signature[:32], int.from_bytes(signature[32:], "little")
        if s >= ORDER:
            return False
        digest = hashlib.sha512(r + self.public_key + message).digest()
        k = int.from_bytes(digest, "little") % ORDER
        expected = add_points(multiply(MULTIPLES_OF_BASE, s), multiply(self.multiples, k))
        return encode_point(expected) == r


@lru_cache(maxsize=64)
def ed25519(public_key: bytes) -> Ed25519:
    """To check one signature takes a millisecond, to begin with a key five."""
    return Ed25519(public_key)


# ---- Text from outside ---------------------------------------------------------------------------


def decode_base64(text: str) -> Optional[bytes]:
    """The bytes, if the text is their only spelling: padded, unused bits zero (ledger 5)."""
    try:
        value = base64.b64decode(text, validate=True)
    except ValueError:
        return None
    return value if base64.b64encode(value).decode() == text else None


def encode_base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def parse_number(digits: str) -> Any:
    """An int, or a float when the number has more digits than any number of a journal."""
    return int(digits) if len(digits) < 20 else float(digits)


def refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def parse_json(text: str, pairs: bool = False) -> Any:
    """Any value as RFC 8259 spells it; with pairs, an object is a tuple of (name, value) pairs."""
    try:
        return json.loads(
            text,
            parse_int=parse_number,
            parse_constant=refuse_constant,
            object_pairs_hook=tuple if pairs else None,
        )
    except RecursionError:
        raise ValueError("nested too deep") from None


def is_number(value: Any) -> bool:
    """A JSON number. To Python, true and false are numbers, too."""
    return type(value) in (int, float)


def is_whole(value: Any) -> bool:
    """A whole number in any spelling that JSON has."""
    return is_number(value) and value % 1 == 0


def to_json(value: Any) -> str:
    """As JavaScript's JSON.stringify writes a text without lone surrogates (proofs 6)."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


STRING = rb'"[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*"'
NUMBER = rb"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"
SCALAR = re.compile(STRING + rb"|" + NUMBER + rb"|true|false|null")
MEMBER_NAME = re.compile(STRING + rb":")


def skip_token(token: "re.Pattern[bytes]", text: bytes, at: int) -> int:
    match = token.match(text, at)
    if match is None:
        raise ValueError("not JSON without white space")
    return match.end()


def skip_value(text: bytes, at: int, depth: int) -> int:
    """The end of the JSON value at `at`, which has no white space between its tokens (ledger 3)."""
    opening = text[at : at + 1]
    if opening not in (b"{", b"["):
        return skip_token(SCALAR, text, at)
    if depth == MAX_EVENT_DEPTH:
        raise ValueError("nested too deep")
    closing = b"}" if opening == b"{" else b"]"
    at += 1
    if text[at : at + 1] == closing:
        return at + 1
    while True:
        if opening == b"{":
            at = skip_token(MEMBER_NAME, text, at)
        at = skip_value(text, at, depth + 1)
        after = text[at : at + 1]
        at += 1
        if after == closing:
            return at
        if after != b",":
            raise ValueError("not JSON without white space")


def is_compact_object(text: bytes) -> bool:
    """One JSON object in compact form, 256 deep or less (ledger 3, "In a check")."""
    try:
        return text[:1] == b"{" and skip_value(text, 0, 0) == len(text)
    except ValueError:
        return False


def read_file(path: str, limit: int) -> bytes:
    """A small file; of a larger one, one byte more than the limit."""
    with open(path, "rb") as file:
        return file.read(limit + 1)


# ---- The tree (ledger 4) -------------------------------------------------------------------------

NO_HASH = bytes(32)


def hash_leaf(leaf: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + leaf).digest()


def hash_node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass
class State:
    """What a check knows behind some number of entries (ledger 7)."""

    size: int = 0
    last_hash: bytes = NO_HASH
    frontier: List[bytes] = field(default_factory=list)
    last_time: Optional[str] = None

    def append(self, leaf_hash: bytes, time: Optional[str]) -> None:
        """`append` of ledger 4."""
        self.last_hash, self.last_time = leaf_hash, time
        index, subtree = self.size, leaf_hash
        while index % 2 == 1:
            subtree = hash_node(self.frontier.pop(), subtree)
            index //= 2
        self.frontier.append(subtree)
        self.size += 1

    def root(self) -> bytes:
        """`root` of ledger 4."""
        if not self.frontier:
            return hashlib.sha256(b"").digest()
        result = self.frontier[-1]
        for subtree in reversed(self.frontier[:-1]):
            result = hash_node(subtree, result)
        return result

    def copy(self) -> "State":
        return State(self.size, self.last_hash, list(self.frontier), self.last_time)


def are_hashes(hashes: Iterable[bytes]) -> bool:
    return all(len(value) == 32 for value in hashes)


def check_inclusion(
    leaf_hash: bytes, index: int, tree: Tuple[int, bytes], proof: Sequence[bytes]
) -> bool:
    """Proofs 2: whether the tree, of a size and a root, has this leaf at the index."""
    size, root = tree
    if not 0 <= index < size <= MAX_NUMBER or not are_hashes([leaf_hash, root, *proof]):
        return False
    rest, last, result = list(proof), size - 1, leaf_hash
    while last > 0:
        if index % 2 == 1 or index < last:
            if not rest:
                return False
            sibling = rest.pop(0)
            result = hash_node(sibling, result) if index % 2 == 1 else hash_node(result, sibling)
        index, last = index // 2, last // 2
    return not rest and result == root


def check_consistency(
    old: Tuple[int, bytes], tree: Tuple[int, bytes], proof: Sequence[bytes]
) -> bool:
    """Proofs 3: whether a tree, of a size and a root, extends an older one."""
    (old_size, old_root), (size, root), rest = old, tree, list(proof)
    if not 1 <= old_size <= size <= MAX_NUMBER or not are_hashes([old_root, root, *proof]):
        return False
    if old_size == size:
        return not rest and old_root == root
    index, last = old_size - 1, size - 1
    while index % 2 == 1:
        index, last = index // 2, last // 2
    if index > 0 and not rest:
        return False
    left = whole = old_root if index == 0 else rest.pop(0)
    while last > 0:
        if index % 2 == 1 or index < last:
            if not rest:
                return False
            sibling = rest.pop(0)
            if index % 2 == 1:
                left, whole = hash_node(sibling, left), hash_node(sibling, whole)
            else:
                whole = hash_node(whole, sibling)
        index, last = index // 2, last // 2
    return not rest and left == old_root and whole == root


# ---- Keys, notes and checkpoints (ledger 5, keys 1) ----------------------------------------------

ED25519 = b"\x01"
COSIGNATURE = b"\x04"  # Ed25519, too, but of a witness (witness 1)
HMAC = b"\xffstele-hmac-sha256"
JOURNAL_KEYS = (ED25519, HMAC)

NAME = r"[!#-*,-\[\]-~]{1,255}"  # printable ASCII without " + \
VKEY = re.compile(rf"({NAME})\+([0-9a-f]{{8}})\+([A-Za-z0-9+/=]+)")
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
SIGNATURE_LINE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/=]+)")
CHECKPOINT = re.compile(rf"({NAME})\n(0|[1-9][0-9]{{0,15}})\n([^\n]+)\n")


class Key:
    """A verifier key of one of these kinds, which are its type bytes. Its name is the origin."""

    def __init__(self, vkey: Any, kinds: Sequence[bytes] = JOURNAL_KEYS):
        match = VKEY.fullmatch(vkey) if isinstance(vkey, str) else None
        payload = decode_base64(match[3]) if match else None
        fitting = [kind for kind in kinds if payload and payload.startswith(kind)]
        if match is None or payload is None or not fitting or len(payload) != len(fitting[0]) + 32:
            raise ValueError("no verifier key of a kind that is used here")
        self.vkey: str = vkey
        self.name: str = match[1]
        self.kind, self.public = fitting[0], payload[-32:]
        self.id = hashlib.sha256(self.name.encode() + b"\n" + payload).digest()[:4]
        if self.id.hex() != match[2]:
            raise ValueError("a verifier key whose key id is not that of its name and bytes")
        self.secret: Optional[bytes] = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Key) and self.vkey == other.vkey

    def __hash__(self) -> int:
        return hash(self.vkey)

    def accepts(self, message: bytes, signature: bytes) -> bool:
        """Keys 1. An HMAC key needs its secret."""
        if self.kind != HMAC:
            return ed25519(self.public).accepts(message, signature)
        if self.secret is None:
            self.secret = find_secret(self)
        right = hmac.new(self.secret, message, hashlib.sha256).digest()
        return hmac.compare_digest(right, signature)


def find_secret(key: Key) -> bytes:
    """The secret of an HMAC key, from the environment (keys 1)."""
    text = os.environ.get("STELE_KEY")
    if text is None and "STELE_KEY_FILE" in os.environ:
        with open(os.environ["STELE_KEY_FILE"], encoding="utf-8", errors="replace") as file:
            text = file.read(MAX_KEY_BYTES)
    if text is None:
        message = f"{key.name} is sealed with a secret; set STELE_KEY or STELE_KEY_FILE"
        raise CannotJudge("KEY_MISSING", message)
    name, _, rest = text.strip().removeprefix("PRIVATE+KEY+").partition("+")
    payload = decode_base64(rest.partition("+")[2])
    if not text.startswith("PRIVATE+KEY+") or payload is None:
        raise CannotJudge("KEY_MALFORMED", "the secret is no private key; copy it whole")
    secret = payload[len(HMAC) :]
    fingerprint = hmac.new(secret, b"stele/hmac-key-id/v1", hashlib.sha256).digest()
    if (name, payload, fingerprint) != (key.name, HMAC + secret, key.public):
        raise CannotJudge("KEY_MISMATCH", f"the secret is not that of {key.vkey}")
    return secret


class Note(NamedTuple):
    """A signed note: the text that is signed, and (name, key id, signature) of each line."""

    text: str
    signatures: List[Tuple[str, bytes, bytes]]


def parse_note(data: bytes) -> Optional[Note]:
    """The note, or None if the bytes are none."""
    try:
        whole = data.decode("utf-8")
    except ValueError:
        return None
    text, empty_line, block = whole.rpartition("\n\n")
    lines = block.split("\n")
    if len(data) > MAX_NOTE_BYTES or CONTROL.search(whole) or not empty_line or lines.pop() != "":
        return None
    signatures = []
    for line in lines:
        match = SIGNATURE_LINE.fullmatch(line)
        payload = decode_base64(match[2]) if match else None
        if match is None or payload is None or len(payload) <= 4:
            return None
        signatures.append((match[1], payload[:4], payload[4:]))
    if not 1 <= len(signatures) <= MAX_NOTE_SIGNATURES:
        return None
    return Note(text + "\n", signatures)


def signatures_of(note: Note, key: Key) -> List[bytes]:
    """Those in the lines that claim to be by the key."""
    mine = (key.name, key.id)
    return [signature for name, id, signature in note.signatures if (name, id) == mine]


def is_signed_by(note: Note, key: Key) -> bool:
    """One line or more is the key's, and all of those are right; other keys' lines do not count."""
    own, message = signatures_of(note, key), note.text.encode()
    return own != [] and all(key.accepts(message, signature) for signature in own)


class Checkpoint(NamedTuple):
    origin: str
    size: int
    root: bytes


def parse_checkpoint(text: str) -> Optional[Checkpoint]:
    """A text of exactly three lines, or None."""
    match = CHECKPOINT.fullmatch(text)
    root = decode_base64(match[3]) if match else None
    if match is None or root is None or len(root) != 32 or int(match[2]) > MAX_NUMBER:
        return None
    return Checkpoint(match[1], int(match[2]), root)


def checkpoint_text(origin: str, state: State) -> str:
    return f"{origin}\n{state.size}\n{encode_base64(state.root())}\n"


# ---- Witnesses (witness 1 and 2, verdict 3 step 2) -----------------------------------------------


class Spoilt(Exception):
    """A signature line claims to be by a witness and is not its cosignature."""


def cosigned_at(note: Note, witness: Key) -> Optional[int]:
    """When the witness countersigned, in seconds since 1970, at the latest; None if it did not."""
    times = []
    for payload in signatures_of(note, witness):
        seconds = int.from_bytes(payload[:8], "big")
        message = f"cosignature/v1\ntime {seconds}\n{note.text}".encode()
        right = len(payload) == 72 and seconds <= MAX_NUMBER
        if not right or not witness.accepts(message, payload[8:]):
            raise Spoilt(f"a line that claims to be by {witness.name} is not its cosignature")
        times.append(seconds)
    return max(times, default=None)


class Witnessed(NamedTuple):
    """The names of all witnesses that countersigned, the latest first, and when enough had."""

    names: List[str]
    seconds: int


@dataclass
class Policy:
    """Witnesses and groups by their names in the policy. A group is a threshold and its members."""

    witnesses: Dict[str, Key] = field(default_factory=dict)
    groups: Dict[str, Tuple[int, List[str]]] = field(default_factory=dict)
    quorum: str = "none"

    def agrees(self, name: str, agreed: Set[str]) -> bool:
        if name == "none" or name in agreed:
            return True
        threshold, members = self.groups.get(name, (1, []))
        return sum(self.agrees(member, agreed) for member in members) >= threshold

    def witnessed(self, note: Note) -> Optional[Witnessed]:
        """None without enough cosignatures. Even if the quorum is `none`, it takes one."""
        times = {name: cosigned_at(note, key) for name, key in self.witnesses.items()}
        by_time = [(seconds, name) for name, seconds in times.items() if seconds is not None]
        by_time.sort(key=lambda pair: -pair[0])
        agreed: Set[str] = set()
        for seconds, name in by_time:
            agreed.add(name)
            if self.agrees(self.quorum, agreed):
                return Witnessed([self.witnesses[each].name for _, each in by_time], seconds)
        return None


def any_of(vkeys: Sequence[str]) -> Policy:
    """The witnesses that are named one by one: each of them is enough."""
    witnesses = {vkey: Key(vkey, [COSIGNATURE]) for vkey in vkeys}
    return Policy(witnesses, {"any": (1, list(witnesses))}, "any")


def parse_group(words: Sequence[str], free: Set[str]) -> Tuple[int, List[str]]:
    """What stands behind a group's name; its members are free no more."""
    threshold, *members = words
    if not members or len(set(members)) < len(members) or not free.issuperset(members):
        raise ValueError("members of a group are defined above it, and in no other")
    free.difference_update(members)
    count = {"any": 1, "all": len(members)}.get(threshold)
    if count is None:
        count = int(threshold) if re.fullmatch("[1-9][0-9]{0,5}", threshold) else 0
    if not 1 <= count <= len(members):
        raise ValueError("a group's threshold is any, all, or a number of its members")
    return count, members


def parse_policy(text: str) -> Policy:
    """A C2SP tlog-policy as witness 2 restricts it; ValueError if it is none."""
    if len(text) > MAX_POLICY_LENGTH or re.search(r"[\x00-\x08\x0b-\x1f\x7f]", text):
        raise ValueError("too long, or with control characters")
    policy, quorums, keys = Policy(), [], []
    free: Set[str] = set()  # names that are in no group yet
    for line in text.split("\n"):
        words = re.findall(r"[^ \t]+", line)
        if not words or words[0].startswith("#"):
            continue
        known = set(policy.witnesses) | set(policy.groups)
        if words[0] == "log" and len(words) in (2, 3):
            keys.append(Key(words[1], [ED25519]).public + b"log")
        elif words[0] == "quorum" and len(words) == 2 and words[1] in known | {"none"}:
            quorums.append(words[1])
        elif len(words) < 3 or words[1] in known | {"none"}:
            raise ValueError(f"not a line of a policy, or a name without or twice defined: {line}")
        elif words[0] == "witness" and len(words) <= 4:
            policy.witnesses[words[1]] = Key(words[2], [COSIGNATURE])
            keys.append(policy.witnesses[words[1]].public)
            free.add(words[1])
        elif words[0] == "group":
            policy.groups[words[1]] = parse_group(words[2:], free)
            free.add(words[1])
        else:
            raise ValueError(f"not a line of a policy: {line}")
    if len(quorums) != 1 or len(set(keys)) < len(keys):
        raise ValueError("not exactly one quorum, or a public key twice")
    policy.quorum = quorums[0]
    return policy


# ---- Key changes (keys 3 and 4) ------------------------------------------------------------------

KEY_EVENT = re.compile(
    rb'\{"type":"stele\.key","data":\{"publicKey":"([!-~]+)","reason":"(rotated|aged|lost)"\}\}'
)
RECOVERY_KEY_EVENT = re.compile(
    rb'\{"type":"stele\.recovery-key","data":\{"publicKey":"([!-~]+)"\}\}'
)


class KeyChange(NamedTuple):
    """What a stele.key entry says."""

    seq: int
    key: Key
    reason: str


def named_key(vkey: bytes, origin: str) -> Key:
    key = Key(vkey.decode(), [ED25519])
    if key.name != origin:
        raise ValueError("the key's name is not the origin")
    return key


def read_key_change(event: bytes, seq: int, origin: str) -> Optional[KeyChange]:
    """None if the event is about something else; ValueError if it is not of the one form."""
    if not event.startswith(b'{"type":"stele.key",'):
        return None
    match = KEY_EVENT.fullmatch(event)
    if match is None:
        raise ValueError("not the form of a key event")
    return KeyChange(seq, named_key(match[1], origin), match[2].decode())


def read_recovery_key(event: bytes, seq: int, origin: str) -> Optional[Key]:
    """The same for the recovery key, which only entry 0 can name."""
    if seq != 0 or not event.startswith(b'{"type":"stele.recovery-key",'):
        return None
    match = RECOVERY_KEY_EVENT.fullmatch(event)
    if match is None:
        raise ValueError("not the form of a recovery key's event")
    return named_key(match[1], origin)


PRUNED_EVENT = re.compile(
    rb'\{"type":"stele\.pruned","data":\{"first":(0|[1-9][0-9]{0,15}),'
    rb'(?:"agents":\{"from":(0|[1-9][0-9]{0,15}),"count":(0|[1-9][0-9]{0,15})\},)?.*',
    re.DOTALL,
)


class NamedCut(NamedTuple):
    """What a stele.pruned entry says (retention 1)."""

    seq: int
    time: str
    first: int
    agents: Optional[Tuple[int, int]]  # from which entry on those about keys were kept, how many
    reason: Optional[str]
    by: Optional[str]


def read_cut(event: bytes, seq: int, time: str) -> Optional[NamedCut]:
    """None if the event names no cut."""
    match = PRUNED_EVENT.fullmatch(event)
    if match is None or int(match[1]) > min(seq, MAX_NUMBER):
        return None
    try:
        data = json.loads(event)["data"]
        reason, by = data.get("reason"), data.get("by")
    except ValueError:
        reason, by = None, None
    texts = [text if isinstance(text, str) else None for text in (reason, by)]
    agents = None if match[2] is None else (int(match[2]), int(match[3]))
    return NamedCut(seq, time, int(match[1]), agents, *texts)


# ---- What agents sign (agents.md) ----------------------------------------------------------------

SIGNATURE_FIELD = re.compile(
    rb',"signature":\{"keyid":"([0-9a-f]{8})","sig":"([A-Za-z0-9+/]{86}==)"\}\}$'
)
SIGNATURE_BEGINNING = re.compile(rb',"signature":\{"keyid":"')
SIGNATURE_FIELD_BYTES = len(',"signature":{"keyid":"","sig":""}') + 8 + 88
AGENT_EVENT = re.compile(
    rb'\{"type":"stele\.agent","data":\{"action":"(add|retire)","agent":"([^"\\]*)",'
    rb'"publicKey":"([^"\\]*)"(?:,"proof":"([A-Za-z0-9+/]{86}==)")?\}\}'
)


def pre_auth_encoding(payload_type: bytes, body: bytes) -> bytes:
    """What DSSE signs (agents 1)."""
    return b"DSSEv1 %d %s %d %s" % (len(payload_type), payload_type, len(body), body)


def has_name_twice(pairs: Any) -> bool:
    """Whether an object, or one in it, has a member twice."""
    if isinstance(pairs, list):
        return any(map(has_name_twice, pairs))
    if not isinstance(pairs, tuple):
        return False
    names = [name for name, _ in pairs]
    return len(set(names)) < len(names) or any(has_name_twice(value) for _, value in pairs)


def read_one_way(event: bytes) -> Any:
    """An event that all readers understand alike, as pairs; ValueError for another (ledger 3)."""
    pairs = parse_json(event.decode(), pairs=True)
    json.dumps(pairs, ensure_ascii=False).encode()  # refuses lone surrogates
    if has_name_twice(pairs):
        raise ValueError("a name is there twice")
    return pairs


def signing_agent(body: bytes) -> str:
    """The agent of a signed event; ValueError if there is not exactly one."""
    members = dict(read_one_way(body))
    agent = members.get("agent")
    if "signature" in members or not isinstance(agent, str):
        raise ValueError("it does not name one agent")
    return agent


@dataclass
class Agents:
    """The keys that agents sign with, as far as the entries were read (agents 2 and 3)."""

    origin: str
    are_some_lost: bool  # entries about agents' keys were dropped, and not kept
    active: Set[Tuple[str, Key]] = field(default_factory=set)
    named: Set[Tuple[str, bytes]] = field(default_factory=set)

    def take(self, event: bytes) -> Optional[bool]:
        """One entry's event: None if it is not signed, else whether it was checked. ValueError."""
        if event.startswith(b'{"type":"stele.agent",'):
            self.change(event)
            return None
        match = SIGNATURE_FIELD.search(event)
        signature = decode_base64(match[2].decode()) if match else None
        if match is None or signature is None:
            if b'signature"' in event or b"\\u00" in event:
                names = [name for name, _ in parse_json(event.decode(errors="replace"), pairs=True)]
                if "signature" in names:
                    raise ValueError("its signature is not in the one spelling")
            return None
        body = event[: match.start()] + b"}"
        agent, id = signing_agent(body), bytes.fromhex(match[1].decode())
        keys = [key for name, key in self.active if name == agent and key.id == id]
        message = pre_auth_encoding(b"application/vnd.stele.event+json", body)
        if any(key.accepts(message, signature) for key in keys):
            return True
        if keys or not self.are_some_lost or (agent, id) in self.named:
            raise ValueError("it is not signed by a key that its agent had there")
        return False

    def change(self, event: bytes) -> None:
        match = AGENT_EVENT.fullmatch(event)
        proof = decode_base64(match[4].decode()) if match and match[4] else None
        if match is None or (match[4] and (proof is None or match[1] != b"add")):
            raise ValueError("not the form of an agent's key")
        key = Key(match[3].decode(), [ED25519])
        if key.name.encode() != match[2]:
            raise ValueError("the key is another agent's")
        held = f"{self.origin}\n{key.vkey}\n".encode()
        message = pre_auth_encoding(b"application/vnd.stele.agent-key", held)
        self.named.add((key.name, key.id))
        if match[1] == b"add":
            self.active.add((key.name, key))
        else:
            self.active.discard((key.name, key))
        if proof is not None and not key.accepts(message, proof):
            raise ValueError("the proof of possession is not the agent's")


@dataclass
class SegmentKeys:
    """By whom the seals of one segment have to be, as far as it was read."""

    key: Key
    recovery: Optional[Key]
    is_first: bool
    change: Optional[KeyChange] = None
    sealers: Set[Key] = field(default_factory=set)
    cuts: List[NamedCut] = field(default_factory=list)

    def take(self, event: bytes, seq: int) -> None:
        """Keys 4, an entry, steps 2 to 4; ValueError if it names a key that cannot be named."""
        change = read_key_change(event, seq, self.key.name)
        recovery = read_recovery_key(event, seq, self.key.name)
        named = change.key if change else recovery
        if named is None:
            return
        if self.key.kind != ED25519 or named == self.key or named == self.recovery:
            raise ValueError("a key that cannot be named")
        self.change = change
        self.recovery = recovery or self.recovery

    def due(self) -> Optional[Key]:
        """Keys 4, a seal: the key that it must be by, if there is one."""
        if self.change is None or self.change.reason != "lost":
            return self.key
        if self.is_first and self.key not in self.sealers:
            return None
        return self.recovery


# ---- Entries (ledger 2 and 3) --------------------------------------------------------------------

HASH_FIELD_BYTES = 75  # ,"hash":"…64 digits…"}
TIME = rb"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z"
TIME_AND_EVENT = re.compile(rb'","time":"(' + TIME + rb')","event":')
LEAF = re.compile(
    rb'\{"seq":(0|[1-9][0-9]{0,15}),"prev":"([0-9a-f]{64})","time":"(' + TIME + rb')",'
    rb'"event":(\{.*\})\}',
    re.DOTALL,
)


class Leaf(NamedTuple):
    seq: int
    last_hash: bytes
    time: str
    event: bytes


def parse_leaf(data: bytes) -> Optional[Leaf]:
    """What an entry says, if the bytes are of an entry's form, wherever they come from."""
    match = LEAF.fullmatch(data)
    if match is None or len(data) > MAX_LEAF_BYTES or int(match[1]) > MAX_NUMBER:
        return None
    if not is_compact_object(match[4]):
        return None
    return Leaf(int(match[1]), bytes.fromhex(match[2].decode()), match[3].decode(), match[4])


def split_entry(line: bytes) -> Optional[Tuple[bytes, bytes]]:
    """The leaf of an entry's line, and what stands where its hash should, in hex digits."""
    body, hash_field = line[:-HASH_FIELD_BYTES], line[-HASH_FIELD_BYTES:]
    if body == b"" or hash_field[:9] != b',"hash":"' or hash_field[-2:] != b'"}':
        return None
    return body + b"}", hash_field[9:-2]


def seal_in(line: bytes) -> Optional[str]:
    """The note of a line that is a JSON object with a string `seal` (ledger 7, a seal, step 1)."""
    if not line.startswith(b'{"seal":"'):
        return None
    try:
        value = parse_json(line.decode())
    except ValueError:
        return None
    note = value.get("seal") if isinstance(value, dict) else None
    return note if isinstance(note, str) else None


def note_in(line: bytes) -> Optional[Note]:
    """The same, if it is a signed note."""
    text = seal_in(line)
    try:
        return parse_note(text.encode()) if text is not None else None
    except UnicodeEncodeError:  # half of a surrogate pair
        return None


# ---- Tiles (tiles.md) ----------------------------------------------------------------------------

TILE_WIDTH = 256
MAX_TILE_BYTES = TILE_WIDTH * (2 + MAX_LEAF_BYTES)  # of a bundle
FULL_TILE_PATH = re.compile(r"(0|[1-9][0-9]?)/((?:x[0-9]{3}/)*[0-9]{3})")


def tile_path(level: Any, index: int, width: int = TILE_WIDTH) -> str:
    """Tiles 1; the level `entries` is that of bundles."""
    groups = f"{index % 1000:03}"
    while index >= 1000:
        index //= 1000
        groups = f"x{index % 1000:03}/{groups}"
    return f"tile/{level}/{groups}" + ("" if width == TILE_WIDTH else f".p/{width}")


def parse_full_tile_path(path: str) -> Optional[Tuple[int, int]]:
    """The level and index of a full tile, from the path behind `tile/`; None if it is not one."""
    match = FULL_TILE_PATH.fullmatch(path)
    if match is None:
        return None
    level, index = int(match[1]), int(re.sub("[x/]", "", match[2]))
    right = level <= 63 and index <= MAX_NUMBER and tile_path(level, index) == f"tile/{path}"
    return (level, index) if right else None


def hash_tile(hashes: Sequence[bytes]) -> bytes:
    """The hash of a full tile, folded in pairs."""
    while len(hashes) > 1:
        pairs = zip(hashes[::2], hashes[1::2])
        hashes = [hash_node(left, right) for left, right in pairs]
    return hashes[0]


class Tile(NamedTuple):
    level: int
    index: int
    hashes: List[bytes]

    def path(self) -> str:
        return tile_path(self.level, self.index, len(self.hashes))

    def first(self) -> int:
        """The first entry that it covers."""
        return self.index * TILE_WIDTH ** (self.level + 1)

    def end(self) -> int:
        """The entry behind the last one that it covers, when it is full."""
        return (self.index + 1) * TILE_WIDTH ** (self.level + 1)


class Tiling:
    """Makes tiles of leaf hashes; keeps one unfinished tile of each level."""

    def __init__(self) -> None:
        self.open = [Tile(0, 0, [])]

    def append(self, leaf_hash: bytes) -> Iterator[Tile]:
        """The tiles that become full with this leaf."""
        value = leaf_hash
        for level, tile in enumerate(self.open):
            tile.hashes.append(value)
            if len(tile.hashes) < TILE_WIDTH:
                return
            yield tile
            value = hash_tile(tile.hashes)
            self.open[level] = Tile(level, tile.index + 1, [])
            if level + 1 == len(self.open):
                self.open.append(Tile(level + 1, 0, []))

    def partial(self) -> List[Tile]:
        """What is left at the end of the tree. There are no empty tiles."""
        return [tile for tile in self.open if tile.hashes]


def list_tiles(directory: str) -> Tuple[bool, int]:
    """Whether there is a directory of tiles, and how many entries they cover at most (tiles 2)."""
    top, covered = os.path.join(directory, "tile"), 0
    for folder, _, names in os.walk(top):
        for name in names:
            path = os.path.relpath(os.path.join(folder, name), top).replace(os.sep, "/")
            place = parse_full_tile_path(path)
            if place is not None:
                covered = max(covered, Tile(*place, []).end())
    return os.path.isdir(top), covered


class TilesBeside:
    """The full tiles beside a ledger, held against it while it is read (tiles 2)."""

    def __init__(self, directory: str):
        self.directory = directory
        self.are_there, self.covered = list_tiles(directory)
        self.tiling = Tiling()
        self.wrong: List[Tile] = []
        self.cut = 0  # the first entry that was not dropped

    def append(self, leaf_hash: bytes) -> None:
        for tile in self.tiling.append(leaf_hash) if self.are_there else ():
            path = os.path.join(self.directory, *tile.path().split("/"))
            is_wrong = os.path.isfile(path) and read_file(path, 8192) != b"".join(tile.hashes)
            if is_wrong and len(self.wrong) < 1000:
                self.wrong.append(tile)

    def check_names(self, sealed_size: int) -> None:
        if self.covered > sealed_size:
            raise Finding("truncated", sealed_size, "there are tiles of more entries")

    def first_wrong(self, sealed_size: int) -> Optional[Finding]:
        """The finding about a tile of sealed entries that are kept, if there is one."""
        wrong = [tile for tile in self.wrong if self.cut <= tile.first() and tile.end() <= sealed_size]
        return self.first_of(wrong)

    def first_pruned_wrong(self) -> Optional[Finding]:
        """The same about a tile that begins before the cut (retention 5, step 5.4)."""
        return self.first_of([tile for tile in self.wrong if tile.first() < self.cut])

    @staticmethod
    def first_of(wrong: List[Tile]) -> Optional[Finding]:
        if not wrong:
            return None
        tile = min(wrong, key=Tile.first)
        entries = f"entries {tile.first()} to {tile.end() - 1}"
        reason = f"{tile.path()} does not hold the hashes of {entries}"
        return Finding("corrupt", tile.first(), reason)


# ---- One segment (ledger 2 and 7) ----------------------------------------------------------------

HEADER = re.compile(
    rb'\{"stele":1,"origin":"([^"\\]+)","first":(0|[1-9][0-9]{0,15}),"prev":"([0-9a-f]{64})",'
    rb'"frontier":\[((?:"[0-9a-f]{64}"(?:,"[0-9a-f]{64}")*)?)\]\}\n'
)
HEADER_FORMAT = re.compile(rb'\{"stele":(' + NUMBER + rb")[,}]")
HASH_IN_QUOTES = re.compile(rb'"([0-9a-f]{64})"')


class Header(NamedTuple):
    first: int
    last_hash: bytes
    frontier: List[bytes]


def read_header(file: BinaryIO, number: int, origin: str) -> Header:
    """The first line, which has to be the line that ledger 2 makes of its own values."""
    line = file.readline(MAX_LINE_BYTES + 1)
    newer = HEADER_FORMAT.match(line)
    if newer and float(newer[1]) > FORMAT:
        raise CannotJudge("JOURNAL_NEWER_FORMAT", f"segment {number} is of a newer format")
    match = HEADER.fullmatch(line)
    if match is None:
        raise Finding("corrupt", number, "the segment's header is malformed")
    first = int(match[2])
    frontier = [bytes.fromhex(text.decode()) for text in HASH_IN_QUOTES.findall(match[4])]
    if first > MAX_NUMBER or len(frontier) != bin(first).count("1"):
        raise Finding("corrupt", number, "the segment's header does not fit its own numbers")
    if first != number:
        raise Finding("corrupt", number, "the segment's header has another number than its name")
    if match[1] != origin.encode():
        raise Finding("corrupt", number, "the segment's header is of another journal")
    return Header(first, bytes.fromhex(match[3].decode()), frontier)


def check_entry(line: bytes, state: State, keys: SegmentKeys) -> Tuple[bytes, str]:
    """The ten steps of ledger 7, in their order. The result is the leaf's hash and the time."""

    def expect(condition: bool, verdict: str, reason: str) -> None:
        if not condition:
            raise Finding(verdict, state.size, reason)

    parts = split_entry(line)
    if parts is None:
        raise Finding("corrupt", state.size, "the line does not end as an entry does")
    leaf, hash_text = parts
    leaf_hash = hash_leaf(leaf)
    own_hash = leaf_hash.hex().encode() == hash_text
    expect(own_hash, "tampered", "the entry's bytes do not match its hash")
    expect(keys.change is None, "tampered", "the entry follows the end of its segment's key")
    at = len(b'{"seq":')
    expect(leaf[:at] == b'{"seq":', "corrupt", "the line does not begin as an entry does")
    number = b"%d," % state.size
    expect(leaf.startswith(number, at), "tampered", "the entry has another number")
    at += len(number)
    expect(leaf.startswith(b'"prev":"', at), "corrupt", "the entry has no prev behind its number")
    at += len(b'"prev":"')
    linked = leaf.startswith(state.last_hash.hex().encode(), at)
    expect(linked, "tampered", "the entry continues another entry")
    time = TIME_AND_EVENT.match(leaf, at + 64)
    if time is None:
        raise Finding("corrupt", state.size, "the entry's time is malformed")
    event = leaf[time.end() : -1]
    expect(is_compact_object(event), "corrupt", "the event is malformed")
    try:
        keys.take(event, state.size)
    except ValueError as error:
        raise Finding("tampered", state.size, f"the entry names no next key: {error}") from None
    cut = read_cut(event, state.size, time[1].decode())
    if cut is not None:
        keys.cuts.append(cut)
    return leaf_hash, time[1].decode()


def check_seal(line: bytes, state: State, sealed: State, keys: SegmentKeys) -> None:
    """The seven steps of ledger 7. A good seal's key is kept."""

    def expect(condition: bool, reason: str) -> None:
        if not condition:
            raise Finding("tampered", sealed.size, reason)

    seal = seal_in(line)
    if seal is None:
        raise Finding("corrupt", state.size, "the line is neither an entry nor a seal")
    expect(state.size > sealed.size, "a seal over no new entry")
    text = checkpoint_text(keys.key.name, state)
    expect(seal.startswith(text), "the seal is of other entries")
    key, note = keys.due(), note_in(line)
    if key is None:
        raise Finding("tampered", sealed.size, "no recovery key can say that the key is lost")
    if note is None:
        raise Finding("tampered", sealed.size, "the seal is no signed note")
    name, id, signature = note.signatures[0]
    if id != key.id:
        raise Finding("re-signed", sealed.size, "the seal is by a key that is not due")
    expect(is_signed_by(note, key) and name == key.name, "the seal's signature is wrong")
    right = f"{text}\n— {name} {encode_base64(id + signature)}\n"
    expect(line == f'{{"seal":{to_json(right)}}}'.encode(), "the seal has another spelling")
    keys.sealers.add(key)


@dataclass
class Watch:
    """What is noted while the entries pass by: roots and times at some sizes, and wrong tiles."""

    sizes: Set[int]
    tiles: TilesBeside
    roots: Dict[int, bytes] = field(default_factory=dict)
    times: Dict[int, str] = field(default_factory=dict)

    def pass_by(self, state: State) -> None:
        """Before the first entry and behind each."""
        if state.size in self.sizes:
            self.roots[state.size] = state.root()
        if state.size - 1 in self.sizes and state.last_time is not None:
            self.times[state.size - 1] = state.last_time
        if state.size > 0:
            self.tiles.append(state.last_hash)


@dataclass
class Segment:
    """What the check of one segment found, and where it stopped."""

    number: int
    sealed: State  # at the last good seal; at the header if there is none
    sealed_end: int  # the file's bytes up to there
    keys: SegmentKeys
    length: int = 0  # the file's bytes
    unsealed_entries: int = 0
    finding: Optional[Finding] = None
    is_torn: bool = False  # whether the line of the finding looks as a crash leaves it

    def key_change(self) -> Optional[KeyChange]:
        """The one that the entry under the last good seal states (keys 4)."""
        change = self.keys.change
        return change if change and change.seq + 1 == self.sealed.size else None


def pieces(file: BinaryIO) -> Iterator[bytes]:
    """The lines from here on, with newlines. A line that is too long comes as several pieces."""
    return iter(lambda: file.readline(MAX_LINE_BYTES + 1), b"")


def check_line(line: bytes, state: State, segment: Segment, watch: Watch) -> None:
    """One line with its newline. A right entry moves the state, a right seal the segment's."""
    if not line.endswith(b"\n"):
        raise Finding("corrupt", state.size, "the line is cut off, or longer than a line can be")
    line = line[:-1]
    if line[4:5] == b"q":
        state.append(*check_entry(line, state, segment.keys))
        segment.unsealed_entries += 1
        watch.pass_by(state)
    else:
        check_seal(line, state, segment.sealed, segment.keys)
        segment.sealed, segment.unsealed_entries = state.copy(), 0


def is_torn(file: BinaryIO, piece: bytes) -> bool:
    """
    A zero byte in a wrong line, or no newline at the end of one that is not too long (recovery 2).
    Reads the line's rest.
    """
    has_zero, length = b"\x00" in piece, len(piece)
    while piece and not piece.endswith(b"\n"):
        piece = file.readline(MAX_LINE_BYTES)
        has_zero, length = has_zero or b"\x00" in piece, length + len(piece)
    return has_zero or (piece == b"" and length <= MAX_LINE_BYTES)


def check_segment(file: BinaryIO, before: State, keys: SegmentKeys, watch: Watch) -> Segment:
    """The lines behind the header, up to the first finding or the end of the file (ledger 7)."""
    state, end = before.copy(), file.tell()
    segment = Segment(before.size, before, end, keys)
    for line in pieces(file):
        try:
            check_line(line, state, segment, watch)
        except Finding as finding:
            segment.finding, segment.is_torn = finding, is_torn(file, line)
            break
        end += len(line)
        if segment.unsealed_entries == 0:
            segment.sealed_end = end
    segment.length = os.fstat(file.fileno()).st_size
    return segment


# ---- The head (ledger 6) and the last segment (recovery 2) ---------------------------------------

HEAD = re.compile(rb"([0-9]{16}) ([0-9]{16}) ([0-9]{12}) ([0-9a-f]{16})\n")


class Head(NamedTuple):
    """How far the ledger is durable."""

    size: int
    segment: int
    length: int


def parse_head(data: bytes) -> Optional[Head]:
    """What a head says; None if it is torn."""
    match = HEAD.fullmatch(data)
    if match is None:
        return None
    check = hashlib.sha256(b"stele head " + data[:46]).hexdigest()[:16]
    head = Head(int(match[1]), int(match[2]), int(match[3]))
    if check.encode() != match[4] or max(head.size, head.segment) > MAX_NUMBER:
        return None
    return head


def word_for_head(head_bytes: Optional[bytes], segment: Segment) -> str:
    """`missing`, `torn`, `reached`, `ahead` or `moved` (recovery 2)."""
    if head_bytes is None:
        return "missing"
    head = parse_head(head_bytes)
    if head is None:
        return "torn"
    if head.size > segment.sealed.size:
        return "ahead"
    is_of_this_seal = (head.size, head.segment) == (segment.sealed.size, segment.number)
    return "moved" if is_of_this_seal and head.length != segment.sealed_end else "reached"


def word_for_tail(segment: Segment) -> str:
    """`none`, `entries`, `torn` or `bad` (recovery 2)."""
    if segment.finding is None:
        return "none" if segment.unsealed_entries == 0 else "entries"
    return "torn" if segment.is_torn else "bad"


def is_valid_seal(line: bytes, segment: Segment) -> bool:
    """A seal that only a key's holder can have made, whatever stands before it (recovery 2)."""
    note = note_in(line) if line[4:5] == b"a" else None
    checkpoint = parse_checkpoint(note.text) if note else None
    keys = segment.keys
    if note is None or checkpoint is None or checkpoint.size <= segment.sealed.size:
        return False
    by_recovery_key = keys.recovery is not None and note.signatures[0][1] == keys.recovery.id
    key = keys.recovery if by_recovery_key and keys.recovery else keys.key
    return checkpoint.origin == key.name and is_signed_by(note, key)


def word_for_seals_behind(file: BinaryIO, segment: Segment) -> str:
    """`none`, `last` or `more` (recovery 2). The file stands behind the first wrong line."""
    seals, is_last, before = 0, False, b"\n"
    for piece in pieces(file):
        is_line = before.endswith(b"\n") and piece.endswith(b"\n")
        is_last = is_line and is_valid_seal(piece[:-1], segment)
        seals += is_last
        before = piece
    if seals == 0:
        return "none"
    return "last" if seals == 1 and is_last else "more"


def refuses(head: str, tail: str, behind: str) -> bool:
    """The table of recovery 2: whether no crash explains what lies there."""
    if head in ("ahead", "moved") or tail == "bad" or behind == "more":
        return True
    return head == "missing" and behind == "last"


def is_cut(segment: Segment, head: Head) -> bool:
    """Whether the ledger ends before the place that the head names (verdict 3, step 7.5)."""
    return (segment.number, segment.length) < (head.segment, head.length)


def judge_last(
    file: BinaryIO, segment: Segment, head_bytes: Optional[bytes]
) -> Optional[Finding]:
    """The finding in the last segment, if there is one (verdict 3, step 7.5)."""
    head_word, tail = word_for_head(head_bytes, segment), word_for_tail(segment)
    behind = word_for_seals_behind(file, segment) if tail == "torn" else "none"
    if not refuses(head_word, tail, behind):
        return None
    if head_word == "moved":
        reason = "seals were removed or added in its segment since head was written"
        return Finding("tampered", segment.number, reason)
    truncated = Finding("truncated", segment.sealed.size, "head names more entries than there are")
    head = parse_head(head_bytes or b"")
    if head is not None and head_word == "ahead" and tail != "bad" and is_cut(segment, head):
        return truncated
    return segment.finding or truncated


def judge_closed(segment: Segment) -> Optional[Finding]:
    """The finding in a segment that is not the last, if there is one (verdict 3, step 7.4)."""
    if segment.finding is None and segment.sealed_end != segment.length:
        return Finding("tampered", segment.sealed.size, "a closed segment does not end with a seal")
    return segment.finding


# ---- Contents (content.md) -----------------------------------------------------------------------

CONTENT_NAME = re.compile(r"(?!__proto__$)[A-Za-z0-9._-]{1,64}")
HASH_TEXT = re.compile(r"[0-9a-f]{64}")
CUT_LINE_NUMBER = re.compile(rb'\{"seq":(0|[1-9][0-9]{0,15}),')

# Commitments by the contents' names.
Commitments = Dict[str, str]


def commitments_in(event: bytes) -> Commitments:
    """What an event commits to, found where writers put it: last in the event or before its
    signature, and last in each reference (content 1). No other member is looked at."""
    comma = max(0, len(event) - SIGNATURE_FIELD_BYTES - 1)
    is_signed = SIGNATURE_BEGINNING.match(event, comma) is not None
    if not event.endswith(b'"}}}') and not (is_signed and event.endswith(b'"}}', 0, comma)):
        return {}
    members = parse_json(event.decode(errors="replace"), pairs=True)
    if is_signed and members[-1][0] == "signature":
        members = members[:-1]
    name, references = members[-1] if members else ("", None)
    found: Commitments = {}
    for content, reference in references if name == "content" and isinstance(references, tuple) else ():
        member, value = reference[-1] if isinstance(reference, tuple) and reference else ("", None)
        is_hash = isinstance(value, str) and HASH_TEXT.fullmatch(value)
        if member == "commitment" and is_hash and CONTENT_NAME.fullmatch(content):
            found[content] = value
    return found


ERASED = b'{"type":"stele.erased",'


@dataclass
class Erasure:
    """What an entry says was erased: for each range of entries its first, its last, and names."""

    starts: List[int] = field(default_factory=list)
    ends: List[int] = field(default_factory=list)
    names: List[Set[str]] = field(default_factory=list)

    def covers(self, seq: int, name: str) -> bool:
        place = bisect.bisect_right(self.starts, seq) - 1
        return place >= 0 and seq <= self.ends[place] and name in self.names[place]


# By the number of the entry that says it.
Erasures = Dict[int, Erasure]


def read_erasure(seq: int, event: bytes) -> Erasure:
    """What entry `seq` says was erased; nothing if it is not of the form (content 5)."""
    try:
        members = dict(read_one_way(event))
    except ValueError:
        return Erasure()
    data = dict(members["data"]) if isinstance(members.get("data"), tuple) else {}
    texts = [data.get("reason"), data.get("by", "")]
    if not all(isinstance(text, str) for text in texts) or not isinstance(data.get("contents"), list):
        return Erasure()
    erasure, before = Erasure(), -1
    for pairs in data["contents"]:
        each = dict(pairs) if isinstance(pairs, tuple) else {}
        first, last, names = each.get("from"), each.get("to"), each.get("names")
        if not is_whole(first) or not is_whole(last) or not before < first <= last < seq:
            return Erasure()
        if not isinstance(names, list) or not names:
            return Erasure()
        if not all(isinstance(name, str) and CONTENT_NAME.fullmatch(name) for name in names):
            return Erasure()
        erasure.starts.append(int(first))
        erasure.ends.append(int(last))
        erasure.names.append(set(names))
        before = int(last)
    return erasure


def entries_with_contents(
    file: BinaryIO, segment: Segment, erasures: Erasures
) -> Iterator[Tuple[int, Commitments]]:
    """The sealed entries of a checked segment that commit to something, in their order. What other
    entries say was erased goes into `erasures`."""
    file.seek(0)
    seq = segment.number
    for line in pieces(file):
        if seq == segment.sealed.size:
            return
        if line[4:5] == b"q":
            event = line.index(b'"event":') + len(b'"event":')
            if line.startswith(ERASED, event):
                erasures[seq] = read_erasure(seq, line[event : -HASH_FIELD_BYTES - 1])
            commitments = commitments_in(line[event : -HASH_FIELD_BYTES - 1])
            if commitments:
                yield seq, commitments
            seq += 1


def check_signatures(file: BinaryIO, segment: Segment, agents: Agents) -> Iterator[bool]:
    """The sealed entries of a checked segment: for each signed one whether its key is known."""
    file.seek(0)
    seq = segment.number
    for line in pieces(file):
        if seq == segment.sealed.size:
            return
        if line[4:5] == b"q":
            event = line.index(b'"event":') + len(b'"event":')
            try:
                checked = agents.take(line[event : -HASH_FIELD_BYTES - 1])
            except ValueError as error:
                raise Finding("tampered", seq, f"what an agent signed: {error}") from None
            if checked is not None:
                yield checked
            seq += 1


def unique(pairs: Any) -> Dict[str, Any]:
    """An object's members by name; ValueError if it is none, or readers could take two ways."""
    members = dict(pairs) if isinstance(pairs, tuple) else {}
    if not isinstance(pairs, tuple) or len(members) != len(pairs):
        raise ValueError("not an object with a name for each member")
    return members


def commitment_to(name: str, content: Any) -> str:
    """The commitment to a content as it lies there (content 1 and 2); ValueError if malformed."""
    members = unique(content)
    salt = members.get("salt")
    kinds = [kind for kind in ("text", "base64") if kind in members]
    if not isinstance(salt, str) or not HASH_TEXT.fullmatch(salt) or len(kinds) != 1:
        raise ValueError("a content is a salt, and one of text and base64")
    if len(members) > 2:
        raise ValueError("a content has nothing else")
    stored = members[kinds[0]]
    if not isinstance(stored, str):
        raise ValueError("a content is a string")
    value = stored.encode() if kinds[0] == "text" else decode_base64(stored)
    if value is None:
        raise ValueError("malformed base64")
    message = b"stele/content/v1\x00" + name.encode() + b"\x00" + value
    return hmac.new(bytes.fromhex(salt), message, hashlib.sha256).hexdigest()


def read_tombstones(pairs: Any) -> Dict[str, int]:
    """The numbers of the entries that say that contents were erased; ValueError if malformed."""
    erased = unique(pairs)
    if not all(is_whole(by) and 0 <= by <= MAX_NUMBER for by in erased.values()):
        raise ValueError("an erased content names no entry")
    return {name: int(by) for name, by in erased.items()}


class ContentLine(NamedTuple):
    """The entry that a line says it is of, what its contents would be committed to, and which
    entries say of which contents that they were erased. None for what is malformed (content 2, 4)."""

    seq: Optional[int] = None
    contents: Optional[Commitments] = None
    erased: Dict[str, int] = {}


def parse_content_line(line: bytes) -> ContentLine:
    if not line.endswith(b"\n"):
        cut = CUT_LINE_NUMBER.match(line)
        return ContentLine(int(cut[1]) if cut else None)
    try:
        pairs = parse_json(line.decode(), pairs=True)
    except ValueError:
        return ContentLine()
    seq = dict(pairs).get("seq") if isinstance(pairs, tuple) else None
    if not is_whole(seq) or not 0 <= seq <= MAX_NUMBER:
        return ContentLine()
    try:
        members = unique(pairs)
        if not members.keys() <= {"seq", "content", "erased"}:
            return ContentLine(int(seq))
        contents = unique(members.get("content"))
        erased = read_tombstones(members.get("erased", ()))
        if contents.keys() & erased.keys():
            return ContentLine(int(seq))
        commitments = {name: commitment_to(name, value) for name, value in contents.items()}
        return ContentLine(int(seq), commitments, erased)
    except ValueError:
        return ContentLine(int(seq))


class Wanted:
    """The contents that sealed entries name and that were not found yet.

    The entries are read no further than to the entry that is asked for. Content lines come in the
    same order, so little is kept here unless contents are missing.
    """

    def __init__(self, named: Iterator[Tuple[int, Commitments]]):
        self.named = named
        self.read_up_to = -1
        self.open: Dict[int, Commitments] = {}

    def read_next(self) -> None:
        seq, commitments = next(self.named, (MAX_NUMBER, {}))
        self.read_up_to = seq
        if commitments:
            self.open[seq] = commitments

    def take(self, seq: int, name: str) -> Optional[str]:
        """The commitment of an entry to a content, which is found with this."""
        while self.read_up_to < seq:
            self.read_next()
        commitments = self.open.get(seq, {})
        commitment = commitments.pop(name, None)
        if not commitments:
            self.open.pop(seq, None)
        return commitment

    def first(self) -> Optional[int]:
        """The first entry whose contents were not all found yet."""
        if not self.open:
            self.read_next()
        return next(iter(self.open), None)


CONTENT_ATTEMPTS = 3


class ErasedContent(NamedTuple):
    seq: int
    name: str
    by: int


def check_contents(
    file: BinaryIO, wanted: Wanted, sealed_size: int
) -> Iterator[Optional[ErasedContent]]:
    """One content segment: None for each content that matches, else what is said to be erased,
    until a finding (content 4)."""
    before = -1
    for line in iter(lambda: file.readline(MAX_CONTENT_LINE_BYTES), b""):
        number, contents, erased = parse_content_line(line)
        seq = wanted.first() if number is None else number
        if seq is None or seq >= sealed_size:
            break
        if contents is None:
            raise Finding("corrupt", seq, "a line of contents is malformed")
        if seq <= before:
            raise Finding("tampered", seq, "contents do not stand in the order of their entries")
        before = seq
        for name, commitment in contents.items():
            if wanted.take(seq, name) != commitment:
                raise Finding("tampered", seq, "a content is not what the entry commits to")
            yield None
        for name, by in erased.items():
            if wanted.take(seq, name) is None:
                raise Finding("tampered", seq, "a content is said to be erased, and was never there")
            yield ErasedContent(seq, name, by)
    missing = wanted.first()
    if missing is not None:
        raise Finding("tampered", missing, "contents of the entry are missing")


# ---- What is read before a journal is checked (ledger 1, verdict 3) ------------------------------

SEGMENT_NAME = re.compile(r"([0-9]{20})\.jsonl")


def parse_manifest(data: bytes) -> Key:
    """Any JSON spelling; further members do not matter (ledger 1)."""
    value = parse_json(data.decode())
    if len(data) > MAX_MANIFEST_BYTES or not isinstance(value, dict):
        raise ValueError("not a JSON object")
    number, bytes_max = value.get("stele"), value.get("segmentBytes", 1024)
    if is_number(number) and number > FORMAT:
        message = "the journal is of a newer format; use a verifier that knows it"
        raise CannotJudge("JOURNAL_NEWER_FORMAT", message)
    if not is_number(number) or number != FORMAT:
        raise ValueError("not format 1")
    if not is_whole(bytes_max) or not 1024 <= bytes_max <= 2**36:
        raise ValueError("segmentBytes is out of its range")
    rotate_ms = value.get("rotateKeyEveryMs", 60_000)
    if not is_whole(rotate_ms) or not 60_000 <= rotate_ms <= MAX_NUMBER:
        raise ValueError("rotateKeyEveryMs is out of its range")
    key = Key(value.get("publicKey"))
    if value.get("origin") != key.name:
        raise ValueError("the origin is not the name of the key")
    return key


def read_manifest(directory: str) -> Key:
    """The journal's first key by its own account (ledger 1, verdict 3, step 1)."""
    if not os.path.isdir(directory):
        raise CannotJudge("JOURNAL_MISSING", f"there is no directory {directory}; check the path")
    path = os.path.join(directory, "stele.json")
    if not os.path.exists(path):
        message = f"{directory} has no stele.json, so it is no journal; check the path"
        raise CannotJudge("JOURNAL_NOT_A_JOURNAL", message)
    try:
        return parse_manifest(read_file(path, MAX_MANIFEST_BYTES))
    except ValueError as error:
        message = f"stele.json is malformed: {error}; restore it from a copy"
        raise CannotJudge("MANIFEST_MALFORMED", message) from None


def read_key(vkey: str, kinds: Sequence[bytes] = JOURNAL_KEYS) -> Key:
    """A key that the caller names."""
    try:
        return Key(vkey, kinds)
    except ValueError as error:
        message = f"{vkey} is {error}; check that it was copied whole"
        raise CannotJudge("KEY_MALFORMED", message) from None


def read_witnesses(vkeys: Sequence[str]) -> Policy:
    for vkey in vkeys:
        read_key(vkey, [COSIGNATURE])
    return any_of(vkeys)


def read_policy(path: str) -> Policy:
    try:
        return parse_policy(read_file(path, 4 * MAX_POLICY_LENGTH).decode())
    except ValueError as error:
        raise CannotJudge("POLICY_MALFORMED", f"{path} is no policy: {error}") from None


def read_beside(directory: str, name: str, limit: int) -> Optional[bytes]:
    """A file of the journal, if it is there; of a longer one, one byte more than the limit."""
    try:
        return read_file(os.path.join(directory, name), limit)
    except FileNotFoundError:
        return None


def list_segments(directory: str) -> List[int]:
    """The numbers in the segments' names, ascending. Other names do not matter (ledger 1)."""
    try:
        names = os.listdir(os.path.join(directory, "ledger"))
    except FileNotFoundError:
        return []
    matches = [SEGMENT_NAME.fullmatch(name) for name in names]
    numbers = sorted(int(match[1]) for match in matches if match)
    return [number for number in numbers if number <= MAX_NUMBER]


def segment_path(directory: str, folder: str, number: int) -> str:
    return os.path.join(directory, folder, f"{number:020}.jsonl")


def last_key_change(path: str, origin: str) -> Optional[KeyChange]:
    """What the last line but one states, if the last one is a seal. Only their form is looked at
    (keys 5, step 1)."""
    with open(path, "rb") as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - 2 * (MAX_LINE_BYTES + 1)))
        lines = file.read().split(b"\n")
    seal = note_in(lines[-2]) if len(lines) >= 3 and lines[-1] == b"" else None
    parts = split_entry(lines[-3]) if seal and parse_checkpoint(seal.text) else None
    event = parts[0].partition(b',"event":')[2][:-1] if parts else b""
    try:
        return read_key_change(event, 0, origin)
    except ValueError:
        return None


def key_id_of_first_seal(path: str) -> Optional[bytes]:
    """The one on the first signature line of the first seal (verdict 3, step 4)."""
    with open(path, "rb") as file:
        for line in pieces(file):
            if line[4:5] == b"a":
                note = note_in(line[:-1])
                return note.signatures[0][1] if note else None
    return None


def first_recovery_key(path: str, origin: str) -> Optional[Key]:
    """The one that entry 0 names, unchecked."""
    with open(path, "rb") as file:
        file.readline(MAX_LINE_BYTES + 1)
        parts = split_entry(file.readline(MAX_LINE_BYTES + 1)[:-1])
    leaf = parse_leaf(parts[0]) if parts else None
    try:
        return read_recovery_key(leaf.event, leaf.seq, origin) if leaf else None
    except ValueError:
        return None


class Evidence(NamedTuple):
    """A checkpoint of this journal, and which of the pinned witnesses countersigned it."""

    note: Note
    checkpoint: Checkpoint
    witnessed: Optional[Witnessed]


def read_evidence(data: bytes, origin: str, policy: Policy) -> Optional[Evidence]:
    """DIR/checkpoint; None if it is no evidence (verdict 3, step 9.1)."""
    note = parse_note(data)
    checkpoint = parse_checkpoint(note.text) if note else None
    if note is None or checkpoint is None or checkpoint.origin != origin:
        return None
    try:
        return Evidence(note, checkpoint, policy.witnessed(note))
    except Spoilt:
        return None


def read_kept(path: str, origin: str, keys: Set[Key], policy: Policy) -> Evidence:
    """The checkpoint that the caller kept (verdict 3, step 5)."""
    note = parse_note(read_file(path, MAX_NOTE_BYTES))
    if note is None:
        message = f"{path} is no signed note; check that it was copied whole"
        raise CannotJudge("NOTE_MALFORMED", message)
    try:
        witnessed = policy.witnessed(note)
    except Spoilt as error:
        raise CannotJudge("NOTE_UNVERIFIED", f"{path}: {error}") from None
    signers = [key for key in keys if signatures_of(note, key)]
    if not all(is_signed_by(note, key) for key in signers) or not (signers or witnessed):
        raise CannotJudge("NOTE_UNVERIFIED", f"{path} is not signed by a key of the journal")
    checkpoint = parse_checkpoint(note.text)
    if checkpoint is None or checkpoint.origin != origin:
        raise CannotJudge("CHECKPOINT_MALFORMED", f"{path} is no checkpoint of this journal")
    return Evidence(note, checkpoint, witnessed)


# ---- Proofs (proofs 5 to 7) ----------------------------------------------------------------------

PROOF_HEADER = b"c2sp.org/tlog-proof@v1\n"
PROOF_HEAD = re.compile(
    rb"(?:extra ([A-Za-z0-9+/=]+)\n)?index (0|[1-9][0-9]{0,15})\n((?:[A-Za-z0-9+/=]+\n)*)\n"
)
REQUEST_HEAD = re.compile(rb"old (0|[1-9][0-9]{0,15})\n((?:[A-Za-z0-9+/=]+\n)*)\n")
# A JSON text takes two bytes for each newline or quote of a proof, and some for the rest.
MAX_EXTRACT_LINE_BYTES = 2 * MAX_PROOF_BYTES + 100


def parse_hashes(lines: bytes) -> List[bytes]:
    hashes = [decode_base64(line) for line in lines.decode().split("\n")[:-1]]
    if len(hashes) > MAX_PROOF_HASHES or any(hash is None or len(hash) != 32 for hash in hashes):
        raise ValueError("a line that should be a hash is none, or there are too many")
    return [hash for hash in hashes if hash is not None]


class TlogProof(NamedTuple):
    """Any C2SP tlog-proof; the checkpoint is as it was published."""

    extra: Optional[bytes]
    index: int
    hashes: List[bytes]
    checkpoint: bytes


def parse_tlog_proof(data: bytes) -> TlogProof:
    """Proofs 5; ValueError if it is none."""
    if len(data) > MAX_PROOF_BYTES or not data.startswith(PROOF_HEADER):
        raise ValueError("not a tlog-proof")
    match = PROOF_HEAD.match(data, len(PROOF_HEADER))
    if match is None or int(match[2]) > MAX_NUMBER:
        raise ValueError("not the lines of a tlog-proof")
    extra = decode_base64(match[1].decode()) if match[1] else None
    if match[1] and extra is None:
        raise ValueError("the extra line is not base64")
    return TlogProof(extra, int(match[2]), parse_hashes(match[3]), data[match.end() :])


class Signed(NamedTuple):
    """A checkpoint with its signatures."""

    note: Note
    checkpoint: Checkpoint


def parse_signed(data: bytes) -> Signed:
    note = parse_note(data)
    checkpoint = parse_checkpoint(note.text) if note else None
    if note is None or checkpoint is None:
        raise ValueError("not a signed checkpoint")
    return Signed(note, checkpoint)


class EntryProof(NamedTuple):
    """A proof file of Stele: an entry, its checkpoint, and the key changes before (proofs 6)."""

    index: int
    hashes: List[bytes]
    leaf_bytes: bytes
    leaf: Leaf
    signed: Signed
    changes: List["EntryProof"]

    def holds_under(self, key: Key) -> bool:
        checkpoint = self.signed.checkpoint
        tree = (checkpoint.size, checkpoint.root)
        return (
            checkpoint.origin == key.name
            and self.leaf.seq == self.index
            and check_inclusion(hash_leaf(self.leaf_bytes), self.index, tree, self.hashes)
            and is_signed_by(self.signed.note, key)
        )

    def key_change(self) -> Optional[KeyChange]:
        try:
            return read_key_change(self.leaf.event, self.index, self.signed.checkpoint.origin)
        except ValueError:
            return None

    def recovery_key(self) -> Optional[Key]:
        try:
            return read_recovery_key(self.leaf.event, self.index, self.signed.checkpoint.origin)
        except ValueError:
            return None


def parse_entry_proof(data: bytes, with_changes: bool = True) -> EntryProof:
    """Proofs 6, up to the check; ValueError if it is none."""
    proof = parse_tlog_proof(data)
    text = (proof.extra or b"").decode()
    value = parse_json(text)
    if not isinstance(value, dict) or list(value) != ["leaf", "keys"] or to_json(value) != text:
        raise ValueError("the extra line does not carry an entry and key changes")
    leaf_text, keys = value["leaf"], value["keys"]
    if not isinstance(leaf_text, str) or not isinstance(keys, list):
        raise ValueError("the extra line does not carry an entry and key changes")
    if keys and not (with_changes and all(isinstance(key, str) for key in keys)):
        raise ValueError("a key change is a proof without key changes")
    leaf = parse_leaf(leaf_text.encode())
    if leaf is None:
        raise ValueError("what the extra line carries is not an entry")
    changes = [parse_entry_proof(key.encode(), with_changes=False) for key in keys]
    signed = parse_signed(proof.checkpoint)
    return EntryProof(proof.index, proof.hashes, leaf_text.encode(), leaf, signed, changes)


class Way(NamedTuple):
    """Where key changes lead, from which entry on that key may speak, and the recovery key."""

    key: Key
    start: int
    recovery: Optional[Key]


def follow_changes(changes: List[EntryProof], pinned: Key, is_whole: bool = True) -> Way:
    """Proofs 6, steps 2 and 3; Unproven if they lead nowhere."""
    recovery: Optional[Key] = None
    if changes and is_whole:
        recovery = changes[0].recovery_key()
        if recovery is not None and (recovery == pinned or not changes[0].holds_under(pinned)):
            raise Unproven("the proof of entry 0, which names the recovery key, does not hold")
        changes = changes[1:] if recovery is not None else changes
    key, start, before = pinned, 0, {pinned, recovery}
    for each in changes:
        change = each.key_change()
        if change is None:
            raise Unproven("a key change on the way is none")
        signer = recovery if change.reason == "lost" else key
        if signer is None or not each.holds_under(signer):
            raise Unproven(f"the change of key in entry {each.index} is not by the key that is due")
        if each.index != each.signed.checkpoint.size - 1 or each.index < start:
            raise Unproven(f"the change of key in entry {each.index} does not end an epoch")
        if key.kind != ED25519 or change.key in before:
            raise Unproven(f"entry {each.index} names a key that cannot be named")
        key, start = change.key, each.signed.checkpoint.size
        before.add(key)
    return Way(key, start, recovery)


# ---- What is left of dropped entries (retention 3 and 5) -----------------------------------------

ANNOUNCEMENT = re.compile(
    r'\{"first":([0-9]{1,16}),"from":([0-9]{1,16})'
    r'(?:,"agents":\{"from":([0-9]{1,16}),"count":([0-9]{1,16})\})?\}'
)


class KeptAgents(NamedTuple):
    """What pruned.jsonl has of dropped entries about agents' keys: their lines, not yet checked."""

    cut: int
    start: int
    count: int
    lines: List[bytes]


class KeptPast(NamedTuple):
    """What pruned.jsonl has; an attribute that is missing or malformed is empty."""

    is_there: bool = False
    proofs: List[EntryProof] = []
    agents: Optional[KeptAgents] = None


def read_kept_past(directory: str, first: int) -> KeptPast:
    """What pruned.jsonl has of the entries before the first."""
    data = read_beside(directory, "pruned.jsonl", 2**31)
    if data is None:
        return KeptPast()
    try:
        beginning, *lines, end = data.decode().split("\n")
        match = ANNOUNCEMENT.fullmatch(beginning)
        numbers = [int(each) for each in match.groups() if each is not None] if match else []
        if end != "" or not numbers or any(number > MAX_NUMBER for number in numbers):
            return KeptPast()
        are_kept = len(numbers) == 4
        entries = [line.encode() for line in lines if are_kept and line.startswith('{"seq":')]
        lines = [line for line in lines if not (are_kept and line.startswith('{"seq":'))]
        values = [parse_json(line) for line in lines]
    except ValueError:
        return KeptPast()
    texts = [value.get("proof") if isinstance(value, dict) else None for value in values]
    for text, line in zip(texts, lines):
        if not isinstance(text, str) or to_json({"proof": text}) != line:
            return KeptPast()
    agents = KeptAgents(numbers[0], numbers[2], numbers[3], entries) if are_kept else None
    try:
        proofs = [parse_entry_proof(text.encode()) for text in texts if isinstance(text, str)]
    except ValueError:
        return KeptPast(True, [], agents)
    return KeptPast(True, [proof for proof in proofs if proof.index < first], agents)


class KeptEntry(NamedTuple):
    """A dropped entry about agents' keys."""

    seq: int
    leaf_hash: bytes
    event: bytes


def read_kept_entries(kept: KeptAgents) -> List[KeptEntry]:
    """Retention 5, step 2: well-formed, in order and as many as is said; ValueError if not."""
    entries = []
    before = -1
    for line in kept.lines:
        parts = split_entry(line)
        leaf = parse_leaf(parts[0]) if parts else None
        leaf_hash = hash_leaf(parts[0]) if parts else b""
        if parts is None or leaf is None or leaf_hash.hex().encode() != parts[1]:
            raise ValueError("one is not the entry that it was")
        if not max(before + 1, kept.start) <= leaf.seq < kept.cut:
            raise ValueError("they are not in order")
        if not leaf.event.startswith(b'{"type":"stele.agent",'):
            raise ValueError(f"entry {leaf.seq} names no agent's key")
        before = leaf.seq
        entries.append(KeptEntry(leaf.seq, leaf_hash, leaf.event))
    if len(entries) != kept.count:
        raise ValueError(f"there are {len(entries)}, not {kept.count}")
    return entries


def read_leaf_tile(directory: str, index: int, width: int) -> Optional[bytes]:
    """The first hashes of a tile of level 0: of the full one, or of the widest partial one."""
    path = os.path.join(directory, *tile_path(0, index).split("/"))
    if os.path.isfile(path) and os.path.getsize(path) == 32 * TILE_WIDTH:
        return read_file(path, 32 * TILE_WIDTH)[: 32 * width]
    names = os.listdir(f"{path}.p") if width < TILE_WIDTH and os.path.isdir(f"{path}.p") else []
    widths = [int(name) for name in names if re.fullmatch(r"[1-9][0-9]{0,2}", name)]
    widest = max((each for each in widths if each < TILE_WIDTH), default=0)
    if widest < width:
        return None
    data = read_file(os.path.join(f"{path}.p", str(widest)), 32 * TILE_WIDTH)
    return data[: 32 * width] if len(data) == 32 * widest else None


def pruned_hashes(directory: str, first: int) -> Iterator[bytes]:
    """The leaf hashes of the entries before the first one that is kept."""
    for start in range(0, first, TILE_WIDTH):
        data = read_leaf_tile(directory, start // TILE_WIDTH, min(TILE_WIDTH, first - start))
        if data is None:
            raise Finding("corrupt", start, "the hashes of pruned entries are missing")
        for at in range(0, len(data), 32):
            yield data[at : at + 32]


# ---- The check of a journal (verdict 3, keys 5) --------------------------------------------------


class Epoch(NamedTuple):
    """A key, and the size up to which its seals go; None for the last one."""

    key: Key
    end: Optional[int]


def check_link(header: Header, state: State) -> None:
    """A segment begins with what the one before it ends with (verdict 3, step 7.2)."""
    if header.first > state.size:
        raise Finding("tampered", state.size, "a segment is missing")
    if header != (state.size, state.last_hash, state.frontier):
        reason = "the segment does not continue the one before it"
        raise Finding("tampered", header.first, reason)


@dataclass
class Check:
    """One check of a journal, and all that it has found out so far."""

    directory: str
    own: Key  # the manifest's
    pinned: Optional[Key]
    policy: Policy
    max_age: Optional[timedelta]
    watch: Watch
    published_bytes: Optional[bytes] = None
    head_bytes: Optional[bytes] = None
    published: Optional[Evidence] = None
    kept: Optional[Evidence] = None
    is_anothers: bool = False
    named: Set[Key] = field(default_factory=set)  # every key that the journal names
    epochs: List[Epoch] = field(default_factory=list)
    losses: Set[int] = field(default_factory=set)  # the sizes whose seals are by the recovery key
    recovery: Optional[Key] = None
    sealers: Set[Key] = field(default_factory=set)
    state: State = field(default_factory=State)
    unsealed_entries: int = 0
    unsealed_bytes: int = 0
    contents_checked: int = 0
    contents_absent: int = 0
    contents_erased: int = 0
    contents_unerased: int = 0
    # By the entry that says it and the content's name: the entries whose content is gone.
    tombstones: Dict[Tuple[int, str], List[int]] = field(default_factory=dict)
    erasures: Erasures = field(default_factory=dict)
    signatures_checked: int = 0
    signatures_unchecked: int = 0
    agents: Optional[Agents] = None
    finding: Optional[Finding] = None
    first: int = 0  # the first entry that is kept
    is_announced: bool = False
    proofs: List[EntryProof] = field(default_factory=list)
    kept_agents: Optional[KeptAgents] = None
    begin: Optional[Header] = None  # of the first segment, when others came before it
    past: Union[State, Finding] = field(default_factory=State)
    cuts: List[NamedCut] = field(default_factory=list)

    def run(self, checkpoint_path: Optional[str]) -> None:
        """Verdict 3, steps 3 to 11."""
        self.published_bytes = read_beside(self.directory, "checkpoint", MAX_NOTE_BYTES)
        self.head_bytes = read_beside(self.directory, "head", 64)
        numbers = list_segments(self.directory)
        self.find_keys(numbers)
        if self.published_bytes is not None:
            self.published = read_evidence(self.published_bytes, self.own.name, self.policy)
        if checkpoint_path is not None:
            keys = self.named | ({self.pinned} if self.pinned else set())
            self.kept = read_kept(checkpoint_path, self.own.name, keys, self.policy)
        if self.pinned and self.pinned.name != self.own.name:
            reason = f"the journal is {self.own.name}, the key is that of {self.pinned.name}"
            self.finding = Finding("wrong-key", 0, reason)
            return
        if self.own.kind == HMAC:  # it verifies nothing without its secret
            self.own.secret = find_secret(self.own)
        self.watch.sizes.update(e.checkpoint.size for e in (self.kept, self.published) if e)
        try:
            self.check_everything(numbers)
        except Finding as finding:
            self.finding = finding
        if self.is_anothers:
            self.judge_anothers()

    def find_keys(self, numbers: List[int]) -> None:
        """Verdict 3, steps 3 and 4: the keys that the journal names, and the one to begin with."""
        paths = [segment_path(self.directory, "ledger", number) for number in numbers]
        changes = [last_key_change(path, self.own.name) for path in paths]
        self.first = numbers[0] if numbers else 0
        if self.first > 0:
            past = read_kept_past(self.directory, self.first)
            self.is_announced, self.proofs, self.kept_agents = past
            self.watch.sizes |= {proof.signed.checkpoint.size for proof in self.proofs}
            self.watch.sizes.add(self.first)
            self.watch.tiles.cut = self.first
        changes = [proof.key_change() for proof in self.proofs] + changes
        self.named = {self.own} | {change.key for change in changes if change}
        first = self.own
        if self.pinned and self.pinned not in self.named:
            if self.key_id_of_oldest_seal(paths) == self.pinned.id:
                first = self.pinned
            else:
                self.is_anothers = True
        self.epochs = [Epoch(first, None)]
        recovery = first_recovery_key(paths[0], self.own.name) if numbers[:1] == [0] else None
        recovery = self.proofs[0].recovery_key() if self.proofs else recovery
        if recovery is not None:
            self.named.add(recovery)

    def key_id_of_oldest_seal(self, paths: List[str]) -> Optional[bytes]:
        """Verdict 3, step 4; retention 5, step 1."""
        if self.proofs:
            return self.proofs[0].signed.note.signatures[0][1]
        has_first = bool(paths) and (self.first == 0 or self.is_announced)
        return key_id_of_first_seal(paths[0]) if has_first else None

    def begin_behind_cut(self) -> None:
        """Retention 5, step 2, and what step 3 needs."""
        try:
            way = follow_changes(self.proofs, self.epochs[0].key)
        except Unproven as error:
            raise Finding("tampered", 0, f"the keys that were pruned: {error}") from None
        if self.proofs and self.proofs[-1].signed.checkpoint.size > self.first:
            raise Finding("tampered", 0, "the keys that were pruned end behind the cut")
        for proof in self.proofs:
            change = proof.key_change()
            if change is None:
                self.sealers.add(self.epochs[-1].key)
                continue
            if change.reason == "lost":
                self.losses.add(proof.signed.checkpoint.size)
            else:
                self.sealers.add(self.epochs[-1].key)
            self.epochs[-1] = Epoch(self.epochs[-1].key, proof.signed.checkpoint.size)
            self.epochs.append(Epoch(change.key, None))
        self.recovery = way.recovery
        entries = self.begin_with_agents()
        self.past = State()
        wrong = None
        try:
            for leaf_hash in pruned_hashes(self.directory, self.first):
                if entries.get(self.past.size, leaf_hash) != leaf_hash:
                    wrong = self.past.size if wrong is None else wrong
                self.past.append(leaf_hash, None)
                self.watch.pass_by(self.past)
        except Finding as finding:
            self.past, self.watch.tiles.are_there = finding, False
            return
        if wrong is not None:
            raise Finding("tampered", 0, f"the tiles have another entry {wrong} about agents' keys")

    def begin_with_agents(self) -> Dict[int, bytes]:
        """Retention 5, step 2: the agents' keys of dropped entries; the hashes of those entries."""
        kept = self.kept_agents
        start = kept.start if kept else self.first
        self.agents = Agents(self.own.name, start > 0)
        try:
            entries = read_kept_entries(kept) if kept else []
            for entry in entries:
                agents = self.agents if entry.seq < self.first else Agents(self.own.name, False)
                agents.change(entry.event)
        except ValueError as error:
            reason = f"what was kept of agents' keys: {error}"
            raise Finding("tampered", 0, reason) from None
        return {entry.seq: entry.leaf_hash for entry in entries}

    def check_agents(self) -> None:
        """Retention 5, step 5: as the sealed entry that names the cut has it."""
        enough = [cut for cut in self.cuts if cut.first >= self.first]
        cut = min(enough, key=lambda cut: (cut.first, cut.seq))
        start, count = cut.agents or (self.first, 0)
        kept = read_kept_entries(self.kept_agents) if self.kept_agents else []
        if sum(start <= entry.seq < cut.first for entry in kept) != count:
            raise Finding("tampered", 0, "what was kept of agents' keys is not what was dropped")
        known = self.kept_agents.start if self.kept_agents else self.first
        if self.signatures_unchecked > 0 and min(known, self.first) > start:
            raise Finding("tampered", 0, "the dropped entries about agents' keys are missing")

    def check_past(self) -> None:
        """Retention 5, step 6."""
        if self.first > 0:
            self.check_agents()
        if isinstance(self.past, Finding):
            raise self.past
        if self.first == 0:
            return
        if self.begin != (self.past.size, self.past.last_hash, self.past.frontier):
            raise Finding("corrupt", 0, "the tiles do not hold the hashes of the pruned entries")
        for proof in self.proofs:
            size, root = proof.signed.checkpoint.size, proof.signed.checkpoint.root
            if size > self.first or self.watch.roots.get(size) != root:
                raise Finding("tampered", 0, "the hashes are not those that an earlier key sealed")
        wrong = self.watch.tiles.first_pruned_wrong()
        if wrong is not None:
            raise wrong

    def require_cut(self) -> None:
        """Retention 5, step 4."""
        if self.first == 0 or any(cut.first >= self.first for cut in self.cuts):
            return
        named = max((cut.first for cut in self.cuts), default=0)
        self.finding = Finding("tampered", named, "the first segments are missing")
        self.state, self.unsealed_entries, self.unsealed_bytes = State(), 0, 0
        self.contents_checked = self.contents_absent = 0
        self.signatures_checked = self.signatures_unchecked = 0
        raise self.finding

    def check_everything(self, numbers: List[int]) -> None:
        """Verdict 3, steps 6 to 10. The first finding ends it."""
        if not numbers:
            raise Finding("tampered", 0, "there is no segment")
        self.watch.pass_by(self.state)
        if self.first > 0:
            self.begin_behind_cut()
        try:
            for number in numbers:
                self.check_segment(number, number == numbers[-1])
        except Finding:
            if not self.is_announced and self.state.size >= self.first:
                self.require_cut()
            raise
        self.require_cut()
        self.check_past()
        if any(by >= self.state.size for by, _ in self.tombstones):
            self.add_later_erasures(numbers[-1])
        self.check_tombstones()
        if self.pinned and self.state.size > 0 and self.pinned not in self.sealers:
            raise Finding("re-signed", 0, "the pinned key sealed nothing of this journal")
        self.compare_published()
        self.watch.tiles.check_names(self.state.size)
        self.compare_kept()
        self.check_age()
        self.count_unerased(numbers)

    def check_segment(self, number: int, is_last: bool) -> None:
        """Verdict 3, step 7."""
        with open(segment_path(self.directory, "ledger", number), "rb") as file:
            header = read_header(file, number, self.own.name)
            if number == self.first > 0:
                self.begin = header
                self.state = State(header.first, header.last_hash, list(header.frontier))
            check_link(header, self.state)
            recovery = None if number == 0 else self.recovery
            keys = SegmentKeys(self.epochs[-1].key, recovery, number == 0)
            segment = check_segment(file, self.state, keys, self.watch)
            self.follow_key(segment)
            self.state, self.recovery = segment.sealed, keys.recovery
            self.sealers |= keys.sealers
            self.cuts += [cut for cut in keys.cuts if cut.seq < segment.sealed.size]
            self.unsealed_entries = segment.unsealed_entries
            self.unsealed_bytes = segment.length - segment.sealed_end
            last = judge_last(file, segment, self.head_bytes) if is_last else judge_closed(segment)
            contents = self.check_contents(
                number, lambda: entries_with_contents(file, segment, self.erasures)
            )
            signed = self.check_signatures(file, segment)
        tile = self.watch.tiles.first_wrong(self.state.size)
        findings = [finding for finding in (last, contents, tile, signed) if finding]
        if findings:
            raise min(findings, key=lambda finding: finding.seq)

    def follow_key(self, segment: Segment) -> None:
        """Keys 5, steps 3 and 4."""
        change = segment.key_change()
        if change is None:
            return
        if change.key in [epoch.key for epoch in self.epochs]:
            raise Finding("tampered", change.seq, "the entry names a key that was due before")
        self.epochs[-1] = Epoch(self.epochs[-1].key, segment.sealed.size)
        self.epochs.append(Epoch(change.key, None))
        if change.reason == "lost":
            self.losses.add(segment.sealed.size)

    def check_contents(
        self, number: int, name: Callable[[], Iterator[Tuple[int, Commitments]]]
    ) -> Optional[Finding]:
        """Verdict 3, step 7.6; without the directory, contents are only counted (content 4)."""
        if not os.path.isdir(os.path.join(self.directory, "content")):
            self.contents_absent += sum(len(commitments) for _, commitments in name())
            return None
        # A writer that erases replaces the file, and overwrites the one that is being read.
        for attempt in range(CONTENT_ATTEMPTS):
            checked, erased, finding = self.look_at_contents(number, name())
            if finding is None or attempt == CONTENT_ATTEMPTS - 1:
                break
        self.contents_checked += checked
        self.contents_erased += len(erased)
        for each in erased:
            self.tombstones.setdefault((each.by, each.name), []).append(each.seq)
        return finding

    def look_at_contents(
        self, number: int, named: Iterator[Tuple[int, Commitments]]
    ) -> Tuple[int, List[ErasedContent], Optional[Finding]]:
        """How many contents match, what is said to be erased, and what is wrong first."""
        path = segment_path(self.directory, "content", number)
        checked, erased = 0, []
        try:
            with open(path if os.path.exists(path) else os.devnull, "rb") as file:
                for each in check_contents(file, Wanted(named), self.state.size):
                    if each is None:
                        checked += 1
                    else:
                        erased.append(each)
        except Finding as finding:
            return checked, erased, finding
        return checked, erased, None

    def add_later_erasures(self, number: int) -> None:
        """What sealed entries that came during the check say was erased, from a segment on."""
        for later in list_segments(self.directory):
            if later < number:
                continue
            unsealed: Erasures = {}
            with open(segment_path(self.directory, "ledger", later), "rb") as file:
                for line in pieces(file):
                    if line.startswith(b'{"seal":"'):
                        self.erasures.update(unsealed)
                        unsealed = {}
                    parts = split_entry(line[:-1]) if line.startswith(b'{"seq":') else None
                    leaf = parse_leaf(parts[0]) if parts else None
                    if parts is None or leaf is None or leaf.seq < self.state.size:
                        continue
                    is_whole = hash_leaf(parts[0]).hex().encode() == parts[1]
                    if is_whole and leaf.event.startswith(ERASED):
                        unsealed[leaf.seq] = read_erasure(leaf.seq, leaf.event)

    def check_tombstones(self) -> None:
        """Content 4: each must be borne out by the sealed entry that it names."""
        nothing = Erasure()
        wrong = [
            seq
            for (by, name), seqs in self.tombstones.items()
            for seq in seqs
            if not self.erasures.get(by, nothing).covers(seq, name)
        ]
        if wrong:
            raise Finding("tampered", min(wrong), "a content is missing, and no entry erased it")

    def count_unerased(self, numbers: List[int]) -> None:
        """Content 4: the contents that are there although a sealed entry says that they are gone."""
        erasures = [erasure for erasure in self.erasures.values() if erasure.starts]
        for number, end in zip(numbers, numbers[1:] + [MAX_NUMBER]):
            concern = [e for e in erasures if e.starts[0] < end and e.ends[-1] >= number]
            path = segment_path(self.directory, "content", number)
            if not concern or not os.path.exists(path):
                continue
            with open(path, "rb") as file:
                for line in iter(lambda: file.readline(MAX_CONTENT_LINE_BYTES), b""):
                    seq, contents, _ = parse_content_line(line)
                    for name in contents or ():
                        covered = seq is not None and any(e.covers(seq, name) for e in concern)
                        self.contents_unerased += covered

    def check_signatures(self, file: BinaryIO, segment: Segment) -> Optional[Finding]:
        """Verdict 3, step 7.8."""
        if self.agents is None:
            self.agents = Agents(self.own.name, False)
        try:
            for checked in check_signatures(file, segment, self.agents):
                self.signatures_checked += checked
                self.signatures_unchecked += not checked
        except Finding as finding:
            return finding
        return None

    def key_due_at(self, size: int) -> Optional[Key]:
        """Who has to sign a checkpoint of so many entries (keys 5)."""
        if size in self.losses:
            return self.recovery
        return next(e.key for e in self.epochs if e.end is None or size <= e.end)

    def has_root_of(self, evidence: Evidence) -> bool:
        size, root = evidence.checkpoint.size, evidence.checkpoint.root
        return size <= self.state.size and self.watch.roots.get(size) == root

    def compare_published(self) -> None:
        """Verdict 3, step 9."""
        size, evidence = self.state.size, self.published
        if self.published_bytes is None:
            return
        if evidence is None:
            raise Finding("corrupt", size, "the file checkpoint is no checkpoint of this journal")
        if evidence.checkpoint.size > size:
            first = Note(evidence.note.text, evidence.note.signatures[:1])
            claimed = [key for key in self.named if key.id == first.signatures[0][1]]
            if not all(is_signed_by(first, key) for key in claimed):
                raise Finding("corrupt", size, "the file checkpoint has a wrong signature")
            raise Finding("truncated", size, "the file checkpoint is of more entries")
        due = self.key_due_at(evidence.checkpoint.size)
        if due is None or not is_signed_by(evidence.note, due):
            raise Finding("corrupt", size, "the file checkpoint is not by the key that is due")
        if not self.has_root_of(evidence):
            raise Finding("forked", 0, "the file checkpoint is of other entries")

    def compare_kept(self) -> None:
        """Verdict 3, step 10."""
        evidence = self.kept
        if evidence is None:
            return
        if evidence.checkpoint.size > self.state.size:
            reason = "the kept checkpoint is of more entries than there are"
            raise Finding("rolled-back", self.state.size, reason)
        if not self.has_root_of(evidence):
            raise Finding("forked", 0, "the kept checkpoint is of other entries")
        keys = self.named | {self.pinned or self.own}
        is_signed = any(signatures_of(evidence.note, key) for key in keys)
        due = self.key_due_at(evidence.checkpoint.size)
        if is_signed and (due is None or not is_signed_by(evidence.note, due)):
            raise Finding("re-signed", 0, "the kept checkpoint is by another key than is due there")

    def check_age(self) -> None:
        """Verdict 3, step 10."""
        if self.max_age is None:
            return
        witnessed = [e.witnessed.seconds for e in (self.kept, self.published) if e and e.witnessed]
        if not witnessed or time.time() - max(witnessed) > self.max_age.total_seconds():
            anchor = self.anchor()
            size = anchor.checkpoint.size if anchor else 0
            raise Finding("stale", size, "witnesses saw nothing of the journal for too long")

    def judge_anothers(self) -> None:
        """Verdict 3, step 11."""
        same = self.kept is not None and self.has_root_of(self.kept)
        if self.kept and self.pinned and same and is_signed_by(self.kept.note, self.pinned):
            self.finding = Finding("re-signed", 0, "the pinned key's entries, under other keys")
        else:
            self.finding = Finding("re-created", 0, "the journal began with another key")
        self.state, self.unsealed_entries, self.unsealed_bytes = State(), 0, 0
        self.contents_checked = self.contents_absent = self.contents_erased = 0
        self.contents_unerased = 0
        self.signatures_checked = self.signatures_unchecked = 0

    def anchor(self) -> Optional[Evidence]:
        """The evidence from outside that agrees, and covers the most (verdict 3, at the end)."""
        given = [self.kept] if self.kept else []
        if self.published and self.published.witnessed:
            given.append(self.published)
        good = [each for each in given if each.checkpoint.size > 0 and self.has_root_of(each)]
        return max(good, key=lambda e: (e.checkpoint.size, e.witnessed is not None), default=None)


def check_journal(options: argparse.Namespace) -> Check:
    """Verdict 3. The tiles are listed first: a writer may be at work, and writes them last."""
    pinned = read_key(options.key) if options.key is not None else None
    policy = read_policy(options.policy) if options.policy else read_witnesses(options.witness)
    if options.max_age is not None and not policy.witnesses:
        raise CannotJudge("OPTION_INVALID", "--max-age needs a witness")
    own = read_manifest(options.directory)
    watch = Watch({0}, TilesBeside(options.directory))
    check = Check(options.directory, own, pinned, policy, options.max_age, watch)
    check.run(options.checkpoint)
    return check


# ---- The answer about a journal (verdict 1, 2 and 4) ---------------------------------------------

MEANING = {
    "intact": "every line up to the last seal is what was sealed",
    "tampered": "well-formed lines are not those that were sealed",
    "corrupt": "there are bytes that are no ledger, or not what they are said to be",
    "truncated": "entries are missing at the end, as the journal itself says",
    "rolled-back": "entries are missing at the end, as the evidence from outside says",
    "forked": "a checkpoint is of this journal, and of another history",
    "re-signed": "a seal or checkpoint is by another key than the one that is due",
    "re-created": "the journal has the name of the pinned key, which sealed nothing of it",
    "wrong-key": "the pinned key is that of another journal",
    "stale": "all is well, but witnesses saw nothing of it for longer than you accept",
}


def utc(seconds: int) -> str:
    """As the times of entries are written; after the year 9999 only the seconds."""
    try:
        return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    except (ValueError, OverflowError, OSError):
        return f"{seconds} s after 1970"


def blind_spots(check: Check) -> Iterator[str]:
    """What this check cannot rule out (verdict 4, keys 9)."""
    anchor, recovery = check.anchor(), check.recovery
    anchored = anchor.checkpoint.size if anchor else 0
    behind = f" from {anchored} on" if anchored else ""
    if check.pinned is None and check.kept is None:
        yield "that the whole journal was replaced: its key was taken from itself"
    yield f"that entries{behind} were removed from the end with all their traces"
    if check.own.kind == HMAC:
        yield f"that anybody who can check this journal rewrote entries{behind}"
    else:
        # Whoever pins the present key believes its holder about everything before it (keys 6).
        is_present = check.pinned == check.epochs[-1].key
        start = max([anchored] + [epoch.end or 0 for epoch in check.epochs if not is_present])
        yield f"that a holder of the present key rewrote entries from {start} on"
        if start > anchored:
            yield f"that somebody kept an earlier key, and rewrote entries{behind} with it"
        if recovery is not None:
            yield f"that a holder of the recovery key rewrote entries from {max(1, anchored)} on"
    if anchor and anchor.witnessed and anchor is not check.kept:
        names = " or ".join(anchor.witnessed.names)
        yield f"that a key's holder and {names} together rewrote entries before {anchored}"
    if check.first > 0 and check.state.size >= check.first:
        yield f"that entries before {check.first}, of which only hashes are left, were malformed"
    if check.signatures_unchecked > 0:
        count = check.signatures_unchecked
        named = f"entries before {check.first} named their keys, if any did"
        yield f"that {count} signed events are not the agents': {named}"
    yield "that something was never recorded, or recorded wrongly by its writer"


def anchored_object(evidence: Evidence) -> Dict[str, Any]:
    witnessed = evidence.witnessed
    return {
        "size": evidence.checkpoint.size,
        "by": "witnesses" if witnessed else "checkpoint",
        "witnesses": witnessed.names if witnessed else [],
        "at": utc(witnessed.seconds) if witnessed else None,
    }


def unanchored_object(check: Check, anchored: int) -> Dict[str, Any]:
    """The entries that no evidence from outside covers, and when the first was recorded."""
    since = check.watch.times.get(anchored) if anchored < check.state.size else None
    return {"entries": check.state.size - anchored, "since": since}


def freshness(check: Check) -> str:
    given = [evidence for evidence in (check.kept, check.published) if evidence]
    if any(evidence.witnessed for evidence in given):
        return "witnessed"
    return "checkpoint" if check.kept else "none"


def pruned_object(check: Check) -> Optional[Dict[str, Any]]:
    """Retention 5, at the end."""
    if check.first == 0 or check.state.size < check.first:
        return None
    cuts = [cut for cut in check.cuts if cut.first >= check.first]
    cut = min(cuts, key=lambda each: (each.first, each.seq), default=None)
    return {
        "entries": check.first,
        "before": check.watch.times.get(check.first) if check.state.size > check.first else None,
        "at": cut.time if cut else None,
        "seq": cut.seq if cut else None,
        "reason": cut.reason if cut else None,
        "by": cut.by if cut else None,
    }


def verdict_object(check: Check) -> Dict[str, Any]:
    """The object of verdict 1."""
    finding, anchor = check.finding, check.anchor()
    return {
        "verdict": finding.verdict if finding else "intact",
        "size": check.state.size,
        "root": encode_base64(check.state.root()),
        "firstBad": {"seq": finding.seq, "reason": str(finding)} if finding else None,
        "unsealed": {"entries": check.unsealed_entries, "bytes": check.unsealed_bytes},
        "contents": {
            "checked": check.contents_checked,
            "absent": check.contents_absent,
            "erased": check.contents_erased,
            "unerased": check.contents_unerased,
        },
        "signatures": {
            "checked": check.signatures_checked,
            "unchecked": check.signatures_unchecked,
        },
        "pruned": pruned_object(check),
        "anchored": anchored_object(anchor) if anchor else None,
        "unanchored": unanchored_object(check, anchor.checkpoint.size if anchor else 0),
        "assurance": {
            "key": "pinned" if check.pinned else "self",
            "freshness": freshness(check),
            "sealedAt": check.state.last_time,
        },
        "cannotRuleOut": list(blind_spots(check)),
    }


def sentences(check: Check) -> Iterator[str]:
    """The same for people."""
    answer = verdict_object(check)
    yield f"{answer['verdict']}: {MEANING[answer['verdict']]}."
    if check.finding:
        yield f"The first finding is at entry {check.finding.seq}: {check.finding}."
    yield f"Sealed and checked: {check.state.size} entries, root {answer['root']}."
    if check.state.last_time:
        yield f"The last of them was recorded at {check.state.last_time}, by the writer's clock."
    if check.unsealed_bytes:
        sizes = f"{check.unsealed_bytes} bytes, with {check.unsealed_entries} good entries"
        yield f"Behind the last good seal, vouched for by nothing: {sizes}."
    if check.contents_checked or check.contents_absent:
        counts = f"{check.contents_checked} match their entries, {check.contents_absent} are absent"
        yield f"Contents: {counts}."
    if check.contents_erased:
        yield f"Contents: {check.contents_erased} were erased, as sealed entries say."
    if check.contents_unerased:
        yield f"Contents: {check.contents_unerased} are there that entries say were erased."
    if check.signatures_checked or check.signatures_unchecked:
        counts = f"{check.signatures_checked} are by keys that entries name"
        yield f"Events that agents signed: {counts}, {check.signatures_unchecked} not checked."
    pruned = answer["pruned"]
    if pruned:
        why = "" if pruned["reason"] is None else f", because: {pruned['reason']}"
        when = f" since {pruned['at']}, by entry {pruned['seq']}{why}" if pruned["at"] else ""
        yield f"Gone{when}: the first {pruned['entries']} entries; their hashes are left."
    source = "which you named" if check.pinned else "which was taken from the journal itself"
    yield f"Key: {(check.pinned or check.own).vkey}, {source}."
    for before, after in zip(check.epochs, check.epochs[1:]):
        yield f"From entry {before.end} on it was followed by {after.key.vkey}."
    anchored = answer["anchored"]
    if anchored:
        seen = f", by {' and '.join(anchored['witnesses'])} at {anchored['at']}"
        by = seen if anchored["witnesses"] else ", by a checkpoint that you kept"
        yield f"Shown from outside to be as they were: the first {anchored['size']} entries{by}."
    yield "This check cannot rule out:"
    for spot in answer["cannotRuleOut"]:
        yield f"- {spot}"


# ---- What proofs show (proofs 6 to 8) ------------------------------------------------------------


class Proven(NamedTuple):
    """What one checkpoint proves: by whose signature, and from which entry on that may count."""

    key: Key
    trust: str
    start: int
    cosignatures: List[Tuple[str, int]]


def cosignatures(note: Note, policy: Policy) -> List[Tuple[str, int]]:
    """Which of the witnesses countersigned, and when."""
    try:
        times = [(key.vkey, cosigned_at(note, key)) for key in policy.witnesses.values()]
    except Spoilt as error:
        raise Unproven(str(error)) from None
    return [(vkey, seconds) for vkey, seconds in times if seconds is not None]


def remaining_changes(proof: EntryProof, pinned: Key) -> List[EntryProof]:
    """Proofs 6, step 1: those behind the one that names the pinned key."""
    for number, each in enumerate(proof.changes):
        change = each.key_change()
        if change is not None and change.key == pinned:
            return proof.changes[number + 1 :]
    return proof.changes


def check_entry_proof(proof: EntryProof, pinned: Key, policy: Policy) -> Proven:
    """Proofs 6, "The check"; Unproven if it proves nothing."""
    changes = remaining_changes(proof, pinned)
    way = follow_changes(changes, pinned, len(changes) == len(proof.changes))
    key, start, recovery = way.key, way.start, way.recovery
    if proof.holds_under(key):
        trust = "pinned" if key == pinned else "changed"
    elif recovery is not None and proof.holds_under(recovery):
        key, trust = recovery, "recovery"
    else:
        raise Unproven(f"the proof of entry {proof.index} does not hold under {key.vkey}")
    if proof.index < start:
        raise Unproven(f"entry {proof.index} is older than the epoch of the key that proves it")
    return Proven(key, trust, start, cosignatures(proof.signed.note, policy))


def part_object(proof: EntryProof, proven: Proven, first: int) -> Dict[str, Any]:
    """What one checkpoint shows of the entries from the first to the one that is proven."""
    return {
        "from": first,
        "to": proof.index,
        "size": proof.signed.checkpoint.size,
        "root": encode_base64(proof.signed.checkpoint.root),
        **signature_object(proven.key, proven.trust, proven.cosignatures),
    }


def signature_object(key: Key, trust: str, cosigned: List[Tuple[str, int]]) -> Dict[str, Any]:
    times = [{"witness": vkey, "time": utc(seconds)} for vkey, seconds in cosigned]
    return {"key": key.vkey, "trust": trust, "cosignatures": times}


def evidence_object(pinned: Key, parts: List[Dict[str, Any]]) -> Dict[str, Any]:
    first, last = parts[0]["from"], parts[-1]["to"]
    return {
        "proven": True, "origin": pinned.name, "from": first, "to": last, "checkpoints": parts,
    }


@dataclass
class ExtractCheck:
    """Proofs 7, line by line."""

    pinned: Key
    policy: Policy
    first: Optional[int] = None  # the first entry behind the last proof line
    leaf_bytes: bytes = b""
    leaf: Optional[Leaf] = None  # the last entry
    parts: List[Dict[str, Any]] = field(default_factory=list)

    def take(self, line: bytes) -> None:
        """One line without its newline; ValueError if it is of neither kind."""
        if line.startswith(b'{"proof":'):
            self.take_proof(line.decode())
        else:
            self.take_entry(line)

    def take_entry(self, line: bytes) -> None:
        parts = split_entry(line)
        leaf = parse_leaf(parts[0]) if parts else None
        if parts is None or leaf is None:
            raise ValueError("a line is neither an entry nor a proof")
        leaf_bytes, hash_text = parts
        if hash_leaf(leaf_bytes).hex().encode() != hash_text:
            raise Unproven(f"the bytes of entry {leaf.seq} do not match its hash")
        if self.leaf is not None:
            self.expect_proof_of_key_change()
            expected = (self.leaf.seq + 1, hash_leaf(self.leaf_bytes))
            if (leaf.seq, leaf.last_hash) != expected:
                raise Unproven(f"entry {leaf.seq} does not follow the one before it")
        self.leaf_bytes, self.leaf = leaf_bytes, leaf
        self.first = leaf.seq if self.first is None else self.first

    def expect_proof_of_key_change(self) -> None:
        """Behind each stele.key entry stands its proof."""
        if self.first is not None and self.leaf.event.startswith(b'{"type":"stele.key",'):
            raise Unproven(f"entry {self.leaf.seq} ends a key, and no proof follows it")

    def take_proof(self, line: str) -> None:
        value = parse_json(line)
        text = value.get("proof") if isinstance(value, dict) else None
        if not isinstance(text, str) or line != f'{{"proof":{to_json(text)}}}':
            raise ValueError("a proof line is malformed")
        if self.first is None:
            raise ValueError("no entry stands in front of a proof")
        proof = parse_entry_proof(text.encode())
        if proof.leaf_bytes != self.leaf_bytes:
            raise Unproven("a proof is not that of the entry before it")
        proven = check_entry_proof(proof, self.pinned, self.policy)
        if self.first < proven.start:
            raise Unproven(f"entry {self.first} is older than the epoch of the key that proves it")
        self.parts.append(part_object(proof, proven, self.first))
        self.first = None

    def end(self) -> Dict[str, Any]:
        if self.leaf is None:
            raise ValueError("there is no entry")
        if self.first is not None:
            raise Unproven(f"nothing proves the entries from {self.first} on")
        return evidence_object(self.pinned, self.parts)


def check_extract(path: str, pinned: Key, policy: Policy) -> Dict[str, Any]:
    check = ExtractCheck(pinned, policy)
    with open(path, "rb") as file:
        for line in iter(lambda: file.readline(MAX_EXTRACT_LINE_BYTES), b""):
            if not line.endswith(b"\n"):
                raise ValueError("a line is too long, or the last one has no newline")
            check.take(line[:-1])
    return check.end()


def check_extension(
    data: bytes, old: Signed, keys: Tuple[Key, Key], policy: Policy
) -> Dict[str, Any]:
    """Proofs 8, given the pinned key and the older one."""
    match = REQUEST_HEAD.match(data)
    if match is None or len(data) > MAX_PROOF_BYTES:
        raise ValueError("not the body of an add-checkpoint request")
    pinned, old_key = keys
    new, hashes = parse_signed(data[match.end() :]), parse_hashes(match[2])
    for signed, key, which in ((old, old_key, "older"), (new, pinned, "newer")):
        if signed.checkpoint.origin != pinned.name or not is_signed_by(signed.note, key):
            raise Unproven(f"the {which} checkpoint is not by {key.vkey}")
    old_tree = (old.checkpoint.size, old.checkpoint.root)
    tree = (new.checkpoint.size, new.checkpoint.root)
    if int(match[1]) != old.checkpoint.size or not check_consistency(old_tree, tree, hashes):
        raise Unproven("the newer checkpoint does not extend the older one")
    return {
        "proven": True,
        "origin": pinned.name,
        "oldSize": old.checkpoint.size,
        "size": new.checkpoint.size,
        "root": encode_base64(new.checkpoint.root),
        **signature_object(pinned, "pinned", cosignatures(new.note, policy)),
    }


def read_old(path: str) -> Signed:
    note = parse_note(read_file(path, MAX_NOTE_BYTES))
    if note is None:
        raise CannotJudge("NOTE_MALFORMED", f"{path} is no signed note")
    checkpoint = parse_checkpoint(note.text)
    if checkpoint is None:
        raise CannotJudge("CHECKPOINT_MALFORMED", f"{path} is no checkpoint")
    return Signed(note, checkpoint)


def entry_lines(path: str, is_proof: bool) -> Iterator[str]:
    """The entries of a file that was checked, as they stand in the ledger."""
    if is_proof:
        leaf = parse_entry_proof(read_file(path, MAX_PROOF_BYTES)).leaf_bytes
        yield f'{leaf.decode()[:-1]},"hash":"{hash_leaf(leaf).hex()}"}}'
        return
    with open(path, "rb") as file:
        for line in pieces(file):
            if line.startswith(b'{"seq":'):
                yield line[:-1].decode(errors="replace")


def check_file(options: argparse.Namespace) -> Tuple[Dict[str, Any], Iterator[str]]:
    """The answer about a proof, an extract or an extension, and the entries that it proves."""
    pinned = read_key(options.key)
    old_key = read_key(options.old_key) if options.old_key is not None else pinned
    policy, path = read_witnesses(options.witness), options.file
    start = read_file(path, MAX_PROOF_BYTES)
    is_proof = start.startswith(PROOF_HEADER)
    nothing: Iterator[str] = iter(())
    try:
        if options.old is not None:
            old = read_old(options.old)
            return check_extension(start, old, (pinned, old_key), policy), nothing
        if start.startswith(b"old "):
            raise CannotJudge("OPTION_INVALID", f"{path} needs the older checkpoint: --old FILE")
        if is_proof:
            proof = parse_entry_proof(start)
            part = part_object(proof, check_entry_proof(proof, pinned, policy), proof.index)
            answer = evidence_object(pinned, [part])
        else:
            answer = check_extract(path, pinned, policy)
    except Unproven as error:
        return {"proven": False, "reason": str(error)}, nothing
    except ValueError as error:
        raise CannotJudge("PROOF_MALFORMED", f"{path}: {error}") from None
    return answer, entry_lines(path, is_proof)


def evidence_sentences(answer: Dict[str, Any]) -> Iterator[str]:
    if not answer["proven"]:
        yield f"Not proven: {answer['reason']}."
        return
    if "oldSize" in answer:
        yield f"Proven: {answer['origin']} with {answer['size']} entries still has the first"
        yield f"{answer['oldSize']} as they were. Root: {answer['root']}."
    for part in answer.get("checkpoints", ()):
        entries = f"entries {part['from']} to {part['to']} of {answer['origin']}"
        yield f"Proven: {entries}, by a checkpoint of {part['size']} entries,"
        yield f"root {part['root']}, key {part['key']} ({part['trust']})."
        for line in part["cosignatures"]:
            yield f"Countersigned by {line['witness']} at {line['time']}."
    yield "It does not show that what was recorded is true, or that the clock was right."


# ---- A published site (tiles 1 and 3) ------------------------------------------------------------


class SiteFinding(Exception):
    """Why a site is not the log of its checkpoint: the path of a file, and what is wrong there."""

    def __init__(self, path: str, reason: str):
        super().__init__(reason)
        self.path = path


def split_bundle(data: bytes) -> Optional[List[bytes]]:
    """The leaves, each behind its length in two bytes; None if the last one is cut off."""
    leaves, at = [], 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        if at + 2 > len(data) or end > len(data):
            return None
        leaves.append(data[at + 2 : end])
        at = end
    return leaves


@dataclass
class SiteCheck:
    """Holds every file of the tree of a checkpoint against the checkpoint's root."""

    directory: str
    checkpoint: Checkpoint
    state: State = field(default_factory=State)
    bundled: int = 0  # entries that are there to be read

    def read(self, level: Any, index: int, width: int, limit: int) -> Optional[Tuple[str, bytes]]:
        """A tile or bundle with its path; in place of a partial one the full one counts, too."""
        for path in (tile_path(level, index, width), tile_path(level, index)):
            data = read_beside(self.directory, os.path.join(*path.split("/")), limit)
            if data is not None:
                return path, data
        return None

    def earlier(self, level: Any, index: int, width: int) -> Iterator[Tuple[int, str, bytes]]:
        """Partial files of earlier checkpoints: width, path, bytes."""
        folder = tile_path(level, index, 1)[:-2]
        path = os.path.join(self.directory, *folder.split("/"))
        for name in sorted(os.listdir(path)) if os.path.isdir(path) else ():
            if re.fullmatch("[1-9][0-9]{0,2}", name) and int(name) < width:
                data = read_file(os.path.join(path, name), MAX_TILE_BYTES)
                yield int(name), f"{folder}/{name}", data

    def check(self) -> None:
        tiling = Tiling()
        for index in range(-(-self.checkpoint.size // TILE_WIDTH)):
            for leaf_hash in self.check_leaves(index):
                for tile in tiling.append(leaf_hash):
                    self.check_tile(tile)
        for tile in tiling.partial():
            self.check_tile(tile)
        if self.state.root() != self.checkpoint.root:
            raise SiteFinding("checkpoint", "the tiles do not lead to the root that is signed")

    def check_leaves(self, index: int) -> List[bytes]:
        """The hashes of one tile of level 0, held against its bundle."""
        width = min(TILE_WIDTH, self.checkpoint.size - index * TILE_WIDTH)
        found = self.read(0, index, width, 8192)
        if found is None:
            raise SiteFinding(tile_path(0, index, width), "the tile is missing")
        path, data = found
        if len(data) not in (32 * width, 8192):
            raise SiteFinding(path, "the tile has a wrong length")
        hashes = [data[at : at + 32] for at in range(0, 32 * width, 32)]
        leaves = self.check_bundle(index, hashes)
        for number, leaf_hash in enumerate(hashes):
            if leaves is not None:
                self.check_leaf(leaves[number], tile_path("entries", index, width))
            self.state.append(leaf_hash, "")
        return hashes

    def check_bundle(self, index: int, hashes: List[bytes]) -> Optional[List[bytes]]:
        """The leaves, if they are there; without them only hashes were published."""
        width = len(hashes)
        found = self.read("entries", index, width, MAX_TILE_BYTES)
        if found is None:
            return None
        path, data = found
        leaves = split_bundle(data)
        if leaves is None or len(leaves) not in (width, TILE_WIDTH):
            raise SiteFinding(path, "the bundle has another number of entries")
        for number, (leaf, leaf_hash) in enumerate(zip(leaves, hashes)):
            if hash_leaf(leaf) != leaf_hash:
                entry = index * TILE_WIDTH + number
                raise SiteFinding(path, f"entry {entry} is not the one whose hash is in the tile")
        for old_width, old_path, old_data in self.earlier("entries", index, width):
            if split_bundle(old_data) != leaves[:old_width]:
                raise SiteFinding(old_path, "the bundle has other entries than the newer one")
        self.bundled += width
        return leaves

    def check_leaf(self, data: bytes, path: str) -> None:
        """An entry says its own number, and the hash of the one before."""
        leaf = parse_leaf(data)
        if leaf is None or (leaf.seq, leaf.last_hash) != (self.state.size, self.state.last_hash):
            reason = f"entry {self.state.size} does not follow the one before it"
            raise SiteFinding(path, reason)

    def check_tile(self, tile: Tile) -> None:
        """A tile as it follows from those of level 0, and partial ones of earlier checkpoints."""
        width, right = len(tile.hashes), b"".join(tile.hashes)
        found = self.read(tile.level, tile.index, width, 8192)
        if found is None:
            raise SiteFinding(tile.path(), "the tile is missing")
        path, data = found
        if data[: 32 * width] != right or len(data) not in (32 * width, 8192):
            raise SiteFinding(path, "the tile does not hold the hashes of the tiles below it")
        for old_width, old_path, old_data in self.earlier(tile.level, tile.index, width):
            if old_data != right[: 32 * old_width]:
                raise SiteFinding(old_path, "the tile has other hashes than the newer one")


def check_site(options: argparse.Namespace) -> Dict[str, Any]:
    """The checkpoint by the pinned key, and all that it covers."""
    key = read_key(options.key, [ED25519])
    note = parse_note(read_file(os.path.join(options.directory, "checkpoint"), MAX_NOTE_BYTES))
    if note is None:
        raise CannotJudge("NOTE_MALFORMED", "the file checkpoint is no signed note")
    if not is_signed_by(note, key):
        raise CannotJudge("NOTE_UNVERIFIED", f"the checkpoint is not signed by {key.vkey}")
    checkpoint = parse_checkpoint(note.text)
    if checkpoint is None or checkpoint.origin != key.name:
        raise CannotJudge("CHECKPOINT_MALFORMED", "the file checkpoint is no checkpoint")
    check, finding = SiteCheck(options.directory, checkpoint), None
    try:
        check.check()
    except SiteFinding as error:
        finding = error
    return {
        "verdict": "tampered" if finding else "intact",
        "origin": key.name,
        "size": checkpoint.size,
        "root": encode_base64(checkpoint.root),
        "firstBad": {"path": finding.path, "reason": str(finding)} if finding else None,
        "entries": {"checked": check.bundled, "absent": check.state.size - check.bundled},
    }


def site_sentences(answer: Dict[str, Any]) -> Iterator[str]:
    finding, entries = answer["firstBad"], answer["entries"]
    if finding:
        yield f"{answer['verdict']}: {finding['path']}: {finding['reason']}."
    else:
        yield f"intact: every tile leads to the root that the key signed, {answer['root']}."
    counts = f"{entries['checked']} can be read, of {entries['absent']} there is only the hash"
    yield f"The checkpoint is of {answer['size']} entries of {answer['origin']}: {counts}."
    yield "This does not show that others were given the same site, or that it is the newest."


# ---- The commands --------------------------------------------------------------------------------

DISK_CODES = {
    errno.ENOENT: "DISK_NOT_FOUND",
    errno.ENOTDIR: "DISK_NOT_FOUND",
    errno.EACCES: "DISK_PERMISSION",
    errno.EPERM: "DISK_PERMISSION",
}

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def parse_age(text: str) -> timedelta:
    """Such as 90s, 10m, 24h, 7d."""
    match = re.fullmatch("([0-9]{1,15})([smhd])", text)
    if match is None:
        raise ValueError(text)
    try:
        return timedelta(**{UNITS[match[2]]: int(match[1])})
    except OverflowError:
        return timedelta.max


# Each command's answer: lines to print, and whether all is well.
Answer = Tuple[Iterable[str], bool]


def parser_of(name: str, description: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=name, description=description, allow_abbrev=False)
    parser.add_argument("--json", action="store_true", help="print JSON, not sentences")
    return parser


def add_witness(parser: Any) -> None:
    message = "a witness's public key; may be given several times, and each is enough"
    parser.add_argument("--witness", metavar="VKEY", action="append", default=[], help=message)


def run_verify(arguments: Sequence[str]) -> Answer:
    parser = parser_of("verify.py", "Checks a Stele journal.")
    parser.add_argument("directory", metavar="DIR")
    parser.add_argument("--key", metavar="VKEY", help="the public key, from whom you trust")
    parser.add_argument("--checkpoint", metavar="FILE", help="a checkpoint that you have kept")
    witnesses = parser.add_mutually_exclusive_group()
    add_witness(witnesses)
    witnesses.add_argument("--policy", metavar="FILE", help="instead: a C2SP tlog-policy")
    message = "how long ago witnesses may have seen the journal: 90s, 10m, 24h, 7d"
    parser.add_argument("--max-age", metavar="TIME", type=parse_age, help=message)
    options = parser.parse_args(arguments)
    check = check_journal(options)
    lines = [json_line(verdict_object(check))] if options.json else sentences(check)
    return lines, check.finding is None


def run_check(arguments: Sequence[str]) -> Answer:
    parser = parser_of("verify.py check", "Checks a proof, an extract or an extension, offline.")
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("--key", metavar="VKEY", required=True, help="the journal's public key")
    add_witness(parser)
    parser.add_argument("--old", metavar="FILE", help="the older checkpoint, for an extension")
    parser.add_argument("--old-key", metavar="VKEY", help="the key of that one, if it is another")
    options = parser.parse_args(arguments)
    answer, entries = check_file(options)
    ending = [json_line(answer)] if options.json else evidence_sentences(answer)
    return chain(entries, ending), answer["proven"]


def run_site(arguments: Sequence[str]) -> Answer:
    parser = parser_of("verify.py site", "Checks a journal that was published as tlog-tiles.")
    parser.add_argument("directory", metavar="OUT")
    parser.add_argument("--key", metavar="VKEY", required=True, help="the key of its checkpoint")
    options = parser.parse_args(arguments)
    answer = check_site(options)
    lines = [json_line(answer)] if options.json else site_sentences(answer)
    return lines, answer["firstBad"] is None


def json_line(answer: Dict[str, Any]) -> str:
    return json.dumps(answer, separators=(",", ":"))


COMMANDS = {"check": run_check, "site": run_site}


def main(given: Optional[List[str]] = None) -> int:
    """The command. Without arguments, those of the process."""
    arguments = sys.argv[1:] if given is None else given
    run = COMMANDS.get(arguments[0]) if arguments else None
    try:
        lines, is_well = run(arguments[1:]) if run else run_verify(arguments)
        for line in lines:
            print(line)
    except CannotJudge as error:
        print(f"verify.py: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        code = DISK_CODES.get(error.errno or 0, "DISK_IO")
        print(f"verify.py: {error} [{code}]", file=sys.stderr)
        return 2
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main())
