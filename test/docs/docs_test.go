// Package docs keeps the written pages honest: links lead somewhere, commands that are named exist, every package says
// what it is for, and no path of anybody's machine has slipped in. It judges no prose.
package docs

import (
	"go/parser"
	"go/token"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"testing"
)

const root = "../.."

// tree lists the files of the repository, without what git keeps for itself, what builds leave and what editors write.
func tree(t *testing.T) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.Name() == ".git" && !entry.IsDir() { // of a worktree
			return nil
		}
		if entry.IsDir() {
			switch entry.Name() {
			case ".git", "bin", "screenshots", ".idea", ".vscode":
				return filepath.SkipDir
			}
			return nil
		}
		names = append(names, name)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func pages(t *testing.T) []string {
	t.Helper()
	var found []string
	for _, name := range tree(t) {
		if strings.HasSuffix(name, ".md") {
			found = append(found, name)
		}
	}
	if len(found) == 0 {
		t.Fatal("found no pages, so nothing was checked")
	}
	return found
}

var link = regexp.MustCompile(`\]\(([^()\s]+)(?:\s+"[^"]*")?\)`)

// deadLinks returns the relative links of a page for which exists says no. Links inside code are text, not links.
func deadLinks(page string, exists func(relative string) bool) []string {
	var dead []string
	for _, found := range link.FindAllStringSubmatch(withoutCode(page), -1) {
		target, err := url.Parse(found[1])
		if err != nil {
			dead = append(dead, found[1])
			continue
		}
		if target.Scheme == "" && target.Host == "" && target.Path != "" && !exists(target.Path) {
			dead = append(dead, found[1])
		}
	}
	return dead
}

var (
	fence = regexp.MustCompile("(?s)(?:^|\n)[ \t]*```.*?\n[ \t]*```")
	span  = regexp.MustCompile("`[^`\n]+`")
)

func withoutCode(page string) string {
	return span.ReplaceAllString(fence.ReplaceAllString(page, ""), "")
}

func TestLinksLeadSomewhere(t *testing.T) {
	for _, page := range pages(t) {
		for _, dead := range deadLinks(read(t, page), func(relative string) bool {
			_, err := os.Stat(filepath.Join(filepath.Dir(page), filepath.FromSlash(relative)))
			return err == nil
		}) {
			t.Errorf("%s links to %s, which does not exist", page, dead)
		}
	}
}

var makeCommand = regexp.MustCompile(`(?m)(?:^|[\s` + "`" + `;&|(])make ([a-z][a-z-]*)`)

// makeCommands returns the make targets that the code of a page names. Prose such as "make sure" is not code.
func makeCommands(page string) []string {
	var named []string
	for _, code := range append(fence.FindAllString(page, -1), span.FindAllString(fence.ReplaceAllString(page, ""), -1)...) {
		for _, found := range makeCommand.FindAllStringSubmatch(code, -1) {
			named = append(named, found[1])
		}
	}
	return named
}

func TestNamedCommandsExist(t *testing.T) {
	targets := map[string]bool{}
	for _, found := range regexp.MustCompile(`(?m)^([a-z][a-z-]*):`).FindAllStringSubmatch(read(t, filepath.Join(root, "Makefile")), -1) {
		targets[found[1]] = true
	}
	for _, page := range pages(t) {
		for _, named := range makeCommands(read(t, page)) {
			if !targets[named] {
				t.Errorf("%s names `make %s`, which the Makefile does not have", page, named)
			}
		}
	}
}

// machinePath finds absolute paths that hold on one machine only. The separate words keep this file from finding itself;
// what stands before the slash tells an absolute path from an import path or a relative one.
var machinePath = regexp.MustCompile(`(?:^|[^\w.)}*~-])/(?:` + strings.Join([]string{"work", "root", "home", "Users"}, "|") + `)/`)

func TestNoPathsOfOneMachine(t *testing.T) {
	for _, name := range tree(t) {
		text := read(t, name)
		if strings.Contains(text, "\x00") {
			continue // pictures and fonts
		}
		for i, line := range strings.Split(text, "\n") {
			if machinePath.MatchString(line) {
				t.Errorf("%s:%d has a path of one machine: %s", name, i+1, strings.TrimSpace(line))
			}
		}
	}
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	commented := map[string]bool{}
	for _, name := range tree(t) {
		if !strings.HasSuffix(name, ".go") || strings.Contains(filepath.ToSlash(name), "/testdata/") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments|parser.PackageClauseOnly)
		if err != nil {
			t.Fatal(err)
		}
		folder := filepath.Dir(name)
		commented[folder] = commented[folder] || (file.Doc != nil && strings.TrimSpace(file.Doc.Text()) != "")
	}
	var folders []string
	for folder := range commented {
		folders = append(folders, folder)
	}
	sort.Strings(folders)
	for _, folder := range folders {
		if !commented[folder] {
			t.Errorf("package %s has no comment that says what it owns and refuses", folder)
		}
	}
}

func TestTheChecksSeeWhatIsWrong(t *testing.T) {
	const page = "[a](there.md#part) [b](gone.md) [c](https://example.org/x) [d](#part) `[e](code.md)`\n" +
		"```sh\nmake test && make dance\n[f](code.md)\n```\nmake sure, then `make sing`\n"
	dead := deadLinks(page, func(relative string) bool { return relative == "there.md" })
	if len(dead) != 1 || dead[0] != "gone.md" {
		t.Errorf("dead links %q, want only gone.md", dead)
	}
	if named := strings.Join(makeCommands(page), " "); named != "test dance sing" {
		t.Errorf("make commands %q, want test dance sing", named)
	}
	for text, want := range map[string]bool{
		"see /" + "work/x":           true,
		`"/` + `root/x"`:             true,
		"=/" + "home/anna/x":         true,
		"okienko/work/lease":         false,
		"./work/...":                 false,
		"${FOLDER}/root/certificate": false,
	} {
		if machinePath.MatchString(text) != want {
			t.Errorf("machine path in %q: %v, want %v", text, !want, want)
		}
	}
}
