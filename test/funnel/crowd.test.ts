// Many accounts whose attempts each look human: which ones the risk score catches by visit and address block, and
// which ones it lets through.
import { beforeAll, beforeEach, expect, test } from "vitest";
import type { ProtectionSettings } from "../../src/catalog/protection.ts";
import { resetMemories } from "../../src/edge/memory.ts";
import { givenClock } from "../support/clock.ts";
import { pauseQueue } from "../support/queue.ts";
import { emptyRedis } from "../support/redis.ts";
import { aBuyer, buyers, suppressLiveStock, tally } from "../support/shop.ts";
import { aMoment, anAddress, attempt, givenSale, visitPage } from "./scene.ts";

const byScore: ProtectionSettings = { challenge: { mode: "by-score" } };

beforeAll(emptyRedis);
beforeAll(pauseQueue);
beforeEach(() => {
  suppressLiveStock();
  resetMemories();
});

test("challenges 99 of 100 accounts that share one visit", async () => {
  const clock = givenClock(aMoment());
  const sale = await givenSale(byScore);
  const seen = await visitPage(sale);
  clock.moveTo(Date.now() + 2_000);
  const [first, others] = [await aBuyer(), await buyers(99)];

  expect((await attempt(first, sale, seen)).status).toBe(202);
  const answers = await Promise.all(others.map((buyer) => attempt(buyer, sale, seen)));

  expect(tally(answers)).toEqual({ challenge_required: 99 });
  expect((await attempt(first, sale, seen)).status).toBe(202);
});

test("lets one of 20 accounts pass that use one visit at the same time", async () => {
  const clock = givenClock(aMoment());
  const sale = await givenSale(byScore);
  const seen = await visitPage(sale);
  clock.moveTo(Date.now() + 2_000);
  const crowd = await buyers(20);
  const answers = await Promise.all(crowd.map((buyer) => attempt(buyer, sale, seen)));
  expect(tally(answers)).toEqual({ 202: 1, challenge_required: 19 });
});

/** Attempts of `count` accounts, each with its own address and visit. Returns the outcomes. */
async function drive(count: number, addressOf: (i: number) => string) {
  const clock = givenClock(aMoment());
  const sale = await givenSale(byScore, { stock: 5_000 });
  const crowd = await buyers(count);
  const looks = await Promise.all(crowd.map((_, i) => visitPage(sale, addressOf(i))));
  clock.moveTo(Date.now() + 2_000);
  return tally(await Promise.all(crowd.map((buyer, i) => attempt(buyer, sale, looks[i]))));
}

test.each<[string, (i: number) => string, number]>([
  ["a /64", (i) => `2001:db8:1:1::${i.toString(16)}`, 100],
  [
    "a /56, each in its own /64",
    (i) => `2001:db8:2:11${(i % 256).toString(16).padStart(2, "0")}::${i}`,
    150,
  ],
  ["a /48, each in its own /64", (i) => `2001:db8:3:${((i * 257) & 65_535).toString(16)}::1`, 250],
  ["an IPv4 address", () => "203.0.113.9", 100],
  ["an IPv4 /24, each at its own address", (i) => `198.51.100.${i % 256}`, 250],
])("challenges 300 accounts in %s, except the first ones", async (_, addressOf, first) => {
  expect(await drive(300, addressOf)).toEqual({ 202: first, challenge_required: 300 - first });
});

test("challenges 1,750 of 2,000 accounts in one /48", async () => {
  const addressOf = (i: number) => `2001:db8:4:${((i * 257) & 65_535).toString(16)}::1`;
  expect(await drive(2_000, addressOf)).toEqual({ 202: 250, challenge_required: 1_750 });
});

test("does not challenge 300 people in different networks, each with their own visit", async () => {
  expect(await drive(300, (i) => `2001:db8:${(i + 16).toString(16)}:1::1`)).toEqual({ 202: 300 });
});

/** The 32-bit FNV-1a hash that once named accounts. */
function fnv(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** A user id with this start and an FNV hash of 0x12345678. Two more characters are enough to choose the hash. */
function colliding(start: string): string | undefined {
  const inverse = 0x359c449b; // of FNV's prime, modulo 2^32
  const wanted = Math.imul(0x12345678, inverse) >>> 0;
  for (let first = 0x4e00; first < 0x9fff; first += 1) {
    const rest = Math.imul(fnv(start) ^ first, 0x01000193) ^ wanted;
    if (rest >>> 16 === 0 && (rest & 0xffff) >= 0x4e00 && (rest & 0xffff) < 0x9fff) {
      return start + String.fromCharCode(first, rest);
    }
  }
  return undefined;
}

test("counts user ids with colliding FNV hashes as separate accounts", async () => {
  const ids: string[] = [];
  for (let i = 0; ids.length < 150; i += 1) ids.push(...[colliding(`mallory-${i}-`) ?? []].flat());
  expect(new Set(ids.map(fnv))).toEqual(new Set([0x12345678]));
  const clock = givenClock(aMoment());
  const sale = await givenSale(byScore);
  const from = anAddress();
  const looks = await Promise.all(ids.map(() => visitPage(sale, from)));
  clock.moveTo(Date.now() + 2_000);

  const answers = await Promise.all(
    ids.map(async (id, i) => attempt(await aBuyer(id), sale, looks[i])),
  );

  expect(tally(answers)).toEqual({ 202: 100, challenge_required: 50 });
});
