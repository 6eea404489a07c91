// A rehearsal of an address that is no instance, or with the wrong token, ends before it begins, and says why.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { UsageError } from "../../../src/local/command-line.ts";
import { openInstance } from "../../../src/local/rehearse/instance.ts";
import { type Options, parseOptions } from "../../../src/local/rehearse/options.ts";

const open = (url: string) => openInstance(parseOptions(["--url", url]) as Options);

/** A server that answers every request with this status. */
async function serve(status: number) {
  const server = createServer((_, response) => response.writeHead(status).end("<p>Hello</p>"));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    [Symbol.asyncDispose]: () => new Promise<void>((done) => server.close(() => done())),
  };
}

test.each([
  [401, "ADMIN_TOKEN is not an operator's at"],
  [404, "does not answer as Doorbuster does: GET /api/admin/sales returned 404."],
  [501, "does not answer as Doorbuster does: GET /api/admin/sales returned 501."],
])("explains an address that answers %i", async (status, message) => {
  await using server = await serve(status);
  await expect(open(server.url)).rejects.toThrow(UsageError);
  await expect(open(server.url)).rejects.toThrow(message);
});

test("explains an address where nobody answers", async () => {
  const { url } = await (async () => {
    await using server = await serve(200);
    return server;
  })();
  await expect(open(url)).rejects.toThrow(UsageError);
  await expect(open(url)).rejects.toThrow(/does not answer: .*ECONNREFUSED/);
});
