// The answers of the console to a refused request.
import { ERRORS, type Issue, type Refusal, refuse } from "../../http/errors.ts";
import type { AppContext } from "../../http/request.ts";
import { refusalHeaders } from "../../pages/error-pages.ts";
import { renderProblem } from "./layout.tsx";
import { renderSignIn } from "./sign-in.tsx";

/** The first page of the console. */
export const HOME = "/admin";

export const NO_SALE = refuse("not_found", { detail: "There is no sale with this id." });

/** Answers a refusal: with the sign-in page if that helps, else with a page that says why. */
export async function refusalPage(c: AppContext, refusal: Refusal): Promise<Response> {
  const status = refusalHeaders(c, refusal);
  const { reason, detail } = refusal;
  if (reason !== "unauthenticated") {
    const { title } = ERRORS[reason];
    return c.html(await renderProblem(title, detail ?? `${title}.`, c.get("operator")), status);
  }
  const next = c.req.method === "GET" ? c.req.path : HOME;
  return c.html(await renderSignIn(next, detail), status);
}

/** The faults of a form that cannot be read. */
export const issuesOf = ({ reason, issues, detail }: Refusal): Issue[] =>
  issues ?? [{ path: "form", message: detail ?? ERRORS[reason].title }];

/**
 * The faults of a command that was refused.
 *
 * @param answer the problem that the operator's API answers for the same command
 */
export async function faultsOf(answer: Response): Promise<Issue[]> {
  const { title, detail, issues } = await answer.json<Problem>();
  // After a 5xx it may have happened.
  const path = answer.status < 500 ? "Not changed" : "No result";
  return issues ?? [{ path, message: detail ?? title }];
}

interface Problem {
  title: string;
  detail?: string;
  issues?: Issue[];
}
