// A shop's own site, at another origin than the instance under test: serves the given files, and nothing else.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface ShopServer {
  origin: string;
  /** The files by path. Tests may change them. */
  files: Map<string, string>;
  stop(): Promise<void>;
}

const TYPES: Record<string, string> = { js: "text/javascript", html: "text/html" };

/** A policy as strict as a shop's can be: nothing inline, and only the instance besides the site itself. */
const policy = (instance: string) =>
  `default-src 'none'; script-src 'self' ${instance}; connect-src ${instance}`;

export async function startShopServer(instance: () => string): Promise<ShopServer> {
  const files = new Map<string, string>();
  const server = createServer(({ url = "/" }, response) => {
    const body = files.get(url);
    const type = TYPES[url.split(".").at(-1) ?? ""] ?? "text/html";
    response.writeHead(body === undefined ? 404 : 200, {
      "content-type": `${type}; charset=utf-8`,
      "content-security-policy": policy(instance()),
    });
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { origin: `http://127.0.0.1:${port}`, files, stop };
}
