#!/usr/bin/env python3
"""Checks a Stele journal without Stele.

    python3 verify.py DIR [--key VKEY] [--checkpoint FILE] [--json]

The exit status is 0 if the journal is intact, 1 if it was checked and is not, 2 if nothing could be
judged. What the answer means is in spec/verdict.md.

This file was written from the documents in spec/ alone and shares no code with Stele, so that two
programs have to be wrong in the same way before a false journal passes both. It needs Python 3.9 or
later and its standard library, nothing else: the signatures are checked here, too.

It is meant to be read from top to bottom. Every function uses only what stands above it, and names
the section that it carries out: "ledger 5" is section 5 of spec/ledger.md. It reads line by line,
holds one line and a few dozen hashes at a time, and never writes.
"""

import argparse
import base64
import errno
import hashlib
import hmac
import json
import os
import re
import sys
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Dict, Iterator, List, NamedTuple, Optional, Tuple

# Limits (ledger 8).
FORMAT = 1
MAX_NUMBER = 2**53 - 1
MAX_LINE_BYTES = 65_609
MAX_EVENT_DEPTH = 256
MAX_NOTE_BYTES = 1_000_000
MAX_NOTE_SIGNATURES = 100
MAX_CONTENT_BYTES = 67_108_864

# Not from the documents, which limit neither. A JSON escape makes six characters of one byte.
MAX_MANIFEST_BYTES = 1_000_000
MAX_CONTENT_LINE_BYTES = 6 * MAX_CONTENT_BYTES + 1_000_000


class CannotJudge(Exception):
    """Nothing can be said about the journal: exit status 2, with a code of spec/errors.md."""

    def __init__(self, code: str, message: str):
        super().__init__(f"{message} [{code}]")


class Finding(Exception):
    """Why the journal is not intact: a verdict and the number of an entry (ledger 7)."""

    def __init__(self, verdict: str, seq: int, reason: str):
        super().__init__(reason)
        self.verdict = verdict
        self.seq = seq
        self.reason = reason


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
    """Checks signatures of one public key; a signature takes about a millisecond."""

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

    def append(self, leaf_hash: bytes, time: str) -> None:
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


# ---- Keys, notes and checkpoints (ledger 5) ------------------------------------------------------

NAME = r'[!#-*,-\[\]-~]{1,255}'  # printable ASCII without " + \
VKEY = re.compile(rf"({NAME})\+([0-9a-f]{{8}})\+([A-Za-z0-9+/=]+)")
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
SIGNATURE_LINE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/=]+)")
CHECKPOINT = re.compile(r"([^\n]+)\n(0|[1-9][0-9]{0,15})\n([^\n]+)\n")


class Key:
    """A verifier key. Its name is the journal's origin."""

    def __init__(self, vkey: Any):
        match = VKEY.fullmatch(vkey) if isinstance(vkey, str) else None
        payload = decode_base64(match[3]) if match else None
        if match is None or payload is None or len(payload) != 33 or payload[0] != 1:
            raise ValueError("not an Ed25519 vkey")
        self.vkey = vkey
        self.name = match[1]
        self.id = hashlib.sha256(self.name.encode() + b"\n" + payload).digest()[:4]
        if self.id.hex() != match[2]:
            raise ValueError("the key id is not that of the name and key")
        self.ed25519 = Ed25519(payload[1:])


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


def is_signed_by(note: Note, key: Key) -> bool:
    """One line or more is the key's, and all of those are right; other keys' lines do not count."""
    own = [signature for name, id, signature in note.signatures if (name, id) == (key.name, key.id)]
    message = note.text.encode()
    return own != [] and all(key.ed25519.accepts(message, signature) for signature in own)


class Checkpoint(NamedTuple):
    size: int
    root: bytes


def parse_checkpoint(text: str, origin: str) -> Optional[Checkpoint]:
    """The size and root of a checkpoint of this origin: exactly three lines."""
    match = CHECKPOINT.fullmatch(text)
    root = decode_base64(match[3]) if match else None
    if match is None or match[1] != origin or root is None or len(root) != 32:
        return None
    size = int(match[2])
    return Checkpoint(size, root) if size <= MAX_NUMBER else None


def checkpoint_text(origin: str, state: State) -> str:
    return f"{origin}\n{state.size}\n{encode_base64(state.root())}\n"


# ---- One segment (ledger 2 and 7) ----------------------------------------------------------------

