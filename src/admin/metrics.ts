// The merged metrics of the whole system: as JSON with points over time, or as OpenMetrics for a scraper.
import { problem, refuse } from "../http/errors.ts";
import type { AppContext } from "../http/request.ts";
import { OPEN_METRICS, OPEN_METRICS_TYPE, toOpenMetrics } from "../observability/open-metrics.ts";
import {
  BUCKET_SECONDS,
  LONGEST_SECONDS,
  MAX_STEPS,
  type MetricsQuery,
  RECENT_SECONDS,
  readMetrics,
  TOTALS,
} from "../observability/read-metrics.ts";
import { fullNameOf } from "../observability/series.ts";

const DEFAULT_SECONDS = 300;

/** `?from=` is a time (ISO 8601, default: five minutes ago), `?step=` the seconds of a step. */
export async function showMetrics(c: AppContext): Promise<Response> {
  const query = readQuery(c);
  if ("issue" in query) return problem(c, refuse("invalid_request", { issues: [query.issue] }));
  if (c.req.header("accept")?.includes(OPEN_METRICS)) return scrape(c);
  const { asOf, from, stepSeconds, series, missing, lost } = await readMetrics(c.env, query);
  return c.json({
    asOf: new Date(asOf).toISOString(),
    from: new Date(from).toISOString(),
    stepSeconds,
    missingShards: missing,
    lostBatches: lost,
    series: series.map(({ name, ...rest }) => ({ name: fullNameOf(name), ...rest })),
  });
}

/** The totals for a scraper. */
async function scrape(c: AppContext): Promise<Response> {
  const text = toOpenMetrics(await readMetrics(c.env, TOTALS));
  if (text === undefined) return problem(c, refuse("unavailable", { retryAfterSeconds: 5 }));
  return c.body(text, 200, { "Content-Type": OPEN_METRICS_TYPE });
}

type Issue = { path: string; message: string };

function readQuery({ req }: AppContext): MetricsQuery | { issue: Issue } {
  const now = Date.now();
  const from = req.query("from");
  const fromAt = from === undefined ? now - DEFAULT_SECONDS * 1_000 : Date.parse(from);
  const sinceSeconds = Math.ceil((now - fromAt) / 1_000);
  if (!(sinceSeconds >= 0 && sinceSeconds <= LONGEST_SECONDS)) {
    return issue("from", "must be a time within the last 31 days, such as 2026-12-01T09:00:00Z");
  }
  const stepSeconds = Number(req.query("step") ?? shortestStep(sinceSeconds));
  const unit = stepSeconds < 60 ? BUCKET_SECONDS : 60;
  if (!(stepSeconds > 0 && stepSeconds % unit === 0)) {
    return issue("step", `must be seconds: a multiple of ${BUCKET_SECONDS}, from 60 on of 60`);
  }
  if (stepSeconds < 60 && sinceSeconds > RECENT_SECONDS) {
    return issue("step", "must be at least 60 for times more than an hour ago");
  }
  if (sinceSeconds / stepSeconds > MAX_STEPS) {
    return issue("step", `gives more than ${MAX_STEPS} steps: use a longer one`);
  }
  return { sinceSeconds, stepSeconds };
}

const issue = (path: string, message: string) => ({ issue: { path, message } });

/** The shortest step for a range, in seconds. */
function shortestStep(sinceSeconds: number): number {
  if (sinceSeconds <= RECENT_SECONDS) return BUCKET_SECONDS;
  return Math.ceil(sinceSeconds / MAX_STEPS / 60) * 60;
}
