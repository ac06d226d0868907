package api

// Routes are the patterns of all that answers under /v1 but the public log, and on the operator's listener.
func Routes() (patterns []string) {
	for _, list := range [][]route{(&API{}).routes(), Admin{}.routes()} {
		for _, r := range list {
			patterns = append(patterns, r.pattern)
		}
	}
	return patterns
}
