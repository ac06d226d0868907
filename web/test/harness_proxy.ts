import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import { connect, type AddressInfo } from "node:net";
import type { LaunchOptions } from "./harness_browser";
import { atEnd, type Scope } from "./harness_scope";

/** Changes what a server answers. Undefined: there is nothing under this address. */
export type Tamper = (path: string, body: Buffer) => Buffer | undefined;

/** One who sits between a browser and every server, and may change what they say. */
export class Proxy {
  tamper: Tamper | undefined;
  port = 0;

  /** How a browser is launched that goes through it, to this machine too. */
  get options(): LaunchOptions {
    const { port } = this;
    const host = "127.0.0.1";
    return {
      flags: [`--proxy-server=http://${host}:${port}`, "--proxy-bypass-list=<-loopback>"],
      prefs: {
        "network.proxy.type": 1,
        "network.proxy.http": host,
        "network.proxy.http_port": port,
        "network.proxy.ssl": host,
        "network.proxy.ssl_port": port,
        "network.proxy.no_proxies_on": "",
        "network.proxy.allow_hijacking_localhost": true,
      },
    };
  }

  /** Nothing of what is tampered with may be had from a cache. */
  pass(from: IncomingMessage, to: ServerResponse): void {
    const url = new URL(from.url ?? "");
    const { host: _, ...headers } = from.headers;
    const onward = request(url, { method: from.method, headers: { ...headers, host: url.host } }, (answer) => {
      if (!url.pathname.startsWith("/v1/")) {
        to.writeHead(answer.statusCode ?? 502, answer.headers);
        return void answer.pipe(to);
      }
      const parts: Buffer[] = [];
      answer.on("data", (part: Buffer) => parts.push(part));
      answer.on("end", () => {
        const body = Buffer.concat(parts);
        const changed = this.tamper && answer.statusCode === 200 ? this.tamper(url.pathname, body) : body;
        to.writeHead(changed ? (answer.statusCode ?? 502) : 404, { ...answer.headers, "content-length": changed?.length ?? 0, "cache-control": "no-store" });
        to.end(changed);
      });
    });
    onward.on("error", () => to.destroy());
    from.pipe(onward);
  }
}

/** Starts one, which ends with the scope. */
export async function startProxy(scope: Scope): Promise<Proxy> {
  const proxy = new Proxy();
  const server = createServer((from, to) => proxy.pass(from, to));
  server.on("connect", (from, socket, head) => {
    const { hostname, port } = new URL(`http://${from.url}`);
    const onward = connect(Number(port), hostname, () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      onward.write(head);
      onward.pipe(socket).pipe(onward);
    });
    for (const end of [onward, socket]) end.on("error", () => (onward.destroy(), socket.destroy()));
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  proxy.port = (server.address() as AddressInfo).port;
  atEnd(scope, async () => {
    server.closeAllConnections();
    server.close();
  });
  return proxy;
}
