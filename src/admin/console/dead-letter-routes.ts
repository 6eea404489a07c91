// The console's routes for dead letters: list, inspect, replay, and discard.
import { type Context, Hono } from "hono";
import * as z from "zod";
import { refuse } from "../../http/errors.ts";
import type { AppContext, AppEnv } from "../../http/request.ts";
import { ALL } from "../../orders/dead-letters.ts";
import { applyDiscard, applyReplay, inspectLetter, listLetters } from "../dead-letters.ts";
import { renderLetter, renderLetters } from "./dead-letters.tsx";
import { reasonField } from "./form-schema.ts";
import { refusalPage } from "./refusal-page.ts";
import { type Refused, submitForm } from "./submit-form.ts";

type LetterContext = Context<AppEnv, "/:id">;

export const deadLetterPages = new Hono<AppEnv>()
  .get("/", (c) => showLetters(c))
  .get("/:id", (c) => showLetter(c))
  .post("/:id", changeLetter);

const letterForm = z.strictObject({
  action: z.enum(["replay", "discard"]),
  reason: reasonField,
});

type RefusedLetter = Refused<z.output<typeof letterForm>>;

async function showLetters(c: AppContext, refused?: RefusedLetter): Promise<Response> {
  const page = await listLetters(c, c.req.query("cursor"));
  if (!page) return refusalPage(c, refuse("not_found"));
  const html = await renderLetters({
    ...{ operator: c.get("operator"), letters: page.deadLetters, next: page.cursor },
    isFirst: c.req.query("cursor") === undefined,
    ...{ done: c.req.query("done"), issues: refused?.issues },
  });
  return c.html(html, refused?.status);
}

async function showLetter(c: LetterContext, refused?: RefusedLetter): Promise<Response> {
  const letter = await inspectLetter(c, c.req.param("id"));
  if (!letter) return refusalPage(c, NO_LETTER);
  const html = await renderLetter({
    ...{ operator: c.get("operator"), letter, issues: refused?.issues },
  });
  return c.html(html, refused?.status);
}

const NO_LETTER = refuse("not_found", {
  detail:
    "There is no dead letter with this id: it was replayed, discarded, or its order is settled.",
});

function changeLetter(c: LetterContext): Promise<Response> {
  const id = c.req.param("id");
  return submitForm(c, letterForm, {
    apply: ({ action, reason }) =>
      (action === "replay" ? applyReplay : applyDiscard)(c, id, reason),
    done: ({ action }) => c.redirect(`/admin/dead-letters?done=${action}`, 303),
    show: (refused) => (id === ALL ? showLetters(c, refused) : showLetter(c, refused)),
  });
}
