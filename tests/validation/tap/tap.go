// SPDX-License-Identifier: Apache-2.0

// Package tap prints the Test Anything Protocol. It stands in for the package of the same import
// path that the OCI validation suite wants and Debian does not have; it has what the suite calls.
package tap

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
)

// T is one stream of results.
type T struct {
	Writer io.Writer
	count  int
	todo   bool
}

// New returns a stream that goes to standard output.
func New() *T {
	return &T{Writer: os.Stdout}
}

// Header prints the version and, if count is not 0, the plan.
func (t *T) Header(count int) {
	fmt.Fprintln(t.Writer, "TAP version 13")
	if count > 0 {
		fmt.Fprintf(t.Writer, "1..%d\n", count)
	}
}

// AutoPlan prints the plan after the results.
func (t *T) AutoPlan() {
	fmt.Fprintf(t.Writer, "1..%d\n", t.count)
}

// Ok prints one result.
func (t *T) Ok(passed bool, description string) {
	word := "ok"
	if !passed {
		word = "not ok"
	}
	mark := "-"
	if t.todo {
		mark, t.todo = "# TODO", false
	}
	t.count++
	fmt.Fprintf(t.Writer, "%s %d %s %s\n", word, t.count, mark, strings.ReplaceAll(description, "\n", " "))
}

// Todo marks the next result as one that does not count.
func (t *T) Todo() *T {
	t.todo = true
	return t
}

// Pass prints a result that is good.
func (t *T) Pass(description string) {
	t.Ok(true, description)
}

// Fail prints a result that is bad.
func (t *T) Fail(description string) {
	t.Ok(false, description)
}

// Skip prints count results that were not looked for.
func (t *T) Skip(count int, description string) {
	for ; count > 0; count-- {
		t.count++
		fmt.Fprintf(t.Writer, "ok %d # SKIP %s\n", t.count, description)
	}
}

// Diagnostic prints text as comments.
func (t *T) Diagnostic(message string) {
	fmt.Fprintf(t.Writer, "# %s\n", strings.ReplaceAll(message, "\n", "\n# "))
}

// Diagnosticf is Diagnostic with a format.
func (t *T) Diagnosticf(format string, values ...interface{}) {
	t.Diagnostic(fmt.Sprintf(format, values...))
}

// YAML prints details of the last result (as JSON, which is YAML).
func (t *T) YAML(message interface{}) error {
	text, err := json.MarshalIndent(message, "  ", "  ")
	if err != nil {
		return err
	}
	fmt.Fprintf(t.Writer, "  ---\n  %s\n  ...\n", text)
	return nil
}
