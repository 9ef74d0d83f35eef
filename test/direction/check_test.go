package direction

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// module is the prefix of our own import paths.
const module = "okienko"

// source is one parsed file that is neither a test nor generated.
type source struct {
	folder string // from the root of the module, with slashes: "bank/money"
	file   *ast.File
}

// check returns what breaks the rules, one sentence each, in the order of the sources.
func check(files *token.FileSet, sources []source) []string {
	c := checker{files: files}
	folders := map[string][]*ast.File{}
	var order []string
	for _, s := range sources {
		if folders[s.folder] == nil {
			order = append(order, s.folder)
		}
		folders[s.folder] = append(folders[s.folder], s.file)
	}
	for _, folder := range order {
		c.name(folder, folders[folder])
		written := writtenNames(folders[folder])
		for _, file := range folders[folder] {
			c.imports(folder, file)
			c.uses(folder, file)
			c.packageVariables(folder, file, written)
		}
	}
	return c.broken
}

type checker struct {
	files  *token.FileSet
	broken []string
}

func (c *checker) refuse(at token.Pos, format string, args ...any) {
	position := c.files.Position(at)
	c.broken = append(c.broken, fmt.Sprintf("%s:%d: %s", position.Filename, position.Line, fmt.Sprintf(format, args...)))
}

func (c *checker) name(folder string, files []*ast.File) {
	for _, segment := range append(strings.Split(folder, "/"), files[0].Name.Name) {
		if noNames[segment] {
			c.refuse(files[0].Name.Pos(), "%s: the name %q says nothing; name the idea", folder, segment)
			return
		}
	}
}

func (c *checker) imports(folder string, file *ast.File) {
	r, ok := ruleFor(folder)
	if !ok {
		c.refuse(file.Name.Pos(), "%s: no rule for this folder; add one, with its reason, to test/direction/rules_test.go", folder)
		return
	}
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue // the parser has refused it already
		}
		ours, isOurs := strings.CutPrefix(imported, module+"/")
		switch {
		case isOurs && !r.allows(folder, ours):
			c.refuse(spec.Pos(), "%s imports %s: %s", folder, ours, r.why)
		case !isOurs && matches("bank/...", folder):
			if _, ok := pure[imported]; !ok {
				c.refuse(spec.Pos(), "%s imports %s: the core is pure; hashing, randomness, clocks and I/O are handed in", folder, imported)
			}
		}
		for _, o := range outsideRules {
			if matchesAny(o.who, folder) && !matchesAny(exemptOutside, folder) && matchesAny(o.never, imported) {
				c.refuse(spec.Pos(), "%s imports %s: %s", folder, imported, o.why)
			}
		}
	}
}

// structTag finds tags by which a library would read or write a value of the core.
var structTag = regexp.MustCompile(`\b(json|xml|yaml|toml|db|sql|form|env):"`)

// uses refuses what is written inside functions and types: asking for the time, floats and tags in the core.
func (c *checker) uses(folder string, file *ast.File) {
	core := matches("bank/...", folder)
	timeName, slogName := importName(file, "time"), importName(file, "log/slog")
	askTime := false
	for who := range mayAskTime {
		askTime = askTime || matches(who, folder)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			of, ok := n.X.(*ast.Ident)
			switch {
			case !ok || of.Obj != nil: // a local name that hides the package
			case of.Name == timeName && wallClockReaders[n.Sel.Name] && !askTime:
				c.refuse(n.Pos(), "%s uses time.%s: time comes from a clock that is handed in, or a test cannot move it", folder, n.Sel.Name)
			case of.Name == slogName && core && !slogValues[n.Sel.Name]:
				c.refuse(n.Pos(), "%s uses slog.%s: the core says how a value looks in a log, and never writes one", folder, n.Sel.Name)
			}
		case *ast.Ident:
			if core && (n.Name == "float32" || n.Name == "float64") {
				c.refuse(n.Pos(), "%s uses %s: money is whole minor units, and rates are scaled integers", folder, n.Name)
			}
		case *ast.BasicLit:
			// 1e15 is how a large whole number is written; 1.0 and 1e-3 are not whole numbers' names.
			whole := constant.ToInt(constant.MakeFromLiteral(n.Value, n.Kind, 0)).Kind() == constant.Int && !strings.Contains(n.Value, ".")
			if core && n.Kind == token.FLOAT && !whole {
				c.refuse(n.Pos(), "%s has the float %s: money is whole minor units, and rates are scaled integers", folder, n.Value)
			}
		case *ast.Field:
			if core && n.Tag != nil && structTag.MatchString(n.Tag.Value) {
				c.refuse(n.Tag.Pos(), "%s has the struct tag %s: wire forms belong to the doors, columns to the store", folder, n.Tag.Value)
			}
		}
		return true
	})
}

// importName is the name by which the file calls the package, "" when it does not import it.
func importName(file *ast.File, imported string) string {
	for _, spec := range file.Imports {
		if spec.Path.Value != strconv.Quote(imported) {
			continue
		}
		if spec.Name != nil {
			return spec.Name.Name
		}
		return path.Base(imported)
	}
	return ""
}

func ruleFor(folder string) (rule, bool) {
	for _, r := range rules {
		if matches(r.who, folder) {
			return r, true
		}
	}
	return rule{}, false
}

func (r rule) allows(folder, imported string) bool {
	for _, pattern := range r.never {
		if matches(pattern, imported) && !matches(pattern, folder) {
			return false
		}
	}
	return matches(r.itself(folder), imported) || matchesAny(r.may, imported)
}

// itself is the pattern of the part that folder belongs to: for web/*/... and web/customer/pages it is web/customer/... .
func (r rule) itself(folder string) string {
	depth := len(strings.Split(strings.TrimSuffix(r.who, "/..."), "/"))
	return strings.Join(strings.Split(folder, "/")[:depth], "/") + "/..."
}

func matchesAny(patterns []string, folder string) bool {
	for _, p := range patterns {
		if matches(p, folder) {
			return true
		}
	}
	return false
}

func matches(pattern, folder string) bool {
	if pattern == "..." {
		return true
	}
	stem, below := strings.CutSuffix(pattern, "/...")
	want, have := strings.Split(stem, "/"), strings.Split(folder, "/")
	if len(have) < len(want) || (!below && len(have) > len(want)) {
		return false
	}
	for i, w := range want {
		if w != "*" && w != have[i] {
			return false
		}
	}
	return true
}
