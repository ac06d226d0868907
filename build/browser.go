package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// A browser is one that the tests drive.
type browser struct {
	name     string // as in -browser
	variable string // environment variable that names another binary
	binaries []string
	packages map[string]string // name of the package by package manager
}

var browsers = []browser{
	{
		name:     "chromium",
		variable: "FANSEED_CHROMIUM",
		binaries: []string{
			"chromium", "chromium-browser", "google-chrome-stable", "google-chrome",
			"/Applications/Chromium.app/Contents/MacOS/Chromium", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
		},
		packages: map[string]string{"apt-get": "chromium", "dnf": "chromium", "pacman": "chromium", "brew": "--cask chromium"},
	},
	{
		name:     "firefox",
		variable: "FANSEED_FIREFOX",
		binaries: []string{"firefox", "firefox-esr", "/Applications/Firefox.app/Contents/MacOS/firefox"},
		packages: map[string]string{"apt-get": "firefox-esr", "dnf": "firefox", "pacman": "firefox", "brew": "--cask firefox"},
	},
}

// installers are the words that install packages, by package manager, in order of preference.
var installers = []struct{ manager, words string }{
	{"apt-get", "apt-get update && apt-get install -y --no-install-recommends"},
	{"dnf", "dnf install -y"},
	{"pacman", "pacman -Sy --noconfirm"},
	{"brew", "brew install"},
}

// chooseBrowsers gives the browsers of a comma-separated list; "none" chooses none.
func chooseBrowsers(list string) ([]browser, error) {
	if list == "none" {
		return nil, nil
	}
	var chosen []browser
	for name := range strings.SplitSeq(list, ",") {
		i := slices.IndexFunc(browsers, func(b browser) bool { return b.name == name })
		if i < 0 {
			return nil, fmt.Errorf("no browser %q: there are chromium, firefox and none", name)
		}
		chosen = append(chosen, browsers[i])
	}
	return chosen, nil
}

// find gives the browser's binary.
func (b browser) find() (string, error) {
	if set := os.Getenv(b.variable); set != "" {
		return exec.LookPath(set)
	}
	for _, binary := range b.binaries {
		if path, err := exec.LookPath(binary); err == nil {
			return path, nil
		}
	}
	return "", exec.ErrNotFound
}

// ensureBrowsers gives the environment that names the binaries of the chosen browsers. It installs those that are missing where it may.
func ensureBrowsers(ctx context.Context, r repo, chosen []browser) ([]string, error) {
	var missing []browser
	for _, b := range chosen {
		if _, err := b.find(); err != nil {
			missing = append(missing, b)
		}
	}
	if len(missing) > 0 {
		if err := install(ctx, r, missing); err != nil {
			return nil, err
		}
	}
	var env, names []string
	for _, b := range chosen {
		binary, err := b.find()
		if err != nil {
			return nil, fmt.Errorf("find %s: %w (set %s to its path)", b.name, err, b.variable)
		}
		env, names = append(env, b.variable+"="+binary), append(names, b.name)
	}
	return append(env, "FANSEED_BROWSERS="+strings.Join(names, ",")), nil
}

// install installs browsers as root with apt-get, and says what to type everywhere else.
func install(ctx context.Context, r repo, missing []browser) error {
	for _, installer := range installers {
		if _, err := exec.LookPath(installer.manager); err != nil {
			continue
		}
		words := installer.words
		for _, b := range missing {
			words += " " + b.packages[installer.manager]
		}
		if installer.manager != "apt-get" || os.Geteuid() != 0 {
			return fmt.Errorf("browsers are missing; type:  %s  (or -browser none to test without)", asRoot(installer.manager, words))
		}
		return step("install browsers", func() error {
			return execute(ctx, r.dir, []string{"DEBIAN_FRONTEND=noninteractive"}, "sh", "-c", words)
		})
	}
	return errors.New("browsers are missing: install Chromium and Firefox, or set FANSEED_CHROMIUM and FANSEED_FIREFOX to their paths")
}

// asRoot puts sudo before every command of words where the package manager needs it.
func asRoot(manager, words string) string {
	if manager == "brew" || os.Geteuid() == 0 {
		return words
	}
	return "sudo " + strings.ReplaceAll(words, "&& ", "&& sudo ")
}
