// Package postgrestest runs a PostgreSQL server of its own for tests and measurements.
//
// It promises that nothing of it is left when the process ends, however that ends, and that it syncs to the disk like one in earnest. It
// listens on a Unix socket in a folder of its own, and never touches a cluster of the system.
package postgrestest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver pgx

	"fanseed/build/debian"
)

// cluster is the one of this process, started by whoever needs it first.
var cluster = sync.OnceValues(start)

var databases atomic.Int64

// New returns the URL of a new, empty database. Where PostgreSQL is missing and may not be installed, the test is skipped.
func New(t testing.TB) string {
	t.Helper()
	folder, err := cluster()
	if errors.Is(err, debian.ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("books%d", databases.Add(1))
	if err := execute(folder, "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = execute(folder, "DROP DATABASE "+name+" WITH (FORCE)") })
	return address(folder, name)
}

func address(folder, database string) string {
	return "postgres:///" + database + "?user=fanseed&host=" + url.QueryEscape(folder)
}

func execute(folder, statement string) error {
	db, err := sql.Open("pgx", address(folder, "postgres"))
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.Exec(statement)
	return err
}

// binaries gives the folder of PostgreSQL's programs, the newest where there are several, or nothing.
func binaries() string {
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path)
	}
	var found []string
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin/initdb", "/usr/pgsql-*/bin/initdb", "/opt/homebrew/opt/postgresql@*/bin/initdb"} {
		more, _ := filepath.Glob(pattern)
		found = append(found, more...)
	}
	if len(found) == 0 {
		return ""
	}
	return filepath.Dir(slices.Max(found))
}

// supervise runs the server until its standard input ends, which it does when this process ends, and then leaves nothing.
const supervise = `"$1/postgres" -D "$2/data" -k "$2" -c listen_addresses= -c max_connections=200 -c autovacuum_naptime=10s </dev/null &
cat >/dev/null
kill -QUIT $!
wait
rm -rf "$2"`

// start makes a cluster and returns the folder of its socket.
func start() (folder string, err error) {
	if err := debian.Install(context.Background(), func() bool { return binaries() != "" }, "postgresql-15"); err != nil {
		return "", err
	}
	if folder, err = os.MkdirTemp("", "fanseed-pg-"); err != nil {
		return "", err
	}
	if err := give(folder); err != nil {
		return "", err
	}
	initdb := asServer(exec.Command(filepath.Join(binaries(), "initdb"), "-D", filepath.Join(folder, "data"), "-U", "fanseed", "-A", "trust",
		"-E", "UTF8", "--locale=C", "--no-sync"))
	initdb.Dir = folder
	if out, err := initdb.CombinedOutput(); err != nil {
		return "", errors.Join(fmt.Errorf("initdb: %w\n%s", err, out), os.RemoveAll(folder))
	}
	log, err := os.Create(filepath.Join(folder, "log"))
	if err != nil {
		return "", err
	}
	defer log.Close()
	server := asServer(exec.Command("sh", "-c", supervise, "sh", binaries(), folder))
	server.Dir, server.Stdout, server.Stderr = folder, log, log
	if lifeline, err = server.StdinPipe(); err != nil {
		return "", err
	}
	if err := server.Start(); err != nil {
		return "", err
	}
	return folder, answers(folder)
}

// lifeline is the standard input of the one who supervises; nothing is ever written to it.
var lifeline io.WriteCloser

func answers(folder string) (err error) {
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if err = execute(folder, "SELECT 1"); err == nil {
			return nil
		}
	}
	said, _ := os.ReadFile(filepath.Join(folder, "log"))
	return fmt.Errorf("start PostgreSQL: %w\n%s", err, said)
}
