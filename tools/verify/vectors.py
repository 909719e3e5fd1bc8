"""Holds the functions of ../verify.py against vectors that no command reaches.

    python3 vectors.py VECTORS

Prints a line of JSON for each case: its name, and whether it came out as it must.
"""

import base64
import json
import os
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
import verify  # noqa: E402

VECTORS = sys.argv[1]


def read(name):
    with open(os.path.join(VECTORS, name), encoding="utf-8") as file:
        return json.load(file)


def b64(text):
    return base64.b64decode(text or "")


def is_refused(function, *arguments):
    try:
        function(*arguments)
    except (ValueError, verify.Spoilt):
        return True
    return False


def proofs():
    upstream, tree = read("c2sp/merkle-proofs.json"), read("c2sp/leaf-tree-proofs.json")
    for case in upstream["inclusion"] + tree["inclusion"]:
        holds = verify.check_inclusion(
            b64(case["leafHash"]),
            case.get("leafIdx", case.get("index")),
            (case.get("treeSize", case.get("size")), b64(case["root"])),
            [b64(text) for text in case["proof"] or []],
        )
        yield case.get("file", f"inclusion {case}"), holds != case.get("wantErr", False)
    for case in upstream["consistency"] + tree["consistency"]:
        holds = verify.check_consistency(
            (case["size1"], b64(case["root1"])),
            (case["size2"], b64(case["root2"])),
            [b64(text) for text in case["proof"] or []],
        )
        name = case.get("file", f"consistency {case}")
        # Decided otherwise here: roots of 12 bytes are no hashes (proofs 10).
        twelve = name.endswith("sizes-are-equal-one-and-proof-is-empty.json")
        yield name, holds != (case.get("wantErr", False) or twelve)


def tlog_proofs():
    vectors = read("c2sp/tlog-proof.json")
    for case in vectors["generated"]:
        proof = verify.parse_tlog_proof(case["proof"].encode())
        note = verify.parse_note(proof.checkpoint)
        checkpoint = verify.parse_checkpoint(note.text)
        leaf_hash = verify.hash_leaf(case["entry"].encode())
        tree = (checkpoint.size, checkpoint.root)
        holds = verify.check_inclusion(leaf_hash, proof.index, tree, proof.hashes)
        signed = verify.is_signed_by(note, verify.Key(case["vkey"]))
        yield f"tlog-proof of {case['index']}", (
            holds and signed and (case["index"], case["size"]) == (proof.index, checkpoint.size)
        )
    for case in vectors["marshal"]:
        proof = verify.parse_tlog_proof(case["want"].encode())
        hashes = [b64(text) for text in case["hashes"]]
        extra = b64(case["extra"]) if "extra" in case else None
        expected = (extra, case["index"], hashes, case["checkpoint"].encode())
        yield f"tlog-proof text {case['index']}", proof == expected
    for case in vectors["malformed"]:
        yield case["why"], is_refused(verify.parse_tlog_proof, case["in"].encode())


def cosignatures():
    vectors = read("c2sp/cosignature.json")
    for case in vectors["ed25519"]:
        witness = verify.Key(case["vkey"], [verify.COSIGNATURE])
        note = verify.parse_note(case["note"].encode())
        yield case["vkey"], verify.cosigned_at(note, witness) == case["timestamp"]
        other = verify.Note(note.text.replace("300", "301"), note.signatures)
        yield f"{case['vkey']}, another text", is_refused(verify.cosigned_at, other, witness)
    vkeys = [case["cosignatureVkey"] for case in vectors["vkeyConversion"]]
    for vkey in vkeys + vectors["validCosignatureVkeys"]:
        yield vkey, verify.Key(vkey, [verify.COSIGNATURE]).vkey == vkey
    for case in vectors["vkeyConversion"]:
        yield case["ed25519Vkey"], is_refused(
            verify.Key, case["ed25519Vkey"], [verify.COSIGNATURE]
        )


