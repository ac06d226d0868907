package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime"
)

// compileServer compiles the server, with web/dist embedded, for the machine that builds.
func compileServer(ctx context.Context, r repo) (string, error) {
	binary := r.cache("fanseed" + executableSuffix(runtime.GOOS))
	return binary, step("compile the server", func() error {
		return execute(ctx, r.dir, nil, "go", "build", "-o", binary, "./signal")
	})
}

func executableSuffix(goos string) string {
	if goos == "windows" {
		return ".exe"
	}
	return ""
}

// release writes bin/fanseed: one static binary with everything in it. Its version is what the go command stamps from git.
func release(ctx context.Context, r repo, args []string) error {
	flags := flag.NewFlagSet("release", flag.ExitOnError)
	goos := flags.String("os", runtime.GOOS, "operating system to build for, as GOOS")
	goarch := flags.String("arch", runtime.GOARCH, "processor to build for, as GOARCH")
	_ = flags.Parse(args) // exits on an error
	s, err := buildSite(ctx, r, bestBrotli)
	if err != nil {
		return err
	}
	binary := r.path("bin/fanseed" + executableSuffix(*goos))
	err = step("compile the server", func() error {
		env := []string{"GOOS=" + *goos, "GOARCH=" + *goarch}
		return execute(ctx, r.dir, env, "go", "build", "-trimpath", "-buildvcs=true", "-ldflags", "-s -w", "-o", binary, "./signal")
	})
	if err != nil {
		return err
	}
	info, err := os.Stat(binary)
	if err != nil {
		return err
	}
	s.printSizes()
	fmt.Printf("%s  %.1f MB, %s/%s, static, version %s\n", binary, float64(info.Size())/1e6, *goos, *goarch, version(ctx, r))
	return nil
}

// version describes the sources by the nearest tag and commit, as git does.
func version(ctx context.Context, r repo) string {
	described, err := output(ctx, r.dir, nil, "git", "describe", "--tags", "--always", "--dirty")
	if err != nil {
		return "unknown (no git history)"
	}
	return described
}
