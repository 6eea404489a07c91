// The merged metrics, with everything that was counted until now.
import { env } from "cloudflare:workers";
import { flusher } from "../../src/observability/flush.ts";
import { type Metrics, readShards, type Series } from "../../src/observability/read-metrics.ts";

/** All series with their points of the last minutes. */
export async function metrics(sinceSeconds = 300): Promise<Metrics> {
  await flusher.flush();
  return readShards(env, { sinceSeconds, stepSeconds: 60 }, Date.now());
}

/** The series `name|label|…`. */
export async function series(key: string): Promise<Series | undefined> {
  const all = (await metrics()).series;
  return all.find(({ name, labels }) => [name, ...Object.values(labels)].join("|") === key);
}

/** The total of the counter or the value of the gauge `name|label|…`: 0 if there is none. */
export const counted = async (key: string): Promise<number> =>
  ((await series(key))?.total as number | undefined) ?? 0;