HEADER = re.compile(
    rb'\{"stele":1,"origin":"([^"\\]+)","first":(0|[1-9][0-9]{0,15}),"prev":"([0-9a-f]{64})",'
    rb'"frontier":\[((?:"[0-9a-f]{64}"(?:,"[0-9a-f]{64}")*)?)\]\}\n'
)
HEADER_FORMAT = re.compile(rb'\{"stele":([1-9][0-9]*),')
HASH_IN_QUOTES = re.compile(rb'"([0-9a-f]{64})"')
HASH_FIELD_BYTES = 75  # ,"hash":"…64 digits…"}
TIME_AND_EVENT = re.compile(
    rb'","time":"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z)","event":'
)


class Header(NamedTuple):
    first: int
    last_hash: bytes
    frontier: List[bytes]


def read_header(file: BinaryIO, number: int, origin: str) -> Header:
    """The first line, which has to be the line that ledger 2 makes of its own values."""
    line = file.readline(MAX_LINE_BYTES + 1)
    newer = HEADER_FORMAT.match(line)
    if newer and parse_number(newer[1].decode()) > FORMAT:
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


def check_entry(line: bytes, state: State) -> Tuple[bytes, str]:
    """The eight steps of ledger 7, in their order. The result is the leaf's hash and the time."""

    def expect(condition: bool, verdict: str, reason: str) -> None:
        if not condition:
            raise Finding(verdict, state.size, reason)

    body, hash_field = line[:-HASH_FIELD_BYTES], line[-HASH_FIELD_BYTES:]
    framed = body != b"" and hash_field[:9] == b',"hash":"' and hash_field[-2:] == b'"}'
    expect(framed, "corrupt", "the line does not end as an entry does")
    leaf_hash = hash_leaf(body + b"}")
    own_hash = leaf_hash.hex().encode() == hash_field[9:-2]
    expect(own_hash, "tampered", "the entry's bytes do not match its hash")
    at = len(b'{"seq":')
    expect(body[:at] == b'{"seq":', "corrupt", "the line does not begin as an entry does")
    number = b"%d," % state.size
    expect(body.startswith(number, at), "tampered", "the entry has another number")
    at += len(number)
    expect(body.startswith(b'"prev":"', at), "corrupt", "the entry has no prev behind its number")
    at += len(b'"prev":"')
    linked = body.startswith(state.last_hash.hex().encode(), at)
    expect(linked, "tampered", "the entry continues another entry")
    time = TIME_AND_EVENT.match(body, at + 64)
    if time is None:
        raise Finding("corrupt", state.size, "the entry's time is malformed")
    expect(is_compact_object(body[time.end() :]), "corrupt", "the event is malformed")
    return leaf_hash, time[1].decode()


def seal_in(line: bytes) -> Optional[str]:
    """The note of a line that is a JSON object with a string `seal` (ledger 7, a seal, step 1)."""
    try:
        value = parse_json(line.decode())
    except ValueError:
        return None
    note = value.get("seal") if isinstance(value, dict) else None
    return note if isinstance(note, str) else None


def is_right_seal(line: bytes, note: str, state: State, key: Key) -> bool:
    """Steps 3 to 5 of a seal: the one line that the key's signature over this tree makes."""
    text = checkpoint_text(key.name, state)
    before = f"{text}\n— {key.name} "
    payload = decode_base64(note[len(before) : -1])
    if payload is None or payload[:4] != key.id:
        return False
    right = json.dumps(before + encode_base64(payload) + "\n", ensure_ascii=False)
    if line != b'{"seal":' + right.encode() + b"}":
        return False
    return key.ed25519.accepts(text.encode(), payload[4:])


def check_seal(line: bytes, state: State, sealed: State, key: Key) -> None:
    """The five steps of ledger 7."""
    note = seal_in(line) if line.startswith(b'{"seal":"') else None
    if note is None:
        raise Finding("corrupt", state.size, "the line is neither an entry nor a seal")
    if state.size == sealed.size:
        raise Finding("tampered", sealed.size, "a seal over no new entry")
    if not is_right_seal(line, note, state, key):
        raise Finding("tampered", sealed.size, "the seal does not vouch for the entries before it")


class Evidence:
    """A checkpoint from outside, and the root that the journal has at the same size."""

    def __init__(self, checkpoint: Optional[Checkpoint]):
        self.checkpoint = checkpoint
        self.root: Optional[bytes] = None

    def pass_by(self, state: State) -> None:
        if self.checkpoint is not None and self.checkpoint.size == state.size:
            self.root = state.root()


