//go:build !unix

package postgrestest

import "os/exec"

func give(string) error { return nil }

func asServer(cmd *exec.Cmd) *exec.Cmd { return cmd }
