// A published draw is proven only if nothing in it was altered, and the check that fails names what was.
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { QUICKNET } from "../../src/admission/beacon-chain.ts";
import type { FrontierStep } from "../../src/admission/draw.ts";
import { earlyPlace } from "../../src/admission/place.ts";
import { type DrawQuestion, verifyDraw } from "../../src/admission/verify-draw.ts";
import { chained, RECORDED, type RevealedDraw, revealedDraw, SEED } from "./draws.ts";

const USER = "alice";
/** A check of a signature takes 40 ms. */
const RUNS = { numRuns: 15 };

let draw: RevealedDraw;
let place: number;

beforeAll(async () => {
  draw = await revealedDraw();
  place = earlyPlace(draw, { saleId: draw.saleId, userId: USER });
});

/** The names of the checks that fail. */
async function failed(document: unknown, question: DrawQuestion = { userId: USER, place }) {
  const checks = await verifyDraw(document, question);
  return checks.filter(({ ok }) => !ok).map(({ name }) => name);
}

/** A text that differs from the given one in one hexadecimal digit. */
const alteredHex = (hex: string) =>
  fc
    .tuple(fc.nat(hex.length - 1), fc.constantFrom(..."0123456789abcdef"))
    .filter(([at, digit]) => hex[at] !== digit)
    .map(([at, digit]) => hex.slice(0, at) + digit + hex.slice(at + 1));

test.each(RECORDED)("proves a draw with quicknet's round $round", async (round) => {
  const revealed = await revealedDraw(round);
  const drawn = earlyPlace(revealed, { saleId: revealed.saleId, userId: USER });
  const checks = await verifyDraw(revealed, { userId: USER, place: drawn });
  expect(checks.map(({ name, ok }) => `${name} ${ok}`)).toEqual([
    "document true",
    "beacon true",
    "round true",
    "revealed true",
    "commitment true",
    "signature true",
    "randomness true",
    "history true",
    "place true",
  ]);
});

test("proves the history without a place", async () => {
  expect(await failed(draw, {})).toEqual([]);
});

test("any altered seed fails against the commitment", async () => {
  await fc.assert(
    fc.asyncProperty(alteredHex(SEED), async (seed) => {
      expect(await failed({ ...draw, seed })).toEqual(["commitment", "place"]);
    }),
    RUNS,
  );
});

test("any altered commitment fails against the seed and the history", async () => {
  await fc.assert(
    fc.asyncProperty(alteredHex(draw.commitment), async (commitment) => {
      expect(await failed({ ...draw, commitment })).toEqual(["commitment", "history"]);
    }),
    RUNS,
  );
});

test("any other round fails against the close and the signature", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), async (round) => {
      fc.pre(round !== draw.round);
      expect(await failed({ ...draw, round })).toEqual(
        expect.arrayContaining(["round", "signature"]),
      );
    }),
    { numRuns: 10 },
  );
});

test("another genuine round, with its signature, fails against the close", async () => {
  const other = RECORDED.find(({ round }) => round !== draw.round);
  expect(await failed({ ...draw, ...other }, {})).toEqual(["round"]);
});

test("any altered signature fails", async () => {
  await fc.assert(
    fc.asyncProperty(alteredHex(draw.signature), async (signature) => {
      expect(await failed({ ...draw, signature })).toEqual(["signature", "randomness"]);
    }),
    { numRuns: 10 },
  );
});

test("any altered random number fails against the signature", async () => {
  await fc.assert(
    fc.asyncProperty(alteredHex(draw.randomness), async (randomness) => {
      expect(await failed({ ...draw, randomness })).toEqual(["randomness", "place"]);
    }),
    RUNS,
  );
});

test("any other place or user fails", async () => {
  const otherPlace = fc.double({ min: 0, max: 2, noNaN: true }).filter((each) => each !== place);
  await fc.assert(
    fc.asyncProperty(otherPlace, async (other) => {
      expect(await failed(draw, { userId: USER, place: other })).toEqual(["place"]);
    }),
    RUNS,
  );
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: "binary" }), async (userId) => {
      fc.pre(userId !== USER);
      expect(await failed(draw, { userId, place })).toEqual(["place"]);
    }),
    RUNS,
  );
});

