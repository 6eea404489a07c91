// Validates the simulation: a real drop on this machine, against the simulation of the same drop with the service times of this
// machine. Those are measured just before and just after, in smaller drops with another share of refusals.
import type { Unit } from "../bench/counting-worker.ts";
import { buildWorker, printWarnings } from "../miniflare.ts";
import { forEachConcurrently } from "../rehearse/concurrency.ts";
import { signInBuyers } from "../rehearse/crowd.ts";
import { type Instance, openInstance } from "../rehearse/instance.ts";
import { Recorder } from "../rehearse/recorder.ts";
import type { Buyer, ScenarioContext } from "../rehearse/scenario.ts";
import { createSale } from "../rehearse/scenario-sale.ts";
import { openNow } from "../rehearse/scenarios/hours.ts";
import { buy } from "../rehearse/scenarios/order-actions.ts";
import { waitUntilFinal } from "../rehearse/wait-until-final.ts";
import { LOCAL_ADMIN_TOKEN, LOCAL_AUTH_SECRET } from "../settings.ts";
import { type Stack, startStack } from "../stack.ts";
import { makeTempDir } from "../temp-dir.ts";
import { takingTurns } from "./crowd.ts";
import { type Limits, PLATFORM } from "./limits.ts";
import { type Outcome, simulate } from "./simulate.ts";

/** People who act at the same time: few, so that nothing is refused because this machine is busy. */
const AT_ONCE = 16;
/** One buyer in this many tries to get a second unit. */
const COMES_BACK_EVERY = 4;
interface Size {
  people: number;
  stock: number;
}

/** Of the drop with lanes. */
const LANES = 4;

/** The code of a new process gets faster for some thousand requests. */
const WARM_UP: Size = { people: 3_000, stock: 1_500 };
const MEASURED: Size = { people: 2_000, stock: 1_000 };
const COMPARED: Size = { people: 3_000, stock: 1_200 };
/** In one drop, the number of calls between lanes varies by a fifth, because chance chooses the lanes. So it is that of several. */
const COUNTED: Size = { people: 300, stock: 160 };
const COUNTED_DROPS = 12;

/** The compared figures. Times are milliseconds. */
export interface Figures {
  soldOutMs: number;
  /** Of everybody's last answer. */
  endMs: number;
  accepted: number;
  refusals: ReadonlyMap<string, number>;
  redisCommands: number;
  queueOperations: number;
  /** Calls between the lanes to move units, in the drops where they are counted. */
  laneCalls: number;
}

export interface Validation {
  lanes: number;
  measured: Pick<Limits, "objectPerSecond" | "isolatePerSecond">;
  real: Figures;
  simulated: Figures;
}

/** Compares a drop without lanes and one with. Takes some minutes. Prints warnings of the Worker. */
export async function validate(seed: number): Promise<Validation[]> {
  await using parts = new AsyncDisposableStack();
  const script = await buildWorker({
    config: "wrangler.toml",
    entry: "src/local/bench/counting-worker.ts",
  });
  const stack = await startStack({
    stateDir: makeTempDir("simulate"),
    ...{ script, onLog: printWarnings },
  });
  parts.defer(stack.stop);
  const options = { url: stack.url, adminToken: LOCAL_ADMIN_TOKEN, authSecret: LOCAL_AUTH_SECRET };
  const rest = { provider: "sandbox", buyers: 1, bots: 0, concurrency: AT_ONCE } as const;
  const instance = await openInstance({ ...options, ...rest, seed });
  const validations: Validation[] = [];
  for (const lanes of [1, LANES]) {
    const drop = (name: string, size: Size) =>
      realDrop(stack, instance, `${name}-${lanes}`, { ...size, lanes });
    await drop("warm-up", WARM_UP);
    const before = await drop("measured-before", MEASURED);
    const real = await drop("compared", COMPARED);
    const after = await drop("measured-after", MEASURED);
    const measured = serviceTimes([before, after]);
    const simulated = await simulatedDrop(lanes, seed, measured, COMPARED);
    validations.push({
      ...{ lanes, measured },
      real: await withLaneCalls(real, lanes, (nth) => drop(`counted-${nth}`, COUNTED)),
      simulated: await withLaneCalls(simulated, lanes, (nth) =>
        simulatedDrop(lanes, seed + nth, measured, COUNTED),
      ),
    });
  }
  return validations;
}

/** The figures with the calls of the drops in which these are counted. */
async function withLaneCalls(
  figures: Figures,
  lanes: number,
  drop: (nth: number) => Promise<Figures>,
): Promise<Figures> {
  let laneCalls = 0;
  const drops = lanes === 1 ? 0 : COUNTED_DROPS;
  for (let nth = 0; nth < drops; nth += 1) laneCalls += (await drop(nth)).laneCalls;
  return { ...figures, laneCalls };
}

