// Reads in one command what an edge asks all the time: the version of the catalog, the mark of the rules, and the live stock
// and lines of the sales that are watched here. All are fields of one hash, and whoever is due reads for everybody.
import { SingleFlight } from "../edge/single-flight.ts";
import { healed } from "../redis/bad-values.ts";
import { withRedis } from "../redis/client.ts";
import type { CatalogScope } from "./store.ts";

/** The texts of fields, in their order. Null for a field that is absent. */
export type Texts = (string | null)[];

/** Fields that somebody else's poll reads along. */
export interface Interest {
  fields: readonly string[];
  /** Gets what the fields had, unless the poll fails. `readAt`: when it began, in milliseconds. */
  take(scope: CatalogScope, texts: Texts, readAt: number): void;
}

const sources: (() => Iterable<Interest>)[] = [];

/** From now on each poll reads the fields of these interests too. They are asked for before it begins. */
export const pollAlong = (interests: () => Iterable<Interest>): void =>
  void sources.push(interests);

let failed = 0;

/** How many polls have failed here. Meanwhile objects may have failed to publish as well. */
export const failedPolls = (): number => failed;

/** The texts that a poll read, by their fields. */
type Polled = ReadonlyMap<string, string | null>;

/** Whoever is due while a poll is running gets what that reads. */
const polls = new SingleFlight<Polled>();

/** Call after a change that a running poll may have missed. */
export const forgetPolls = (): void => polls.forget();

/** Reads fields now, and everything that others are interested in. */
export async function poll(scope: CatalogScope, fields: readonly string[]): Promise<Texts> {
  const shared = await polls.join(scope, () => pollAll(scope, fields));
  const isRead = fields.every((field) => shared.has(field));
  const polled = isRead ? shared : await pollAll(scope, fields);
  return fields.map((field) => polled.get(field) ?? null);
}

async function pollAll(scope: CatalogScope, fields: readonly string[]): Promise<Polled> {
  const own = new Set(fields);
  const readAt = Date.now();
  const others = sources
    .flatMap((interests) => [...interests()])
    .filter((interest) => !interest.fields.some((field) => own.has(field)));
  const names = [...new Set([...fields, ...others.flatMap((other) => other.fields)])];
  const texts = await readFields(scope, names).catch((error) => {
    failed += 1;
    throw error;
  });
  const polled = new Map(names.map((name, at) => [name, texts[at] ?? null]));
  for (const { fields: wanted, take } of others) {
    take(
      scope,
      wanted.map((name) => polled.get(name) ?? null),
      readAt,
    );
  }
  return polled;
}

/** Reads fields, and nothing else. */
export async function readFields(
  { config }: Pick<CatalogScope, "config">,
  fields: readonly string[],
): Promise<Texts> {
  const [first, ...others] = fields;
  if (first === undefined) return [];
  // Without the client's deserialization the result is the plain array that Redis returned.
  return (await withRedis(config, "redis", (redis, keys) =>
    healed(redis, keys, [{ key: keys.live, type: "hash" }], () =>
      redis.hmget(keys.live, first, ...others),
    ),
  )) as unknown as Texts;
}
