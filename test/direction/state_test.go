package direction

import (
	"go/ast"
	"go/token"
	"strings"
)

const stateless = "no state at package level: two banks run in one process"

// packageVariables refuses package-level variables that are state. Allowed are errors, compiled patterns, embedded files,
// interface assertions and tables that nothing in the package writes to. It is an approximation on syntax: a pointer
// passed on and written elsewhere escapes it, which is why pointers are refused outright.
func (c *checker) packageVariables(folder string, file *ast.File, written map[string]bool) {
	for _, decl := range file.Decls {
		group, ok := decl.(*ast.GenDecl)
		if !ok || group.Tok != token.VAR {
			continue
		}
		for _, s := range group.Specs {
			spec := s.(*ast.ValueSpec) // guaranteed by token.VAR
			if embedded(group, spec) || (folder == "cmd/okienko" && len(spec.Names) == 1 && spec.Names[0].Name == "version") {
				continue // version is written by the linker
			}
			for i, name := range spec.Names {
				switch {
				case name.Name == "_":
				case written[name.Name]:
					c.refuse(name.Pos(), "%s writes to the package-level %s: %s", folder, name.Name, stateless)
				case len(spec.Values) != len(spec.Names):
					c.refuse(name.Pos(), "%s has the package-level %s that waits to be written: %s", folder, name.Name, stateless)
				case !unchanging(spec.Values[i]):
					c.refuse(name.Pos(), "%s has the package-level %s, which may be state; make it a const, a table, or a field: %s", folder, name.Name, stateless)
				}
			}
		}
	}
}

func embedded(group *ast.GenDecl, spec *ast.ValueSpec) bool {
	for _, doc := range []*ast.CommentGroup{group.Doc, spec.Doc} {
		if doc == nil {
			continue
		}
		for _, line := range doc.List {
			if strings.HasPrefix(line.Text, "//go:embed ") {
				return true
			}
		}
	}
	return false
}

// unchanging says whether a value cannot change once made, as far as syntax shows it.
func unchanging(value ast.Expr) bool {
	switch v := value.(type) {
	case *ast.CompositeLit, *ast.FuncLit:
		return true
	case *ast.CallExpr:
		called := v.Fun
		if generic, ok := called.(*ast.IndexExpr); ok {
			called = generic.X
		}
		if of, ok := called.(*ast.SelectorExpr); ok {
			if pkg, ok := of.X.(*ast.Ident); ok {
				return constantCalls[pkg.Name+"."+of.Sel.Name]
			}
		}
	}
	return false
}

// writtenNames collects the package-level names that the files assign to, take the address of, or delete from.
// The parser resolves names within a file: an identifier with an object that is not at file scope is local.
func writtenNames(files []*ast.File) map[string]bool {
	written := map[string]bool{}
	for _, file := range files {
		mark := func(target ast.Expr) {
			if name := root(target); name != nil && (name.Obj == nil || (file.Scope != nil && file.Scope.Lookup(name.Name) == name.Obj)) {
				written[name.Name] = true
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				if n.Tok != token.DEFINE {
					for _, target := range n.Lhs {
						mark(target)
					}
				}
			case *ast.IncDecStmt:
				mark(n.X)
			case *ast.UnaryExpr:
				if n.Op == token.AND {
					mark(n.X)
				}
			case *ast.CallExpr:
				if called, ok := n.Fun.(*ast.Ident); ok && (called.Name == "delete" || called.Name == "clear") && len(n.Args) > 0 {
					mark(n.Args[0])
				}
			}
			return true
		})
	}
	delete(written, "_")
	return written
}

// root is the variable that an expression reaches into: table for table[k].field. A selector on an imported package
// has that package as its root, which no variable of ours is called, so it does no harm.
func root(e ast.Expr) *ast.Ident {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			return x
		case *ast.IndexExpr:
			e = x.X
		case *ast.SelectorExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		default:
			return nil
		}
	}
}
