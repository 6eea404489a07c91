// The merged metrics, with everything that was counted until now.
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import { flusher } from "../../src/observability/flush.ts";
import { type Metrics, readShards, type Series } from "../../src/observability/read-metrics.ts";

/** All series with their points of the last minutes. */
export async function metrics(sinceSeconds = 300): Promise<Metrics> {
  await flusher.flush();
  return readShards(env, { sinceSeconds, stepSeconds: 60 }, Date.now());
}

/** The same, once every shard has answered. On a busy machine one may take longer than readers wait. */
const allMetrics = (): Promise<Metrics> =>
  vi.waitUntil(
    async () => {
      const found = await metrics();
      return found.missing.length === 0 && found;
    },
    { timeout: 60_000 },
  );

/** The series `name|label|…`. */
export async function series(key: string): Promise<Series | undefined> {
  const all = (await allMetrics()).series;
  return all.find(({ name, labels }) => [name, ...Object.values(labels)].join("|") === key);
}

/** The total of the counter or the value of the gauge `name|label|…`: 0 if there is none. */
export const counted = async (key: string): Promise<number> =>
  ((await series(key))?.total as number | undefined) ?? 0;