/** A drop, simulated with the service times of this machine. */
async function simulatedDrop(
  lanes: number,
  seed: number,
  measured: Validation["measured"],
  size: Size,
): Promise<Figures> {
  const scenario = {
    ...{ ...size, lanes, seed, colos: 1, seconds: 1, isPaid: false },
    comesBack: 1 / COMES_BACK_EVERY,
  };
  const crowd = takingTurns(size.people, AT_ONCE);
  return figuresOf(await simulate(scenario, thisMachine(measured), { crowd, stepMs: 1 }));
}

/** One isolate, and objects on one thread, whose measured times include the network, Redis, the consumer beside them, and calls of lanes. */
const thisMachine = (measured: Validation["measured"]): Limits => ({
  ...PLATFORM,
  ...measured,
  ...{
    isolates: 1,
    objectsShareThread: true,
    settleShare: 0,
    laneCallShare: 0,
    hopMs: 0,
    objectQueueMs: Number.POSITIVE_INFINITY,
  },
  ...{ redisPerSecond: Number.POSITIVE_INFINITY, redisMs: 0 },
  // The bridge counts a script as one command, and Upstash as two.
  limitCommands: PLATFORM.limitCommands / 2,
});

/** Until the sell-out every attempt reaches the object. After it, those of strangers are refused from memory. */
function serviceTimes(drops: Figures[]): Validation["measured"] {
  const sum = (amount: (drop: Figures) => number) =>
    drops.reduce((total, drop) => total + amount(drop), 0);
  const reached = sum(
    ({ accepted, refusals }) => accepted + (refusals.get("user_limit_reached") ?? 0),
  );
  const refused = drops.length * (MEASURED.people - MEASURED.stock);
  return {
    objectPerSecond: (1_000 * reached) / sum(({ soldOutMs }) => soldOutMs),
    isolatePerSecond: (1_000 * refused) / sum(({ endMs, soldOutMs }) => endMs - soldOutMs),
  };
}

async function realDrop(
  { url, bridge }: Stack,
  instance: Instance,
  name: string,
  { people, stock, lanes }: Size & { lanes: number },
): Promise<Figures> {
  const recorder = new Recorder();
  await takeCounts(url);
  const sku = { name: "unit", stock, perUserLimit: 1, holdSeconds: 300, lanes };
  const context = await createSale(instance, recorder, name, {
    ...openNow(instance.client.now()),
    skus: [{ ...sku, unitPrice: { amount: 0, currency: "USD" } }],
  });
  const [unit] = context.skus;
  if (!unit) throw new Error("the sale has no SKU");
  const crowd = { count: people, bots: 0, concurrency: AT_ONCE };
  const buyers = await signInBuyers(context, name, crowd);
  const before = await context.client.ledger(unit.id);
  const commandsBefore = bridge.stats.commands;
  const start = performance.now();
  const accepted: number[] = [];
  await forEachConcurrently(AT_ONCE, buyers, (buyer) => act(context, buyer, accepted));
  const end = performance.now();
  await waitUntilFinal(context, unit, before);
  const counts = await takeCounts(url);
  return {
    soldOutMs: (accepted.at(-1) ?? start) - start,
    endMs: end - start,
    accepted: accepted.length,
    refusals: refusalsOf(recorder),
    redisCommands: bridge.stats.commands - commandsBefore,
    queueOperations: counts("queueOperations"),
    laneCalls: counts("laneCalls"),
  };
}

/** @param accepted when orders were accepted: `performance.now()` times */
async function act(context: ScenarioContext, buyer: Buyer, accepted: number[]): Promise<void> {
  const start = (key: string) =>
    context.recorder.startPurchase(buyer.user, buyer.sku.id, `${context.run}-${key}`);
  const answer = await buy(context, buyer, start(`${buyer.nth}`), { kind: "buy" });
  if (answer?.status !== 202) return;
  accepted.push(performance.now());
  if (accepted.length % COMES_BACK_EVERY !== 0) return;
  await buy(context, buyer, start(`${buyer.nth}-again`), { kind: "buy, new key" });
}

function refusalsOf({ outcomes }: Recorder): Map<string, number> {
  const refusals = new Map<string, number>();
  for (const kind of ["buy", "buy, new key"] as const) {
    for (const [outcome, count] of outcomes.get(kind) ?? []) {
      if (outcome.startsWith("202")) continue;
      refusals.set(outcome, (refusals.get(outcome) ?? 0) + count);
    }
  }
  return refusals;
}

/** Reads the counters of the instance, and resets them. Returns what they counted of a unit. */
async function takeCounts(url: string): Promise<(unit: Unit) => number> {
  const counts = (await (await fetch(`${url}/bench/counts`)).json()) as Record<string, number>;
  return (unit) =>
    Object.entries(counts).reduce(
      (sum, [name, count]) => sum + (name.endsWith(`.${unit}`) ? count : 0),
      0,
    );
}

const figuresOf = ({ tally, redis }: Outcome): Figures => ({
  soldOutMs: tally.soldOutAt ?? 0,
  endMs: tally.lastAnswerAt,
  ...{ accepted: tally.accepted, refusals: tally.refusals },
  ...{ redisCommands: redis.total, queueOperations: tally.queueOperations },
  laneCalls: tally.laneCalls,
});