@dataclass
class Segment:
    """What the check of one segment found, and where it stopped."""

    number: int
    sealed: State  # at the last good seal; at the header if there is none
    sealed_end: int  # the file's bytes up to there
    length: int = 0  # the file's bytes
    unsealed_entries: int = 0
    finding: Optional[Finding] = None
    is_torn: bool = False  # whether the line of the finding looks as a crash leaves it


def pieces(file: BinaryIO) -> Iterator[bytes]:
    """The lines from here on, with newlines. A line that is too long comes as several pieces."""
    return iter(lambda: file.readline(MAX_LINE_BYTES + 1), b"")


def check_line(line: bytes, state: State, segment: Segment, key: Key) -> None:
    """One line with its newline. A right entry moves the state, a right seal the segment's."""
    if not line.endswith(b"\n"):
        raise Finding("corrupt", state.size, "the line is cut off, or longer than a line can be")
    line = line[:-1]
    if line[4:5] == b"q":
        state.append(*check_entry(line, state))
        segment.unsealed_entries += 1
    else:
        check_seal(line, state, segment.sealed, key)
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


def check_segment(file: BinaryIO, before: State, key: Key, evidence: Evidence) -> Segment:
    """The lines behind the header, up to the first finding or the end of the file (ledger 7)."""
    state, end = before.copy(), file.tell()
    segment = Segment(before.size, before, end)
    for line in pieces(file):
        try:
            check_line(line, state, segment, key)
        except Finding as finding:
            segment.finding, segment.is_torn = finding, is_torn(file, line)
            break
        end += len(line)
        evidence.pass_by(state)
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


def word_for_head(head_bytes: Optional[bytes], sealed_size: int) -> str:
    """`missing`, `torn`, `reached` or `ahead` (recovery 2)."""
    if head_bytes is None:
        return "missing"
    head = parse_head(head_bytes)
    if head is None:
        return "torn"
    return "ahead" if head.size > sealed_size else "reached"


def word_for_tail(segment: Segment) -> str:
    """`none`, `entries`, `torn` or `bad` (recovery 2)."""
    if segment.finding is None:
        return "none" if segment.unsealed_entries == 0 else "entries"
    return "torn" if segment.is_torn else "bad"


def is_valid_seal(line: bytes, sealed_size: int, key: Key) -> bool:
    """A seal that only the key's holder can have made, whatever stands before it (recovery 2)."""
    text = seal_in(line) if line[4:5] == b"a" else None
    try:
        note = parse_note(text.encode()) if text is not None else None
    except UnicodeEncodeError:  # half of a surrogate pair
        return False
    checkpoint = parse_checkpoint(note.text, key.name) if note else None
    if note is None or checkpoint is None or checkpoint.size <= sealed_size:
        return False
    return is_signed_by(note, key)


def word_for_seals_behind(file: BinaryIO, segment: Segment, key: Key) -> str:
    """`none`, `last` or `more` (recovery 2). The file stands behind the first wrong line."""
    seals, is_last, before = 0, False, b"\n"
    for piece in pieces(file):
        is_line = before.endswith(b"\n") and piece.endswith(b"\n")
        is_last = is_line and is_valid_seal(piece[:-1], segment.sealed.size, key)
        seals += is_last
        before = piece
    if seals == 0:
        return "none"
    return "last" if seals == 1 and is_last else "more"


def refuses(head: str, tail: str, behind: str) -> bool:
    """The table of recovery 2: whether no crash explains what lies there."""
    if head == "ahead" or tail == "bad" or behind == "more":
        return True
    return head == "missing" and behind == "last"


def is_cut(segment: Segment, head: Head) -> bool:
    """Whether the ledger ends before the place that the head names (verdict 3, step 5.4)."""
    return (segment.number, segment.length) < (head.segment, head.length)


def judge_last(
    file: BinaryIO, segment: Segment, head_bytes: Optional[bytes], key: Key
) -> Optional[Finding]:
    """The finding in the last segment, if there is one (verdict 3, step 5.4)."""
    head_word, tail = word_for_head(head_bytes, segment.sealed.size), word_for_tail(segment)
    behind = word_for_seals_behind(file, segment, key) if tail == "torn" else "none"
    if not refuses(head_word, tail, behind):
        return None
    truncated = Finding("truncated", segment.sealed.size, "head names more entries than there are")
    head = parse_head(head_bytes or b"")
    if head is not None and head_word == "ahead" and tail != "bad" and is_cut(segment, head):
        return truncated
    return segment.finding or truncated


