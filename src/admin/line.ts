// The operator's routes for a sale's line: how many people wait, are admitted and buy, and how fast the line moves.
import type { Context } from "hono";
import { type LineReport, type LineStub, lineChangeSchema, lineOf } from "../admission/client.ts";
import { idSchema } from "../catalog/schema.ts";
import { problem, refuse } from "../errors.ts";
import { type AppEnv, readJson } from "../http.ts";

const MAX_CHANGE_BYTES = 4_096;

type LineContext = Context<AppEnv, "/sales/:saleId/line">;

export const showLine = (c: LineContext): Promise<Response> =>
  atLine(c, (line) => line.operatorReport());

export async function changeLine(c: LineContext): Promise<Response> {
  const body = await readJson(c, lineChangeSchema, MAX_CHANGE_BYTES);
  if (!body.ok) return problem(c, body.refusal);
  return atLine(c, (line) => line.change(body.value));
}

/** Calls the object of a sale's line. 404 if the sale has none. */
async function atLine(
  c: LineContext,
  useCase: (line: LineStub) => Promise<LineReport | null>,
): Promise<Response> {
  const saleId = idSchema.safeParse(c.req.param("saleId"));
  const report = saleId.success ? await useCase(lineOf(c.env, saleId.data)) : null;
  return report ? c.json(report) : problem(c, refuse("not_found"));
}
