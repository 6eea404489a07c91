// What a colo costs Redis whose visitors look and buy nothing: while a sale sells, and while nothing is on.
import { setTimeout as pause } from "node:timers/promises";
import { expectOk } from "../client.ts";
import { OTHER_SALES, SALE, TOMORROW } from "./sales.ts";
import { type Testbed, withTestbed } from "./testbed.ts";

/** Two visitors at a time. */
const LOOK_EVERY_MS = 200;

export interface ColoCost {
  name: string;
  seconds: number;
  commandsPerSecond: number;
  roundTripsPerSecond: number;
}

export const measureColo = (): Promise<ColoCost[]> =>
  withTestbed("src/index.ts", async (testbed) => {
    const remove = async (id: string) =>
      expectOk(await testbed.client.admin("DELETE", `/sales/${id}`));
    // The controller of a line has commands of its own.
    for (const id of OTHER_SALES) await remove(id);
    const selling = await watch(testbed, "a sale sells", SALE, 20);
    await remove(SALE);
    return [selling, await watch(testbed, "the next sale opens tomorrow", TOMORROW, 120)];
  });

async function watch(
  { doorbuster, redis }: Testbed,
  name: string,
  saleId: string,
  seconds: number,
): Promise<ColoCost> {
  const paths = [`/sales/${saleId}`, `/api/sales/${saleId}/live`];
  const look = () =>
    Promise.all(
      paths.map(async (path) => {
        const response = await fetch(new URL(path, doorbuster));
        if (!response.ok) throw new Error(`${path} answered ${response.status}`);
        await response.arrayBuffer();
      }),
    );
  await look();
  const before = await redis.stats();
  const deadline = performance.now() + seconds * 1_000;
  while (performance.now() < deadline) {
    await look();
    await pause(LOOK_EVERY_MS);
  }
  const after = await redis.stats();
  return {
    name,
    seconds,
    commandsPerSecond: (after.commands - before.commands) / seconds,
    roundTripsPerSecond: (after.roundTrips - before.roundTrips) / seconds,
  };
}
