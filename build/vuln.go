package main

import (
	"context"
	"errors"
	"fmt"
)

// govulncheck is pinned: what it says depends on its database, which it asks for at vuln.go.dev.
const govulncheck = "golang.org/x/vuln/cmd/govulncheck@v1.9.0"

// vuln reports known vulnerabilities that are reached by what is linked into the server and into the engine of the browsers.
func vuln(ctx context.Context, r repo, _ []string) error {
	check := func(target string) error {
		out, err := output(ctx, r.dir, nil, "go", "run", govulncheck, "-tags", goTags, target)
		fmt.Printf("== %s\n%s\n", target, out)
		return err
	}
	return errors.Join(check("./signal"), check("./wasm/node"))
}