def judge_closed(segment: Segment) -> Optional[Finding]:
    """The finding in a segment that is not the last, if there is one (verdict 3, step 5.3)."""
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
    """What an event commits to, found where writers put it: last in the event, and last in each
    reference (content 1)."""
    if not event.endswith(b'"}}}'):
        return {}
    name, references = parse_json(event.decode(errors="replace"), pairs=True)[-1]
    found: Commitments = {}
    for content, reference in references if name == "content" else ():
        member, value = reference[-1] if isinstance(reference, tuple) and reference else ("", None)
        is_hash = isinstance(value, str) and HASH_TEXT.fullmatch(value)
        if member == "commitment" and is_hash and CONTENT_NAME.fullmatch(content):
            found[content] = value
    return found


def entries_with_contents(file: BinaryIO, segment: Segment) -> Iterator[Tuple[int, Commitments]]:
    """The sealed entries of a checked segment that commit to something, in their order."""
    file.seek(0)
    seq = segment.number
    for line in pieces(file):
        if seq == segment.sealed.size:
            return
        if line[4:5] == b"q":
            event = line.index(b'"event":') + len(b'"event":')
            commitments = commitments_in(line[event : -HASH_FIELD_BYTES - 1])
            if commitments:
                yield seq, commitments
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
    stored = members[kinds[0]]
    if not isinstance(stored, str):
        raise ValueError("a content is a string")
    value = stored.encode() if kinds[0] == "text" else decode_base64(stored)
    if value is None:
        raise ValueError("malformed base64")
    message = b"stele/content/v1\x00" + name.encode() + b"\x00" + value
    return hmac.new(bytes.fromhex(salt), message, hashlib.sha256).hexdigest()


def parse_content_line(line: bytes) -> Tuple[Optional[int], Optional[Commitments]]:
    """The entry that a line says it is of, and what its contents would be committed to. One or both
    are None if the line is malformed (content 2 and 4)."""
    if not line.endswith(b"\n"):
        cut = CUT_LINE_NUMBER.match(line)
        return (int(cut[1]) if cut else None), None
    try:
        pairs = parse_json(line.decode(), pairs=True)
    except ValueError:
        return None, None
    seq = dict(pairs).get("seq") if isinstance(pairs, tuple) else None
    if not is_whole(seq) or not 0 <= seq <= MAX_NUMBER:
        return None, None
    try:
        contents = unique(unique(pairs).get("content"))
        return int(seq), {name: commitment_to(name, value) for name, value in contents.items()}
    except ValueError:
        return int(seq), None


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


def check_contents(file: BinaryIO, wanted: Wanted, sealed_size: int) -> Iterator[str]:
    """One content segment: the names of contents that match, until a finding (content 4)."""
    for line in iter(lambda: file.readline(MAX_CONTENT_LINE_BYTES), b""):
        number, contents = parse_content_line(line)
        seq = wanted.first() if number is None else number
        if seq is None or seq >= sealed_size:
            break
        if contents is None:
            raise Finding("corrupt", seq, "a line of contents is malformed")
        for name, commitment in contents.items():
            if wanted.take(seq, name) != commitment:
                raise Finding("tampered", seq, "a content is not what the entry commits to")
            yield name
    missing = wanted.first()
    if missing is not None:
        raise Finding("tampered", missing, "contents of the entry are missing")


# ---- The journal (ledger 1, verdict 3) -----------------------------------------------------------

SEGMENT_NAME = re.compile(r"([0-9]{20})\.jsonl")


def read_file(path: str, limit: int) -> bytes:
    """A small file; of a larger one, one byte more than the limit."""
    with open(path, "rb") as file:
        return file.read(limit + 1)


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
    if not is_whole(bytes_max) or not 1024 <= bytes_max <= 2**40:
        raise ValueError("segmentBytes is out of its range")
    key = Key(value.get("publicKey"))
    if value.get("origin") != key.name:
        raise ValueError("the origin is not the name of the key")
    return key


def read_manifest(directory: str) -> Key:
    """The journal's key by its own account (ledger 1, verdict 3, step 1)."""
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


def choose_key(pinned: Optional[str], own: Key) -> Key:
    """The key that the caller names, or the manifest's (verdict 3, step 2)."""
    if pinned is None:
        return own
    try:
        return Key(pinned)
    except ValueError as error:
        message = f"--key is {error}; check that it was copied whole"
        raise CannotJudge("KEY_MALFORMED", message) from None


