package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// packageLines is a row of the table that says how long packages are.
var packageLines = regexp.MustCompile("(?m)^\\| `([a-z0-9/]+)` \\| (\\d+) \\| ")

// linesOf counts the lines of a package without its tests.
func linesOf(t *testing.T, folder string) int {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(root, filepath.FromSlash(folder)))
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for _, e := range entries {
		if name := e.Name(); strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
			lines += strings.Count(read(t, filepath.Join(root, filepath.FromSlash(folder), name)), "\n")
		}
	}
	return lines
}

// near tells whether a number that is written is true within a twentieth.
func near(written, counted int) bool {
	off := written - counted
	return off*20 <= counted && -off*20 <= counted
}

// TestDoorsAreAsThinAsIsSaid recounts the table of the house on one page: a door
// that grows must say so.
func TestDoorsAreAsThinAsIsSaid(t *testing.T) {
	_, chapter, _ := strings.Cut(read(t, filepath.Join(root, "docs", "ARCHITECTURE.md")), "\n## How thin the doors are\n")
	chapter, _, _ = strings.Cut(chapter, "\n## ")
	said := map[string]int{}
	for _, row := range packageLines.FindAllStringSubmatch(chapter, -1) {
		lines, err := strconv.Atoi(row[2])
		if err != nil {
			t.Fatal(err)
		}
		said[row[1]] = lines
	}
	for _, folder := range []string{"psd2", "psd2/wire", "psd2/mbank", "psd2/polishapi"} {
		switch counted := linesOf(t, folder); {
		case said[folder] == 0:
			t.Errorf("the page does not say how long %s is: %d lines", folder, counted)
		case !near(said[folder], counted):
			t.Errorf("the page says that %s has %d lines, it has %d", folder, said[folder], counted)
		}
	}
}

func TestNearIsATwentieth(t *testing.T) {
	for written, want := range map[int]bool{1000: true, 1050: true, 950: true, 1051: false, 949: false, 0: false} {
		if near(written, 1000) != want {
			t.Errorf("%d for 1000: %v", written, !want)
		}
	}
}
