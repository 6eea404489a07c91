// The operator's routes for a sale's line: how many people wait, are admitted and buy, and how fast the line moves.
import type { Context } from "hono";
import {
  type LineChange,
  type LineReport,
  type LineStub,
  lineChangeSchema,
  lineOf,
} from "../admission/client.ts";
import { idSchema } from "../catalog/schema.ts";
import { problem, refuse } from "../http/errors.ts";
import { type AppContext, type AppEnv, readJson } from "../http/request.ts";
import { recorded } from "./log.ts";

const MAX_CHANGE_BYTES = 4_096;

type LineContext = Context<AppEnv, "/sales/:saleId/line">;

export async function showLine(c: LineContext): Promise<Response> {
  return answerOf(c, await readLine(c, c.req.param("saleId")));
}

/** The line of a sale. Null if it has none. */
export const readLine = (c: AppContext, saleId: string): Promise<LineReport | null> =>
  atLine(c, saleId, (line) => line.operatorReport());

export async function changeLine(c: LineContext): Promise<Response> {
  const body = await readJson(c, lineChangeSchema, MAX_CHANGE_BYTES);
  if (!body.ok) return problem(c, body.refusal);
  return applyLineChange(c, c.req.param("saleId"), body.value);
}

export async function applyLineChange(
  c: AppContext,
  given: string,
  change: LineChange,
  reason?: string,
): Promise<Response> {
  const saleId = idSchema.safeParse(given);
  if (!saleId.success) return problem(c, refuse("not_found"));
  const target = `sale/${saleId.data}` as const;
  return recorded(c, { action: "line.changed", target, reason, asks: change }, async (note) => {
    const report = await atLine(c, saleId.data, async (line) => {
      const before = await line.operatorReport();
      const after = await line.change(change);
      note(settingsOf(before), settingsOf(after));
      return after;
    });
    return answerOf(c, report);
  });
}

/** The settings of a line that its operator can change. */
const settingsOf = (report: LineReport | null) =>
  report && { ratePerSecond: report.ratePerSecond, paused: report.paused, notice: report.notice };

const answerOf = (c: AppContext, report: LineReport | null): Response =>
  report ? c.json(report) : problem(c, refuse("not_found"));

/** Calls the object of a sale's line. Null if the sale has none. */
async function atLine(
  c: AppContext,
  given: string,
  useCase: (line: LineStub) => Promise<LineReport | null>,
): Promise<LineReport | null> {
  const saleId = idSchema.safeParse(given);
  return saleId.success ? useCase(lineOf(c.env, saleId.data)) : null;
}
