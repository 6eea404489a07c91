// How a form of the console is answered: by what follows once it is done, or by its page again with what is wrong.
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type * as z from "zod";
import type { Issue } from "../../http/errors.ts";
import { type AppContext, readForm } from "../../http/request.ts";
import { MAX_FORM_BYTES } from "./form-schema.ts";
import { faultsOf, issuesOf } from "./refusal-page.ts";

/** A form that changed nothing, or whose effect is not known, as its page shows it again. */
export interface Refused<Form> {
  /** The form as it was filled in. Absent if it cannot be read. */
  form?: Form;
  issues: readonly Issue[];
  status: ContentfulStatusCode;
}

interface Steps<Form> {
  /** Sends the command that the form asks for. Returns the answer of the operator's API, or what is wrong with the form. */
  apply(form: Form): Promise<Response> | readonly Issue[];
  /** The response once the command is done. */
  done(form: Form, answer: Response): Response | Promise<Response>;
  /** The page with the refused form. */
  show(refused: Refused<Form>): Promise<Response>;
}

/** Reads a form, sends its command, and answers the browser. */
export async function submitForm<Schema extends z.ZodType>(
  c: AppContext,
  schema: Schema,
  { apply, done, show }: Steps<z.output<Schema>>,
): Promise<Response> {
  const read = await readForm(c, schema, MAX_FORM_BYTES);
  if (!read.ok) return show({ issues: issuesOf(read.refusal), status: 400 });
  const form = read.value;
  const answer = await apply(form);
  if (!(answer instanceof Response)) return show({ form, issues: answer, status: 400 });
  if (answer.ok) return done(form, answer);
  const status = answer.status as ContentfulStatusCode;
  return show({ form, issues: await faultsOf(answer), status });
}
