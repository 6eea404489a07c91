// Records how rehearsals ended, as entries of the operators' log. The preflight looks for the last one.
import * as z from "zod";
import type { Change, Target } from "../catalog/log-entry.ts";
import { type RegistryEnv, registryOf } from "../catalog/store.ts";
import { problem } from "../http/errors.ts";
import { type AppContext, readJson } from "../http/request.ts";
import { recorded } from "./log.ts";

const MAX_BYTES = 1_024;
const PAGE_SIZE = 50;
const TARGET = "rehearsals" satisfies Target;

const count = z.int().min(0).max(1_000);

/** How a rehearsal ended. `broken`, `held` and `notObserved` count its proofs. */
export const rehearsalSchema = z
  .strictObject({
    scenario: z.string().regex(/^[a-z0-9-]{1,40}$/),
    provider: z.enum(["sandbox", "stripe"]),
    buyers: z.int().min(1).max(1_000_000_000),
    held: count,
    broken: count,
    notObserved: count,
  })
  .refine(({ held, broken, notObserved }) => held + broken + notObserved > 0, {
    path: ["held"],
    message: "a rehearsal checks at least one proof",
  });

export type Rehearsal = z.output<typeof rehearsalSchema>;

/** A rehearsal on record. `at`: when it ended, ISO 8601. */
export type RecordedRehearsal = Rehearsal & { at: string };

/** Records a rehearsal of this deployment. Only its numbers: the one who ran it has its report. */
export async function recordRehearsal(c: AppContext): Promise<Response> {
  const body = await readJson(c, rehearsalSchema, MAX_BYTES);
  if (!body.ok) return problem(c, body.refusal);
  const intent = { action: "rehearsal.ended", target: TARGET, asks: body.value } as const;
  return recorded(c, intent, async () => c.json(body.value));
}

/** The last rehearsals of this deployment, the newest first: as many as a page of the log has. */
export async function lastRehearsals(env: RegistryEnv): Promise<RecordedRehearsal[]> {
  using entries = await registryOf(env).logPage(TARGET, undefined, PAGE_SIZE);
  return entries.flatMap(({ at, changes }) => {
    const { data } = rehearsalSchema.safeParse(valuesOf(changes));
    return data ? [{ ...data, at }] : [];
  });
}

const valuesOf = (changes: readonly Change[]) =>
  Object.fromEntries(changes.map(({ path, after }) => [path, after]));
