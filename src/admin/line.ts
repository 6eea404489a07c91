// The operator's routes for a sale's line: how many people wait, are admitted and buy, and how fast the line moves.
import type { Context } from "hono";
import { type LineReport, type LineStub, lineChangeSchema, lineOf } from "../admission/client.ts";
import { idSchema } from "../catalog/schema.ts";
import { problem, refuse } from "../errors.ts";
import { type AppEnv, readJson } from "../http.ts";
import { recorded } from "./log.ts";

const MAX_CHANGE_BYTES = 4_096;

type LineContext = Context<AppEnv, "/sales/:saleId/line">;

export const showLine = (c: LineContext): Promise<Response> =>
  atLine(c, (line) => line.operatorReport());

export async function changeLine(c: LineContext): Promise<Response> {
  const body = await readJson(c, lineChangeSchema, MAX_CHANGE_BYTES);
  if (!body.ok) return problem(c, body.refusal);
  const change = body.value;
  const saleId = idSchema.safeParse(c.req.param("saleId"));
  if (!saleId.success) return problem(c, refuse("not_found"));
  const target = `sale/${saleId.data}` as const;
  return recorded(c, { action: "line.changed", target, asks: change }, (note) =>
    atLine(c, async (line) => {
      const before = await line.operatorReport();
      const after = await line.change(change);
      note(settingsOf(before), settingsOf(after));
      return after;
    }),
  );
}

/** The settings of a line that its operator can change. */
const settingsOf = (report: LineReport | null) =>
  report && { ratePerSecond: report.ratePerSecond, paused: report.paused, notice: report.notice };

/** Calls the object of a sale's line. 404 if the sale has none. */
async function atLine(
  c: LineContext,
  useCase: (line: LineStub) => Promise<LineReport | null>,
): Promise<Response> {
  const saleId = idSchema.safeParse(c.req.param("saleId"));
  const report = saleId.success ? await useCase(lineOf(c.env, saleId.data)) : null;
  return report ? c.json(report) : problem(c, refuse("not_found"));
}
