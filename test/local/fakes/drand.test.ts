// The stand-in for drand must answer like drand's relays (github.com/drand/http-relay), and sign with quicknet's scheme.
import { createHash } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type BeaconRound, isSigned, QUICKNET } from "../../../src/admission/beacon-chain.ts";
import { roundAfter, roundTime } from "../../../src/admission/draw.ts";
import { type FakeDrand, startFakeDrand } from "../../../src/local/fakes/drand.ts";

let drand: FakeDrand;

beforeAll(async () => {
  drand = await startFakeDrand({ period: 1 });
});

afterAll(() => drand.stop());

const get = (path: string) => fetch(`${drand.url}/${drand.chain.hash}${path}`);
const round = async (name: number | string) =>
  (await (await get(`/public/${name}`)).json()) as BeaconRound;
const latest = () =>
  Math.floor((Date.now() - roundTime(drand.chain, 1)) / (1_000 * drand.chain.period)) + 1;

test("describes its chain like a relay, under a hash made of the parameters", async () => {
  const info = (await (await get("/info")).json()) as Record<string, unknown>;
  expect(info).toMatchObject({
    public_key: drand.chain.publicKey,
    period: 1,
    genesis_time: drand.chain.genesisTime,
    schemeID: "bls-unchained-g1-rfc9380",
    metadata: { beaconID: "stand-in" },
  });
  const head = Buffer.alloc(12);
  head.writeUInt32BE(1);
  head.writeBigInt64BE(BigInt(drand.chain.genesisTime), 4);
  const parts = [
    head,
    Buffer.from(`${info.public_key}${info.groupHash}`, "hex"),
    Buffer.from("stand-in"),
  ];
  expect(createHash("sha256").update(Buffer.concat(parts)).digest("hex")).toBe(info.hash);
});

test("signs every past round with its own key", async () => {
  for (const number of [1, 1_000, latest()]) {
    const answer = await round(number);
    expect(answer.round).toBe(number);
    expect(await isSigned(drand.chain, answer)).toBe(true);
    expect(await isSigned(QUICKNET, answer)).toBe(false);
    const hash = createHash("sha256").update(Buffer.from(answer.signature, "hex")).digest("hex");
    expect(answer.randomness).toBe(hash);
  }
});

test("gives the latest round by name", async () => {
  const before = latest();
  const answer = await round("latest");
  expect(answer.round).toBeGreaterThanOrEqual(before);
  expect(answer.round).toBeLessThanOrEqual(latest());
});

test("keeps a request for the next round open until it appears", async () => {
  const answer = await round(latest() + 1);
  expect(Date.now()).toBeGreaterThanOrEqual(roundTime(drand.chain, answer.round));
  expect(await isSigned(drand.chain, answer)).toBe(true);
});

test("refuses a later round as a future one", async () => {
  const response = await get(`/public/${roundAfter(drand.chain, Date.now())}`);
  expect(response.status).toBe(425);
});

test("knows no other chain and no other path", async () => {
  expect((await fetch(`${drand.url}/${QUICKNET.hash}/public/1`)).status).toBe(404);
  expect((await get("/public/0x1")).status).toBe(404);
});

test("a test can silence it, and let it answer again", async () => {
  const behave = (behavior: string) =>
    fetch(`${drand.url}/_fake/behavior/${behavior}`, { method: "PUT" });
  await behave("silent");
  expect((await get("/public/1")).status).toBe(500);
  await behave("honest");
  expect((await get("/public/1")).status).toBe(200);
});
