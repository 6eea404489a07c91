// A replay of events reads every ledger once, page by page, and goes on without one that does not answer.
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  afterFault,
  afterPage,
  nextSku,
  type Replay,
  startReplay,
} from "../../src/orders/replay.ts";

const COMMAND = { key: "k", filter: { extra: [], from: 0, to: 1 } };
const CURSOR = { userId: "u", orderId: "o" };

/** How a ledger answers: the events on each of its pages, or nothing. */
type Answers = number[] | "dead";

/** Runs a replay to its end. Returns it, and how often each page of each ledger was read. */
function run(ledgers: Record<string, Answers>, replay: Replay) {
  const reads: string[] = [];
  const pages = new Map<string, number>();
  for (let current = replay; ; ) {
    const skuId = nextSku(current, Object.keys(ledgers));
    if (skuId === undefined) return { replay: current, reads };
    const answers = ledgers[skuId] as Answers;
    if (answers === "dead") {
      reads.push(`${skuId} dead`);
      current = afterFault(current, skuId).replay;
      continue;
    }
    const page = current.after ? (pages.get(skuId) ?? 0) : 0;
    reads.push(`${skuId} ${page}`);
    pages.set(skuId, page + 1);
    const next = page + 1 < answers.length ? CURSOR : null;
    current = afterPage(current, skuId, { owed: answers[page] ?? 0, next });
  }
}

const skuId = fc.stringMatching(/^[a-z0-9-]{1,8}$/);
const answers: fc.Arbitrary<Answers> = fc.oneof(
  fc.array(fc.nat(200), { minLength: 1, maxLength: 5 }),
  fc.constant("dead" as const),
);

test("reads each page of each ledger once, and names those that never answer", () => {
  fc.assert(
    fc.property(fc.dictionary(skuId, answers, { noNullPrototype: true }), (ledgers) => {
      const { replay, reads } = run(ledgers, startReplay(COMMAND, 0));
      const alive = Object.entries(ledgers).filter(([, each]) => each !== "dead");
      const dead = Object.keys(ledgers).filter((id) => ledgers[id] === "dead");
      expect(reads.filter((read) => !read.endsWith("dead")).sort()).toEqual(
        alive.flatMap(([id, each]) => [...each].map((_, page) => `${id} ${page}`)).sort(),
      );
      expect(replay.events).toBe(
        alive.flatMap(([, each]) => each as number[]).reduce((sum, count) => sum + count, 0),
      );
      expect(replay.ledgers).toBe(alive.length);
      expect([...replay.failed].sort()).toEqual(dead.sort());
      expect(reads.filter((read) => read.endsWith("dead"))).toHaveLength(5 * dead.length);
    }),
  );
});

test("reads one ledger only if a SKU is named", () => {
  const { reads } = run({ a: [1], b: [1, 2], c: [1] }, startReplay({ ...COMMAND, skuId: "b" }, 0));
  expect(reads).toEqual(["b 0", "b 1"]);
});
