// SPDX-License-Identifier: Apache-2.0

// Usage: tar_list ARCHIVE...: what Go's archive/tar reads of each: a line of JSON for each entry, then "end" or "error".
package main

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
)

func list(name string) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	reader := tar.NewReader(file)
	for {
		header, err := reader.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		hash := sha256.New()
		size, err := io.Copy(hash, reader)
		if err != nil {
			return err
		}
		if header.Typeflag == tar.TypeXGlobalHeader {
			continue
		}
		line, _ := json.Marshal([]interface{}{string(header.Typeflag), hex.EncodeToString([]byte(header.Name)),
			hex.EncodeToString([]byte(header.Linkname)), size, hex.EncodeToString(hash.Sum(nil)), header.Mode & 07777,
			header.Uid, header.Gid, header.ModTime.Unix(), header.Devmajor, header.Devminor})
		fmt.Println(string(line))
	}
}

func main() {
	for _, name := range os.Args[1:] {
		if err := list(name); err != nil {
			fmt.Println("\"error\"")
		} else {
			fmt.Println("\"end\"")
		}
	}
}