def read_checkpoint(path: Optional[str], key: Key) -> Optional[Checkpoint]:
    """The evidence that the caller kept (verdict 3, step 3)."""
    if path is None:
        return None
    note = parse_note(read_file(path, MAX_NOTE_BYTES))
    if note is None:
        message = f"{path} is no signed note; check that it was copied whole"
        raise CannotJudge("NOTE_MALFORMED", message)
    if not is_signed_by(note, key):
        raise CannotJudge("NOTE_UNVERIFIED", f"{path} is not signed by the journal's key")
    checkpoint = parse_checkpoint(note.text, key.name)
    if checkpoint is None:
        raise CannotJudge("CHECKPOINT_MALFORMED", f"{path} is no checkpoint of this journal")
    return checkpoint


def read_head(directory: str) -> Optional[bytes]:
    """The file, if there is one. A longer one is torn whatever follows."""
    try:
        return read_file(os.path.join(directory, "head"), 64)
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


def check_link(header: Header, state: State) -> None:
    """A segment begins with what the one before it ends with (verdict 3, step 5.2)."""
    if header.first > state.size:
        raise Finding("tampered", state.size, "a segment is missing")
    if header != (state.size, state.last_hash, state.frontier):
        reason = "the segment does not continue the one before it"
        raise Finding("tampered", header.first, reason)


@dataclass
class Check:
    """One check of a journal, and all that it has found out so far."""

    directory: str
    key: Key
    evidence: Evidence
    head_bytes: Optional[bytes]
    state: State = field(default_factory=State)
    unsealed_entries: int = 0
    unsealed_bytes: int = 0
    contents_checked: int = 0
    contents_absent: int = 0
    finding: Optional[Finding] = None

    def run(self, numbers: List[int]) -> None:
        """Verdict 3, steps 4 to 6. The first finding ends the check."""
        try:
            if not numbers:
                raise Finding("tampered", 0, "there is no segment")
            self.evidence.pass_by(self.state)
            for number in numbers:
                self.check_segment(number, number == numbers[-1])
            self.compare_checkpoint()
        except Finding as finding:
            self.finding = finding

    def check_segment(self, number: int, is_last: bool) -> None:
        """Verdict 3, step 5."""
        with open(self.path("ledger", number), "rb") as file:
            check_link(read_header(file, number, self.key.name), self.state)
            segment = check_segment(file, self.state, self.key, self.evidence)
            self.state = segment.sealed
            self.unsealed_entries = segment.unsealed_entries
            self.unsealed_bytes = segment.length - segment.sealed_end
            if is_last:
                finding = judge_last(file, segment, self.head_bytes, self.key)
            else:
                finding = judge_closed(segment)
            # What they find is of a sealed entry, so it comes before any finding in the ledger.
            self.check_contents(number, entries_with_contents(file, segment))
        if finding is not None:
            raise finding

    def check_contents(self, number: int, named: Iterator[Tuple[int, Commitments]]) -> None:
        """Verdict 3, step 5.5; without the directory, contents are only counted (content 4)."""
        if not os.path.isdir(os.path.join(self.directory, "content")):
            self.contents_absent += sum(len(commitments) for _, commitments in named)
            return
        path = self.path("content", number)
        with open(path if os.path.exists(path) else os.devnull, "rb") as file:
            for _ in check_contents(file, Wanted(named), self.state.size):
                self.contents_checked += 1

    def compare_checkpoint(self) -> None:
        """Verdict 3, step 6."""
        checkpoint = self.evidence.checkpoint
        if checkpoint is None:
            return
        if checkpoint.size > self.state.size:
            reason = "the checkpoint names more entries than there are"
            raise Finding("truncated", self.state.size, reason)
        if checkpoint.root != self.evidence.root:
            raise Finding("forked", 0, "the checkpoint is of other entries")

    def path(self, folder: str, number: int) -> str:
        return os.path.join(self.directory, folder, f"{number:020}.jsonl")


def check_journal(directory: str, pinned: Optional[str], checkpoint_path: Optional[str]) -> Check:
    """Verdict 3. A writer may be at work, so the head is read before the segments are listed."""
    own = read_manifest(directory)
    key = choose_key(pinned, own)
    evidence = Evidence(read_checkpoint(checkpoint_path, key))
    check = Check(directory, key, evidence, read_head(directory))
    if key.name == own.name:
        check.run(list_segments(directory))
    else:  # verdict 3, step 2
        check.finding = Finding("tampered", 0, f"the journal is {own.name}, not {key.name}")
    return check


# ---- The answer (verdict 1, 2 and 4) -------------------------------------------------------------

