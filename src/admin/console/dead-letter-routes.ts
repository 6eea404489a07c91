// The console's routes for dead letters: list, inspect, replay, and discard.
import { type Context, Hono } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import * as z from "zod";
import { type Issue, refuse } from "../../errors.ts";
import { type AppContext, type AppEnv, readForm } from "../../http.ts";
import { ALL } from "../../orders/dead-letters.ts";
import { applyDiscard, applyReplay, inspectLetter, listLetters } from "../dead-letters.ts";
import { renderLetter, renderLetters } from "./dead-letters.tsx";
import { MAX_FORM_BYTES, reasonField } from "./form-schema.ts";
import { faultsOf, issuesOf, refusalPage } from "./refusal-page.ts";

type LetterContext = Context<AppEnv, "/:id">;

export const deadLetterPages = new Hono<AppEnv>()
  .get("/", (c) => showLetters(c))
  .get("/:id", (c) => showLetter(c))
  .post("/:id", changeLetter);

const letterForm = z.strictObject({
  action: z.enum(["replay", "discard"]),
  reason: reasonField,
});

interface Refused {
  issues: readonly Issue[];
  status: number;
}

async function showLetters(c: AppContext, refused?: Refused): Promise<Response> {
  const page = await listLetters(c, c.req.query("cursor"));
  if (!page) return refusalPage(c, refuse("not_found"));
  const html = await renderLetters({
    ...{ operator: c.get("operator"), letters: page.deadLetters, next: page.cursor },
    ...{ done: c.req.query("done"), ...refused },
  });
  return c.html(html, refused?.status as ContentfulStatusCode);
}

async function showLetter(c: LetterContext, refused?: Refused): Promise<Response> {
  const letter = await inspectLetter(c, c.req.param("id"));
  if (!letter) return refusalPage(c, NO_LETTER);
  const html = await renderLetter({ operator: c.get("operator"), letter, ...refused });
  return c.html(html, refused?.status as ContentfulStatusCode);
}

const NO_LETTER = refuse("not_found", {
  detail:
    "There is no dead letter with this id: it was replayed, discarded, or its order is settled.",
});

async function changeLetter(c: LetterContext): Promise<Response> {
  const id = c.req.param("id");
  const show = (refused: Refused) =>
    id === ALL ? showLetters(c, refused) : showLetter(c, refused);
  const form = await readForm(c, letterForm, MAX_FORM_BYTES);
  if (!form.ok) return show({ issues: issuesOf(form.refusal), status: 400 });
  const { action, reason } = form.value;
  const answer = await (action === "replay" ? applyReplay : applyDiscard)(c, id, reason);
  if (answer.ok) return c.redirect(`/admin/dead-letters?done=${action}`, 303);
  return show({ issues: await faultsOf(answer), status: answer.status });
}
