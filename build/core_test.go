package main

import (
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// forbiddenCalls are functions whose answer does not follow from a core's inputs.
var forbiddenCalls = map[string][]string{
	"time": {"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"},
	"maps": {"All", "Keys", "Values"}, // unless sorted at once
}

// The cores are state machines: the same inputs give the same effects in the same order, wherever they run.
func TestCoresArePure(t *testing.T) {
	packages := list(t, nil, "-export", "./wasm/swarm", "./signal/tracker", "./signal/reward")
	for _, path := range pure {
		p := packages["fanseed/"+path]
		var sources []source
		for _, name := range p.GoFiles {
			content, err := os.ReadFile(filepath.Join(p.Dir, name))
			if err != nil {
				t.Fatal(err)
			}
			sources = append(sources, source{path + "/" + name, string(content)})
		}
		found, err := impurities(sources, func(path string) (io.ReadCloser, error) { return os.Open(packages[path].Export) })
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		for _, f := range found {
			t.Error(f)
		}
	}
}

type source struct{ name, text string }

// impurities type-checks one package and lists what makes its behaviour depend on more than its inputs. lookup opens the export data of
// an import.
func impurities(sources []source, lookup importer.Lookup) ([]string, error) {
	set := token.NewFileSet()
	var files []*ast.File
	for _, s := range sources {
		file, err := parser.ParseFile(set, s.name, s.text, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}}
	config := types.Config{Importer: importer.ForCompiler(set, "gc", lookup)}
	if _, err := config.Check("core", set, files, info); err != nil {
		return nil, err
	}
	v := &purity{set: set, info: info, sorted: map[ast.Node]bool{}}
	for _, file := range files {
		ast.Inspect(file, v.visit)
	}
	slices.Sort(v.found)
	return v.found, nil
}

// A purity is a walk through one package.
type purity struct {
	set    *token.FileSet
	info   *types.Info
	sorted map[ast.Node]bool // calls whose order does not matter: they are sorted at once
	found  []string
}

func (v *purity) report(node ast.Node, what string) {
	v.found = append(v.found, fmt.Sprintf("%s: %s", v.set.Position(node.Pos()), what))
}

func (v *purity) visit(node ast.Node) bool {
	switch n := node.(type) {
	case *ast.GoStmt:
		v.report(n, "goroutine")
	case *ast.SelectStmt:
		v.report(n, "select")
	case *ast.ChanType:
		v.report(n, "channel")
	case *ast.RangeStmt:
		if _, isMap := v.info.TypeOf(n.X).Underlying().(*types.Map); isMap {
			v.report(n, "order taken from a map")
		}
	case *ast.CallExpr:
		v.visitCall(n)
	}
	return true
}

func (v *purity) visitCall(call *ast.CallExpr) {
	pkg, name := v.callee(call.Fun)
	switch {
	case pkg == "slices" && strings.HasPrefix(name, "Sorted"):
		v.sorted[call.Args[0]] = true
	case slices.Contains(forbiddenCalls[pkg], name) && !v.sorted[call]:
		v.report(call, pkg+"."+name)
	case (pkg == "math/rand" || pkg == "math/rand/v2") && !strings.HasPrefix(name, "New"):
		v.report(call, pkg+"."+name+": randomness is handed in")
	}
}

// callee names the package-level function that is called; empty for anything else.
func (v *purity) callee(fun ast.Expr) (pkg, name string) {
	selector, ok := fun.(*ast.SelectorExpr)
	if !ok {
		return "", ""
	}
	f, ok := v.info.Uses[selector.Sel].(*types.Func)
	if !ok || f.Pkg() == nil || f.Signature().Recv() != nil {
		return "", ""
	}
	return f.Pkg().Path(), f.Name()
}

// Every rule can be broken.
func TestImpurities(t *testing.T) {
	const text = `package core

import (
	"maps"
	"math/rand/v2"
	"slices"
	"time"
)

func f(m map[int]int, r *rand.Rand, now time.Time) int {
	go f(m, r, now)
	var c chan int
	select {
	case <-c:
	default:
	}
	for k := range m {
		_ = k
	}
	for k := range maps.Keys(m) {
		_ = k
	}
	for k := range slices.Values(slices.Sorted(maps.Keys(m))) {
		_ = k
	}
	_ = time.Now().After(now)
	return r.IntN(3) + rand.IntN(3)
}
`
	packages := list(t, nil, "-export", "maps", "math/rand/v2", "slices", "time")
	got, err := impurities([]source{{"core.go", text}}, func(path string) (io.ReadCloser, error) { return os.Open(packages[path].Export) })
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"core.go:11:2: goroutine",
		"core.go:12:8: channel",
		"core.go:13:2: select",
		"core.go:17:2: order taken from a map",
		"core.go:20:17: maps.Keys",
		"core.go:26:6: time.Now",
		"core.go:27:21: math/rand/v2.IntN: randomness is handed in",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