def make_vkey(kind, number):
    payload = kind + bytes([number]) * 32
    key_id = verify.hashlib.sha256(b"w%d\n" % number + payload).hexdigest()[:8]
    return f"w{number}+{key_id}+{base64.b64encode(payload).decode()}"


def policies():
    vectors = read("c2sp/tlog-policy.json")
    keys = {f"<W{n}>": make_vkey(verify.COSIGNATURE, n) for n in range(1, 7)}
    keys["<ED25519-0x01>"], keys["<L>"] = (make_vkey(verify.ED25519, n) for n in (7, 8))

    def fill(text):
        for name, vkey in keys.items():
            text = text.replace(name, vkey)
        return text

    for text in vectors["valid"]:
        yield f"policy {text}", not is_refused(verify.parse_policy, fill(text))
    for text, why in vectors["invalid"]:
        yield f"policy: {why}", is_refused(verify.parse_policy, fill(text))


def tile_paths():
    vectors = read("c2sp/tile-paths.json")
    bundles = [{**case, "level": "entries"} for case in vectors["entries"]]
    for case in vectors["format"] + bundles:
        path = verify.tile_path(case["level"], case["index"], case["partial"] or 256)
        yield case["path"], path == case["path"]
    for level, rest, index, partial in vectors["parseOk"]:
        is_full = partial == 0 and index <= verify.MAX_NUMBER
        found = verify.parse_full_tile_path(f"{level}/{rest}")
        yield f"{level}/{rest}", found == ((int(level), index) if is_full else None)
    for level, rest in vectors["parseBad"]:
        yield f"{level}/{rest}", verify.parse_full_tile_path(f"{level}/{rest}") is None
    for case in vectors["treeShape"]:
        if case["size"] <= 70_000:
            yield f"tiles of {case['size']}", shape(case["size"]) == case["tiles"]


def shape(size):
    tiling, full = verify.Tiling(), {}
    for _ in range(size):
        for tile in tiling.append(bytes(32)):
            full[tile.level] = full.get(tile.level, 0) + 1
    widths = {tile.level: len(tile.hashes) for tile in tiling.partial()}
    return [
        {"level": n, "full": full.get(n, 0), "partialWidth": widths.get(n, 0)}
        for n in sorted({*full, *widths})
    ]


class AnyLog(verify.SiteCheck):
    """The entries of other logs are not Stele's."""

    def check_leaf(self, data, path):
        pass


def finds_nothing(files, checkpoint):
    with tempfile.TemporaryDirectory() as directory:
        for path, text in files.items():
            os.makedirs(os.path.dirname(os.path.join(directory, path)), exist_ok=True)
            with open(os.path.join(directory, path), "wb") as file:
                file.write(bytes.fromhex(text))
        try:
            AnyLog(directory, checkpoint).check()
        except verify.SiteFinding:
            return False
    return True


def sites():
    tessera, tiles = read("c2sp/tessera-log-15.json"), read("c2sp/tiles-300-records.json")
    for size, text in tessera["checkpoints"].items():
        note = verify.parse_note(text.encode())
        checkpoint = verify.parse_checkpoint(note.text)
        signed = verify.is_signed_by(note, verify.Key(tessera["vkey"]))
        yield f"tessera at {size}", signed and finds_nothing(tessera["files"], checkpoint)
    checkpoint = verify.parse_checkpoint(verify.parse_note(tiles["checkpoint"].encode()).text)
    yield "300 records", finds_nothing(tiles["filesHex"], checkpoint)
    for path, text in tiles["filesHex"].items():
        changed = text[:-2] + ("00" if text[-2:] != "00" else "01")
        files = {**tiles["filesHex"], path: changed}
        yield f"a changed byte in {path}", not finds_nothing(files, checkpoint)


for group in (proofs, tlog_proofs, cosignatures, policies, tile_paths, sites):
    for name, is_right in group():
        print(json.dumps([f"{group.__name__}: {name}", is_right]))