MEANING = {
    "intact": "every line up to the last seal is what was sealed",
    "tampered": "well-formed lines are not those that were sealed",
    "corrupt": "there are bytes that are no ledger, or not the contents that were committed to",
    "truncated": "entries are missing at the end",
    "forked": "the checkpoint is of this journal, and of another history",
}


def blind_spots(check: Check, is_pinned: bool) -> List[str]:
    """What this check cannot rule out (verdict 4)."""
    spots = []
    checkpoint = check.evidence.checkpoint
    agrees = checkpoint is not None and check.finding is None
    behind = f" behind the first {checkpoint.size}" if checkpoint and agrees else ""
    if not is_pinned:
        spots.append("that the whole journal was replaced: its key was taken from itself")
    spots.append(f"that entries{behind} were removed from the end with all their traces")
    spots.append(f"that a holder of the signing key rewrote entries{behind}")
    spots.append("that something was never recorded, or recorded wrongly by its writer")
    return spots


def verdict_object(check: Check, is_pinned: bool) -> Dict[str, Any]:
    """The object of verdict 1."""
    finding = check.finding
    return {
        "verdict": finding.verdict if finding else "intact",
        "size": check.state.size,
        "root": encode_base64(check.state.root()),
        "firstBad": {"seq": finding.seq, "reason": finding.reason} if finding else None,
        "unsealed": {"entries": check.unsealed_entries, "bytes": check.unsealed_bytes},
        "contents": {"checked": check.contents_checked, "absent": check.contents_absent},
        "assurance": {
            "key": "pinned" if is_pinned else "self",
            "freshness": "none" if check.evidence.checkpoint is None else "checkpoint",
            "sealedAt": check.state.last_time,
        },
        "cannotRuleOut": blind_spots(check, is_pinned),
    }


def sentences(check: Check, is_pinned: bool) -> Iterator[str]:
    """The same for people."""
    answer = verdict_object(check, is_pinned)
    yield f"{answer['verdict']}: {MEANING[answer['verdict']]}."
    if check.finding:
        yield f"The first finding is at entry {check.finding.seq}: {check.finding.reason}."
    yield f"Sealed and checked: {check.state.size} entries, root {answer['root']}."
    if check.state.last_time:
        yield f"The last of them was recorded at {check.state.last_time}, by the writer's clock."
    if check.unsealed_bytes:
        sizes = f"{check.unsealed_bytes} bytes, with {check.unsealed_entries} good entries"
        yield f"Behind the last good seal, vouched for by nothing: {sizes}."
    if check.contents_checked or check.contents_absent:
        counts = f"{check.contents_checked} match their entries, {check.contents_absent} are absent"
        yield f"Contents: {counts}."
    source = "which you named" if is_pinned else "which was taken from the journal itself"
    yield f"Key: {check.key.vkey}, {source}."
    if check.evidence.checkpoint:
        yield f"Evidence from outside: a checkpoint of {check.evidence.checkpoint.size} entries."
    yield "This check cannot rule out:"
    for spot in answer["cannotRuleOut"]:
        yield f"- {spot}"


DISK_CODES = {
    errno.ENOENT: "DISK_NOT_FOUND",
    errno.ENOTDIR: "DISK_NOT_FOUND",
    errno.EACCES: "DISK_PERMISSION",
    errno.EPERM: "DISK_PERMISSION",
}


def main(arguments: Optional[List[str]] = None) -> int:
    """The command. Without arguments, those of the process."""
    parser = argparse.ArgumentParser(description="Checks a Stele journal.", allow_abbrev=False)
    parser.add_argument("directory", metavar="DIR")
    parser.add_argument("--key", metavar="VKEY", help="the public key, from whom you trust")
    parser.add_argument("--checkpoint", metavar="FILE", help="a checkpoint that you have kept")
    parser.add_argument("--json", action="store_true", help="print the verdict object on one line")
    options = parser.parse_args(arguments)
    try:
        check = check_journal(options.directory, options.key, options.checkpoint)
    except CannotJudge as error:
        print(f"verify.py: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        code = DISK_CODES.get(error.errno or 0, "DISK_IO")
        print(f"verify.py: {error} [{code}]", file=sys.stderr)
        return 2
    is_pinned = options.key is not None
    if options.json:
        print(json.dumps(verdict_object(check, is_pinned), separators=(",", ":")))
    else:
        print("\n".join(sentences(check, is_pinned)))
    return 1 if check.finding else 0


if __name__ == "__main__":
    sys.exit(main())
