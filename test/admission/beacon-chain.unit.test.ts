// The beacon's rounds, proven on rounds that drand's quicknet published.
import fc from "fast-check";
import { expect, test } from "vitest";
import { isSigned, QUICKNET, randomnessOf } from "../../src/admission/beacon-chain.ts";
import { roundAfter, roundTime } from "../../src/admission/draw.ts";
import { fromHex } from "../../src/admission/hex.ts";
import { sha256 } from "../../src/admission/sha256-web.ts";
import { RECORDED, ROUND } from "./draws.ts";

/** Of quicknet's `/info`. Part of what the chain's hash is made of. */
const GROUP_HASH = "f477d5c89f21a17c863a7f937c6a6d15859414d2be09cd448d4279af331c5d3e";

test.each(RECORDED)("accepts round $round as quicknet published it", async (recorded) => {
  expect(await isSigned(QUICKNET, recorded)).toBe(true);
  expect(await randomnessOf(recorded.signature)).toBe(recorded.randomness);
});

test("the pinned parameters of quicknet are those that its hash was made of", async () => {
  const head = new Uint8Array(12);
  new DataView(head.buffer).setUint32(0, QUICKNET.period);
  new DataView(head.buffer).setBigInt64(4, BigInt(QUICKNET.genesisTime));
  const rest = [
    fromHex(QUICKNET.publicKey),
    fromHex(GROUP_HASH),
    new TextEncoder().encode("quicknet"),
  ];
  const all = Uint8Array.from([head, ...rest].flatMap((bytes) => [...bytes]));
  expect(await sha256(all)).toBe(QUICKNET.hash);
});

test("refuses a signature for any other round", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 2 ** 40 }), async (round) => {
      fc.pre(round !== ROUND.round);
      expect(await isSigned(QUICKNET, { ...ROUND, round })).toBe(false);
    }),
    { numRuns: 20 },
  );
});

test("refuses a signature that differs in one digit", async () => {
  const digit = fc.constantFrom(..."0123456789abcdef");
  await fc.assert(
    fc.asyncProperty(fc.nat(95), digit, async (at, other) => {
      const { signature } = ROUND;
      fc.pre(signature[at] !== other);
      const altered = signature.slice(0, at) + other + signature.slice(at + 1);
      expect(await isSigned(QUICKNET, { ...ROUND, signature: altered })).toBe(false);
    }),
    { numRuns: 30 },
  );
});

test("refuses a genuine signature by another chain's key", async () => {
  // The generator of G2: the public key of the secret key 1.
  const publicKey =
    "93e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8";
  expect(await isSigned({ publicKey }, ROUND)).toBe(false);
});

test.each([
  ["empty", ""],
  ["short", ROUND.signature.slice(2)],
  ["long", `${ROUND.signature}00`],
  ["not hexadecimal", "zz".repeat(48)],
  // Another text of the same point, which would give another random number if it were hashed as text.
  ["in capital letters", ROUND.signature.toUpperCase()],
  ["the point at infinity", `c0${"00".repeat(47)}`],
  ["a point whose coordinate is above the field's order", `9${"f".repeat(95)}`],
])("refuses a signature that is %s", async (_, signature) => {
  expect(await isSigned(QUICKNET, { ...ROUND, signature })).toBe(false);
});

test("the point at infinity as key or signature proves nothing", async () => {
  const publicKey = `c0${"00".repeat(95)}`;
  const signature = `c0${"00".repeat(47)}`;
  expect(await isSigned({ publicKey }, { round: 1, signature })).toBe(false);
});

test("round 1 appears at the genesis, and one more with each period", () => {
  expect(roundTime(QUICKNET, 1)).toBe(QUICKNET.genesisTime * 1_000);
  // As quicknet's relays dated it.
  expect(roundTime(QUICKNET, 1_000)).toBe(1_692_806_364_000);
});

test("a draw takes the first round at least ten seconds after the close", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1_692_803_367_000, max: 4_000_000_000_000 }),
      fc.integer({ min: 1, max: 60 }),
      (closesAt, period) => {
        const chain = { ...QUICKNET, period };
        const round = roundAfter(chain, closesAt);
        expect(roundTime(chain, round)).toBeGreaterThanOrEqual(closesAt + 10_000);
        expect(roundTime(chain, round - 1)).toBeLessThan(closesAt + 10_000);
      },
    ),
  );
});

test("a close before the chain's genesis takes its first round", () => {
  expect(roundAfter(QUICKNET, 0)).toBe(1);
});
