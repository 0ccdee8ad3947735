// A stranger's auditor: it knows C2SP's tiles, notes and checkpoints from Go's own libraries, and nothing of Lading.
//
//	go run . <base URL> <verifier key> <bearer token>
//
// It reads the checkpoint of a log, checks every tile against it, every entry against the tiles, and the root again from the
// entries alone. It says what is wrong, or how many entries are proved.
package main

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

type log struct{ base, token string }

func main() {
	if len(os.Args) != 4 {
		fail(errors.New("usage: go run . <base URL> <verifier key> <bearer token>"))
	}
	count, err := audit(log{strings.TrimSuffix(os.Args[1], "/"), os.Args[3]}, os.Args[2])
	if err != nil {
		fail(err)
	}
	fmt.Printf("verified %d\n", count)
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func (l log) get(path string) ([]byte, error) {
	request, err := http.NewRequest("GET", l.base+"/"+path, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+l.token)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != 200 {
		err = fmt.Errorf("%s: %s: %s", path, answer.Status, body)
	}
	return body, err
}

// Go's own paths have the height of tiles in them, those of C2SP do not.
func tilePath(tile tlog.Tile) string {
	return strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/", height), "tile/", 1)
}

func (l log) Height() int { return height }

func (l log) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		data, err := l.get(tilePath(tile))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func (l log) SaveTiles(tiles []tlog.Tile, data [][]byte) {}

func (l log) checkpoint(key string) (tlog.Tree, error) {
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return tlog.Tree{}, err
	}
	signed, err := l.get("checkpoint")
	if err != nil {
		return tlog.Tree{}, err
	}
	opened, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] != verifier.Name() {
		return tlog.Tree{}, fmt.Errorf("not a checkpoint of %s: %q", verifier.Name(), opened.Text)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, err
}

func (l log) entries(index, width int64) ([][]byte, error) {
	path := tilePath(tlog.Tile{H: height, L: -1, N: index, W: int(width)})
	bundle, err := l.get(strings.Replace(path, "tile/data/", "tile/entries/", 1))
	var entries [][]byte
	for len(bundle) > 0 && err == nil {
		if len(bundle) < 2 || len(bundle)-2 < int(binary.BigEndian.Uint16(bundle)) {
			return nil, fmt.Errorf("bundle %d breaks off", index)
		}
		end := 2 + int(binary.BigEndian.Uint16(bundle))
		entries, bundle = append(entries, bundle[2:end]), bundle[end:]
	}
	if err == nil && int64(len(entries)) != width {
		err = fmt.Errorf("bundle %d has %d entries, not %d", index, len(entries), width)
	}
	return entries, err
}

func audit(l log, key string) (int64, error) {
	tree, err := l.checkpoint(key)
	if err != nil {
		return 0, err
	}
	reader := tlog.TileHashReader(tree, l)
	// The hashes of the tree that the entries make, by Go's own numbers for them.
	var own []tlog.Hash
	stored := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var found []tlog.Hash
		for _, index := range indexes {
			found = append(found, own[index])
		}
		return found, nil
	})
	for first := int64(0); first < tree.N; first += 1 << height {
		width := min(tree.N-first, 1<<height)
		entries, err := l.entries(first>>height, width)
		if err != nil {
			return 0, err
		}
		var indexes []int64
		for i := range entries {
			indexes = append(indexes, tlog.StoredHashIndex(0, first+int64(i)))
		}
		leaves, err := reader.ReadHashes(indexes)
		if err != nil {
			return 0, err
		}
		for i, entry := range entries {
			if tlog.RecordHash(entry) != leaves[i] {
				return 0, fmt.Errorf("entry %d is not the one in the tree", first+int64(i))
			}
			hashes, err := tlog.StoredHashes(first+int64(i), entry, stored)
			if err != nil {
				return 0, err
			}
			own = append(own, hashes...)
		}
	}
	root, err := tlog.TreeHash(tree.N, stored)
	if err != nil {
		return 0, err
	}
	if root != tree.Hash {
		return 0, fmt.Errorf("the entries make the root %v, and the checkpoint has %v", root, tree.Hash)
	}
	return tree.N, l.proofs(tree, stored)
}

// The proofs that the log hands out singly, for some events and sizes.
func (l log) proofs(tree tlog.Tree, stored tlog.HashReader) error {
	for _, at := range []int64{1, tree.N/3 + 1, tree.N/2 + 1, tree.N} {
		inclusion, err := l.proof(fmt.Sprintf("proofs/inclusion?sequence=%d&size=%d", at, tree.N))
		if err != nil {
			return err
		}
		leaf, err := stored.ReadHashes([]int64{tlog.StoredHashIndex(0, at-1)})
		if err != nil {
			return err
		}
		if err := tlog.CheckRecord(inclusion, tree.N, tree.Hash, at-1, leaf[0]); err != nil {
			return fmt.Errorf("inclusion of %d: %w", at, err)
		}
		older, err := tlog.TreeHash(at, stored)
		if err != nil {
			return err
		}
		consistency, err := l.proof(fmt.Sprintf("proofs/consistency?from=%d&to=%d", at, tree.N))
		if err != nil {
			return err
		}
		if err := tlog.CheckTree(tlog.TreeProof(consistency), tree.N, tree.Hash, at, older); err != nil {
			return fmt.Errorf("consistency with %d: %w", at, err)
		}
	}
	return nil
}

func (l log) proof(path string) (tlog.RecordProof, error) {
	text, err := l.get(path)
	if err != nil {
		return nil, err
	}
	var answer struct{ Proof []string }
	if err := json.Unmarshal(text, &answer); err != nil {
		return nil, err
	}
	proof := tlog.RecordProof{}
	for _, one := range answer.Proof {
		bytes, err := base64.StdEncoding.DecodeString(one)
		if err != nil || len(bytes) != tlog.HashSize {
			return nil, fmt.Errorf("%s is no hash", one)
		}
		proof = append(proof, tlog.Hash(bytes))
	}
	return proof, nil
}
