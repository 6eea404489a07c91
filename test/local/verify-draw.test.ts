// `npm run verify-draw` and the README's script, on draws with rounds that drand's quicknet published.
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { roundAfter, roundTime } from "../../src/admission/draw.ts";
import { earlyPlace } from "../../src/admission/place.ts";
import { startFakeDrand } from "../../src/local/fakes/drand.ts";
import { runVerifyDraw } from "../../src/local/verify-draw.ts";
import { chained, RECORDED, type RevealedDraw, revealedDraw } from "../admission/draws.ts";

const PROJECT = resolve(import.meta.dirname, "../..");

/** Inside the project, so that the README's script finds its library. */
let directory: string;
let server: Server;
/** Serves `served` at the address of a sale's draw. */
let origin: string;
let served: unknown;
let draw: RevealedDraw;
let place: number;

beforeAll(async () => {
  await mkdir(join(PROJECT, ".wrangler"), { recursive: true });
  directory = await mkdtemp(join(PROJECT, ".wrangler/verify-draw-"));
  draw = await revealedDraw();
  place = earlyPlace(draw, { saleId: draw.saleId, userId: "alice" });
  server = createServer((request, response) => {
    response.statusCode = request.url === `/api/sales/${draw.saleId}/draw` ? 200 : 404;
    response.end(JSON.stringify(served));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  server.close();
  await rm(directory, { recursive: true });
});

/** Runs the command. Returns its exit status and what it printed. */
async function verify(...args: string[]): Promise<{ status: number; lines: string[] }> {
  const lines: string[] = [];
  const status = await runVerifyDraw(args, (line) => lines.push(line));
  return { status, lines };
}

async function saved(document: unknown): Promise<string> {
  const file = join(directory, `${crypto.randomUUID()}.json`);
  await writeFile(file, JSON.stringify(document));
  return file;
}

test("proves a saved draw and a place", async () => {
  const args = ["--user", "alice", "--place", String(place)];
  const { status, lines } = await verify(await saved(draw), ...args);
  expect(lines.slice(0, -1).every((line) => line.startsWith("ok "))).toBe(true);
  expect(lines.at(-1)).toBe("The draw is proven.");
  expect(status).toBe(0);
});

test.each([
  ["the page", (id: string) => `/sales/${id}?from=mail#top`],
  ["the draw", (id: string) => `/api/sales/${id}/draw`],
])("reads a draw by the URL of %s", async (_, path) => {
  served = draw;
  expect(await verify(origin + path(draw.saleId))).toMatchObject({ status: 0 });
});

test("names each check that fails, and exits with 1", async () => {
  const seed = "0".repeat(64);
  const args = ["--user", "alice", "--place", String(place)];
  const { status, lines } = await verify(await saved({ ...draw, seed }), ...args);
  const failed = lines.filter((line) => line.startsWith("FAIL"));
  expect(failed.map((line) => line.split(/ +/)[1])).toEqual(["commitment", "place"]);
  expect(lines.at(-1)).toBe("Not proven: 2 of 9 failed.");
  expect(status).toBe(1);
});

test("proves nothing before the reveal", async () => {
  const {
    seed: _,
    randomness: _r,
    signature: _s,
    history: _h,
    historyHash: _hh,
    ...committed
  } = draw;
  const { status, lines } = await verify(await saved({ ...committed, revealed: false }));
  expect(lines.join()).toContain("Nothing is revealed yet. The round is due at");
  expect(status).toBe(1);
});

test("refuses the stand-in's draw, unless its beacon is trusted by its address", async () => {
  const drand = await startFakeDrand({ period: 1 });
  const { chain, url } = drand;
  try {
    const closesAt = Date.now() - 60_000;
    const round = roundAfter(chain, closesAt);
    const relay = `${url}/${chain.hash}`;
    const signed = (await (await fetch(`${relay}/public/${round}`)).json()) as object;
    const history: RevealedDraw["history"] = [[roundTime(chain, round), 0.5]];
    const file = await saved({
      ...draw,
      ...signed,
      chain,
      registrationClosesAt: new Date(closesAt).toISOString(),
      history,
      historyHash: await chained(draw.commitment, history),
    });
    const { status, lines } = await verify(file);
    expect(lines.filter((line) => line.startsWith("FAIL"))).toEqual([
      expect.stringContaining("The beacon is not the drand chain"),
    ]);
    expect(status).toBe(1);
    expect(await verify(file, "--beacon", relay)).toMatchObject({ status: 0 });
  } finally {
    await drand.stop();
  }
});

test.each([
  ["no source", []],
  ["two sources", ["a", "b"]],
  ["an unknown option", ["a", "--fast"]],
  ["a user without a place", ["a", "--user", "alice"]],
  ["a place that is no number", ["a", "--user", "alice", "--place", "first"]],
  ["a file that does not exist", ["missing.json"]],
  ["a URL of something else", ["https://shop.test/orders"]],
])("exits with 2 for %s", async (_, args) => {
  const { status, lines } = await verify(...args);
  expect(status).toBe(2);
  expect(lines).toHaveLength(1);
});

test("exits with 2 if the instance has no such draw, or does not answer", async () => {
  expect(await verify(`${origin}/sales/other`)).toMatchObject({ status: 2 });
  expect(await verify("http://127.0.0.1:1/sales/spring-drop")).toMatchObject({ status: 2 });
});

test("npm run verify-draw ends with the status of the check", async () => {
  const program = join(PROJECT, "src/local/verify-draw.ts");
  const run = (file: string) => promisify(execFile)(process.execPath, [program, file]);
  expect((await run(await saved(draw))).stdout).toContain("The draw is proven.");
  await expect(run(await saved({ ...draw, round: 1 }))).rejects.toMatchObject({ code: 1 });
});

/** The script in the README. */
async function readmeScript(): Promise<string> {
  const readme = await readFile(join(PROJECT, "README.md"), "utf8");
  const script = /^## Check a draw$.*?^```js\n(.*?)^```$/ms.exec(readme)?.[1] ?? "";
  expect(script.trimEnd().split("\n").length).toBeLessThanOrEqual(20);
  return script;
}

/** Runs the README's script as it stands. */
async function runScript(document: unknown, user: string): Promise<string[]> {
  const script = join(directory, "check-draw.mjs");
  await writeFile(script, await readmeScript());
  const args = [script, await saved(document), user];
  return (await promisify(execFile)(process.execPath, args)).stdout.trimEnd().split("\n");
}

test.each(RECORDED)("the README's script proves a draw with round $round", async (round) => {
  const revealed = await revealedDraw(round);
  const drawn = earlyPlace(revealed, { saleId: revealed.saleId, userId: "ålice" });
  expect(await runScript(revealed, "ålice")).toEqual([
    "seed as committed: true",
    "round follows from the close: true",
    "signed by drand: true",
    "randomness from the signature: true",
    `place: ${drawn}`,
  ]);
});

test("the README's script finds what was altered", async () => {
  const [other] = RECORDED;
  const altered = { ...draw, seed: "0".repeat(64), randomness: other?.randomness, round: 1_000 };
  expect((await runScript(altered, "alice")).slice(0, 4)).toEqual([
    "seed as committed: false",
    "round follows from the close: false",
    "signed by drand: false",
    "randomness from the signature: false",
  ]);
});
