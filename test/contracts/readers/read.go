// Reads {"text" | "day" | "moment": …} a line, and prints what it read: see readers.ts.
package main

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"time"
)

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 1<<20), 1<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for lines.Scan() {
		var one struct{ Text, Day, Moment *string }
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
			panic(err)
		}
		switch {
		case one.Text != nil:
			fmt.Fprintln(out, hex.EncodeToString([]byte(*one.Text)))
		case one.Day != nil:
			day, err := time.Parse(time.DateOnly, *one.Day)
			if err != nil {
				panic(err)
			}
			fmt.Fprintln(out, day.Unix()/86400)
		default:
			at, err := time.Parse(time.RFC3339, *one.Moment)
			if err != nil {
				panic(err)
			}
			fmt.Fprintln(out, at.Unix(), at.Nanosecond())
		}
	}
}
