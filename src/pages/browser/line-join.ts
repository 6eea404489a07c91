// Joining the line, or asking where one stands: through a sign-in, here or on the shop's page, and a challenge.
import { refusalText } from "../copy/refusal.ts";
import type { OwnStanding, TicketStore } from "./line-ticket.ts";
import type { LineHost } from "./panel-host.ts";
import { type SavedStep, saveStep, takeStep } from "./saved-step.ts";

export interface Question {
  /** The visitor pressed Join. Otherwise an account that is not in line does not get there. */
  join?: boolean;
  /** The visitor can be asked to sign in. */
  interactive?: boolean;
}

/** `standing`: undefined if nothing new is known, null if the account is not in line. `fault`: what to tell the visitor. */
interface Shown {
  standing: OwnStanding | null | undefined;
  fault: string;
}

interface LeftLine extends SavedStep {
  question: Question;
  carried: string | undefined;
}

const stepOf = (saleId: string) => `line:${saleId}`;

/** The question that the visitor left to sign in for. Undefined if there is none. */
export function continueQuestion(tickets: TicketStore, saleId: string): Question | undefined {
  const step = takeStep<LeftLine>(stepOf(saleId));
  tickets.carried ??= step?.carried;
  return step?.question;
}

/** Asks the server. `slot`: where a challenge can be shown. */
export async function askServer(
  tickets: TicketStore,
  { visitHeaders, signIn, challenge: panelIn, saleId, wording }: LineHost,
  slot: HTMLElement,
  question: Question,
): Promise<Shown> {
  const { line } = wording.words;
  const { join = false, interactive = false } = question;
  const leave = () =>
    saveStep<LeftLine>({ of: stepOf(saleId), question, carried: tickets.carried });
  let solution: string | undefined;
  for (;;) {
    const solved = solution ? { "challenge-token": solution } : {};
    const answer = await tickets.show(join, { ...(await visitHeaders()), ...solved });
    if (answer.ok) return { standing: answer.body, fault: "" };
    if (answer.status === 401) {
      if (interactive && (await signIn(leave))) continue;
      return { standing: null, fault: tickets.isEmpty ? "" : line.signedOut };
    }
    const { code, challenge } = answer.body;
    if (code === "ticket_required") return { standing: null, fault: line.otherAccount };
    if (code === "challenge_required" && challenge) {
      solution = await (await panelIn(slot))?.solve(challenge, solution);
      if (solution !== undefined) continue;
    }
    // Without a press, a refusal says nothing that the visitor needs.
    const fault =
      answer.status === 0 ? line.offline : interactive ? refusalText(answer.body, wording) : "";
    return { standing: undefined, fault };
  }
}
