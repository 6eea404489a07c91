// Simulates one sale from its opening until everybody has an answer and every order is settled. Deterministic: the same
// scenario and limits give the same outcome.
import { available } from "../../inventory/decide-order.ts";
import { Calendar } from "./calendar.ts";
import { chance } from "./chance.ts";
import { type Crowd, rush } from "./crowd.ts";
import { Edges } from "./edges.ts";
import { Inventory } from "./inventory.ts";
import type { Limits } from "./limits.ts";
import { type LineCrowd, lineCrowd } from "./line.ts";
import { Server } from "./server.ts";
import { Settlement } from "./settle.ts";
import { type Scenario, Tally, type World } from "./world.ts";

const STEP_MS = 100;
const SECOND_MS = 1_000;
/** A page looks at the live stock so often while the sale is open (`src/pages/browser/live-stock.ts`). */
const LOOK_SECONDS = 3;
/** The controller of a line stores itself and publishes. */
const TICK_COMMANDS = 2;

export interface Outcome {
  scenario: Scenario;
  limits: Limits;
  tally: Tally;
  /** The parts with a limit, the edges without one, and what each did in each second. */
  redis: Server;
  edges: Server;
  /** The objects of the SKU. Of several, the first one is their root. */
  lanes: Server[];
  queue: Server;
  provider: Server;
  sold: number;
}

/** The settings that differ in a run against a real instance. */
interface Variation {
  crowd?: Crowd;
  stepMs?: number;
}

export async function simulate(
  scenario: Scenario,
  limits: Limits,
  { crowd: given, stepMs = STEP_MS }: Variation = {},
): Promise<Outcome> {
  const world: World = {
    ...{ scenario, limits, calendar: new Calendar(), tally: new Tally() },
    redis: new Server("Redis", limits.redisPerSecond),
    edges: new Server("isolates", Number.POSITIVE_INFINITY),
    random: chance(scenario.seed),
  };
  const { calendar } = world;
  const settlement = new Settlement(world, () => inventory);
  const inventory: Inventory = new Inventory(world, (lane, row) =>
    settlement.post({ lane, row, at: calendar.now, isPaid: false }),
  );
  const line = lineOf(world, inventory);
  const edges = new Edges(world, inventory, given ?? line ?? rushOf(scenario), stepMs);
  const step = () => {
    edges.step();
    if (!edges.isOver()) calendar.at(calendar.now + stepMs, step);
  };
  const second = () => {
    inventory.publish();
    const looks = (line?.looksPerSecond() ?? 0) + edges.waiting / LOOK_SECONDS;
    world.edges.record(calendar.now, looks);
    if (!edges.isOver()) calendar.at(calendar.now + SECOND_MS, second);
  };
  calendar.at(0, step);
  calendar.at(0, second);
  await calendar.run();
  const { redis, tally } = world;
  const { queue, provider } = settlement;
  const lanes = inventory.lanes.map(({ server }) => server);
  const { sold } = inventory.stock;
  const parts = { redis, edges: world.edges, lanes, queue, provider };
  return { scenario, limits, tally, ...parts, sold };
}

const rushOf = ({ people, seconds }: Scenario): Crowd => rush(people, seconds);

/** The crowd of a sale with a line. The controller reads the stock and publishes at each tick. */
function lineOf(
  { scenario, random, redis, calendar }: World,
  inventory: Inventory,
): LineCrowd | undefined {
  const { people, stock, linePerSecond } = scenario;
  if (linePerSecond === undefined) return undefined;
  return lineCrowd({
    ...{ people, stock, random, ratePerSecond: linePerSecond },
    read() {
      const units = inventory.stock;
      const free = available(units);
      return { free, taken: stock - free, left: free, mayReturn: false, isSoldOut: free === 0 };
    },
    onTick: () => void redis.serve(calendar.now, TICK_COMMANDS),
  });
}