test("any altered, added, or missing step fails, and so does another order", async () => {
  const { history } = draw;
  const index = fc.nat(history.length - 1);
  const step = fc.tuple(
    fc.integer({ min: 0, max: 2 ** 52 }),
    fc.double({ min: 0, max: 1_000, noNaN: true }),
  );
  const altered = fc.oneof(
    fc.tuple(index, step).map(([at, other]) => history.with(at, other)),
    fc.tuple(index, step).map(([at, other]) => history.toSpliced(at, 0, other)),
    index.map((at) => history.toSpliced(at, 1)),
    index
      .filter((at) => at > 0)
      .map((at) =>
        history.with(at, history[at - 1] as FrontierStep).with(at - 1, history[at] as FrontierStep),
      ),
  );
  await fc.assert(
    fc.asyncProperty(altered, async (other) => {
      fc.pre(JSON.stringify(other) !== JSON.stringify(history));
      expect(await failed({ ...draw, history: other })).toEqual(["history"]);
    }),
    { numRuns: 60 },
  );
});

test("any altered hash of the history fails", async () => {
  await fc.assert(
    fc.asyncProperty(alteredHex(draw.historyHash), async (historyHash) => {
      expect(await failed({ ...draw, historyHash })).toEqual(["history"]);
    }),
    RUNS,
  );
});

test("a history that goes back, or starts before the round, fails even if its hash fits", async () => {
  const back = draw.history.with(1, [draw.history[1]?.[0] as number, 0.001]);
  const early: FrontierStep[] = [[(draw.history[0]?.[0] as number) - 1, 0.125]];
  for (const history of [back, early]) {
    const historyHash = await chained(draw.commitment, history);
    expect(await failed({ ...draw, history, historyHash })).toEqual(["history"]);
  }
});

test("a beacon other than the trusted one fails, even if everything else fits it", async () => {
  const chain = { ...QUICKNET, hash: "ab".repeat(32) };
  expect(await failed({ ...draw, chain })).toEqual(["beacon"]);
  expect(await failed({ ...draw, chain }, { chain })).toEqual([]);
  for (const other of [{ genesisTime: 1 }, { period: 30 }, { publicKey: "83".repeat(96) }]) {
    const checks = await failed({ ...draw, chain: { ...QUICKNET, ...other } });
    expect(checks).toContain("beacon");
  }
});

test("before the reveal, only the round can be checked, and nothing counts as proven", async () => {
  const { saleId, mode, commitment, round, chain, registrationClosesAt } = draw;
  const committed = {
    saleId,
    mode,
    commitment,
    round,
    chain,
    registrationClosesAt,
    revealed: false,
  };
  expect(await failed(committed)).toEqual(["revealed"]);
  expect(await failed({ ...committed, round: round + 1 })).toEqual(["round", "revealed"]);
});

test("a document without one of its fields, or with a wrong type, fails as a document", async () => {
  const wrong = fc.oneof(
    fc.constant(undefined),
    fc.constant(null),
    fc.constant({}),
    fc.constant(-1),
    fc.constant("?"),
  );
  const field = fc.constantFrom(...Object.keys(draw)).filter((name) => name !== "revealed");
  await fc.assert(
    fc.asyncProperty(field, wrong, async (name, value) => {
      fc.pre(name !== "saleId" || value !== "?");
      expect(await failed({ ...draw, [name]: value })).toEqual(["document"]);
    }),
  );
});

test("any other value fails as a document and never throws", async () => {
  await fc.assert(
    fc.asyncProperty(fc.anything(), async (value) => {
      expect(await failed(value)).toEqual(["document"]);
    }),
  );
});

test("an impossible round is refused without an error", async () => {
  const round = Number.MAX_SAFE_INTEGER;
  expect(await failed({ ...draw, round, revealed: false })).toEqual(["round", "revealed"]);
});
