// What a form that was sent after the sign-in ended shows: its fields are kept, and can be sent again after a sign-in in another
// tab. Works without JavaScript, and stores nothing.
import * as z from "zod";
import { csrfRefusal } from "../../funnel/identity.ts";
import { type AppContext, readForm } from "../../http/request.ts";
import { renderConsole } from "./layout.tsx";
import { HOME } from "./refusal-page.ts";
import { MAX_SALE_FORM_BYTES } from "./sale-form.ts";

/** More than the largest form has. Strangers can send forms as well. */
const MAX_FIELDS = 2_000;

const anyForm = z
  .record(z.string(), z.string())
  .refine((fields) => Object.keys(fields).length <= MAX_FIELDS);

/**
 * The page for a form of the console whose sender is not signed in. Undefined if the request is no such form: one from another
 * site must not be offered to the operator.
 */
export async function keptForm(c: AppContext): Promise<string | undefined> {
  if (c.req.method !== "POST" || csrfRefusal(c)) return undefined;
  const form = await readForm(c, anyForm, MAX_SALE_FORM_BYTES);
  return form.ok ? renderKept(c.req.path, form.value) : undefined;
}

const renderKept = (path: string, fields: Record<string, string>): Promise<string> =>
  renderConsole({
    title: "Your sign-in is over",
    children: (
      <>
        <h1>Your sign-in is over</h1>
        <p class="fault" role="alert">
          Nothing was changed. This page keeps what you entered.
        </p>
        <ol>
          <li>
            <a href={HOME} target="_blank" rel="noopener">
              Sign in in another tab
            </a>
          </li>
          <li>Come back to this one, and send it again.</li>
        </ol>
        <form method="post" action={path}>
          {Object.entries(fields).map(([name, value]) => (
            <input type="hidden" name={name} value={value} />
          ))}
          <button type="submit">Send it again</button>
        </form>
      </>
    ),
  });
