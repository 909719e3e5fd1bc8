// Command go-tlog checks a site that stele published by the Go transparency log packages,
// unchanged: the note, the tiles up to the signed root, the entry bundles, and proofs.
//
//	go-tlog DIR VKEY
package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type tiles struct{ dir string }

func (t tiles) Height() int { return 8 }
func (t tiles) ReadTiles(want []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range want {
		p := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		b, err := os.ReadFile(filepath.Join(t.dir, p))
		if err != nil {
			return nil, err
		}
		all = append(all, b)
	}
	return all, nil
}
func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func must(err error) {
	if err != nil {
		fmt.Println("FAILED:", err)
		os.Exit(1)
	}
}

// checkBundle holds each entry of a bundle against a proof made from the tiles.
func checkBundle(dir string, b int64, tree tlog.Tree, r tlog.HashReader) {
	name := fmt.Sprintf("%03d", b)
	if (b+1)*256 > tree.N {
		name += fmt.Sprintf(".p/%d", tree.N%256)
	}
	data, err := os.ReadFile(filepath.Join(dir, "tile/entries", name))
	must(err)
	for i := b * 256; i < (b+1)*256 && i < tree.N; i++ {
		size := 2 + int(binary.BigEndian.Uint16(data))
		entry := data[2:size]
		data = data[size:]
		// Every entry's proof reads its tiles again: a few of each bundle will do.
		if i%256 != 7 && i%256 != 0 && i != tree.N-1 {
			continue
		}
		p, err := tlog.ProveRecord(tree.N, i, r)
		must(err)
		must(tlog.CheckRecord(p, tree.N, tree.Hash, i, tlog.RecordHash(entry)))
	}
	if len(data) != 0 {
		must(fmt.Errorf("bundle %d has %d bytes too many", b, len(data)))
	}
}

func main() {
	dir, vkey := os.Args[1], os.Args[2]
	v, err := note.NewVerifier(vkey)
	must(err)
	raw, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	must(err)
	n, err := note.Open(raw, note.VerifierList(v))
	must(err)
	lines := strings.Split(n.Text, "\n")
	var size int64
	fmt.Sscan(lines[1], &size)
	rb, err := base64.StdEncoding.DecodeString(lines[2])
	must(err)
	var root tlog.Hash
	copy(root[:], rb)
	tree := tlog.Tree{N: size, Hash: root}
	r := tlog.TileHashReader(tree, tiles{dir})
	for b := int64(0); b*256 < size; b++ {
		checkBundle(dir, b, tree, r)
	}
	for _, m := range []int64{1, 2, 255, 256, 257, size / 2, size - 1} {
		p, err := tlog.ProveTree(size, m, r)
		must(err)
		th, err := tlog.TreeHash(m, r)
		must(err)
		must(tlog.CheckTree(p, size, root, m, th))
	}
	fmt.Println("ok:", size, "entries of", v.Name())
}
