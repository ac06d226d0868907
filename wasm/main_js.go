// Command wasm is the engine that runs in a page's dedicated worker.
package main

import "fanseed/wasm/bridge"

func main() { bridge.Run() }
