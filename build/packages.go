package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
)

// oldestNode is the oldest major version of Node.js that the build works with.
const oldestNode = 20

// checkNode says what to do where Node.js or npm is missing or too old.
func checkNode(ctx context.Context, r repo) error {
	if _, err := exec.LookPath("node"); err != nil {
		return fmt.Errorf("Node.js is missing: install version %d or later (https://nodejs.org), then try again", oldestNode)
	}
	version, err := output(ctx, r.dir, nil, "node", "--version")
	if err != nil {
		return err
	}
	major, _, _ := strings.Cut(strings.TrimPrefix(version, "v"), ".")
	if n, err := strconv.Atoi(major); err != nil || n < oldestNode {
		return fmt.Errorf("Node.js %s is too old: install version %d or later (https://nodejs.org), then try again", version, oldestNode)
	}
	if _, err := exec.LookPath("npm"); err != nil {
		return errors.New("npm is missing: it comes with Node.js, or as the package npm of your system")
	}
	return nil
}

// installPackages brings web/node_modules to what the lockfile says. Install scripts never run.
func installPackages(ctx context.Context, r repo) error {
	stamp, err := stampOf(r.path("web/node_modules/.fanseed"), r.path("web/package.json"), r.path("web/package-lock.json"))
	if err != nil || stamp.fresh() {
		return err
	}
	if err := checkNode(ctx, r); err != nil {
		return err
	}
	err = execute(ctx, r.path("web"), nil, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
	if err != nil {
		return err
	}
	return stamp.keep()
}

// checkTypes type-checks one TypeScript project, a directory with a tsconfig.json.
func checkTypes(ctx context.Context, r repo, project string) error {
	inputs, err := filesUnder(r.path("web"), ".ts", ".json")
	if err != nil {
		return err
	}
	stamp, err := stampOf(r.cache("types/"+strings.ReplaceAll(project, "/", "-")), inputs...)
	if err != nil || stamp.fresh() {
		return err
	}
	if err := execute(ctx, r.path(project), nil, "node", r.path("web/node_modules/typescript/bin/tsc"), "--noEmit", "--pretty", "false"); err != nil {
		return err
	}
	return stamp.keep()
}
