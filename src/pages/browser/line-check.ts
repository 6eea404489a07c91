// The proof of a draw on the page: what the sale published, and the check of it in the visitor's own browser, with a script
// that loads on demand, because the cryptography is large.
import type { DrawDocument } from "../../admission/draw.ts";
import { part, setText } from "./dom.ts";
import type { OwnStanding } from "./line-ticket.ts";
import type { LineHost } from "./panel-host.ts";

/** Places below it come from the draw; later ones follow from the time of arrival. */
const FIRST_LATE_PLACE = 1;

/** Connects the list of published facts, which loads when it is opened, and the button of the check. */
export function mountDraw(slot: HTMLElement, host: LineHost, own: () => OwnStanding | null): void {
  part(slot, "line-how")?.addEventListener("toggle", () => void showPublished(slot, host));
  part(slot, "line-check")?.addEventListener("click", () => void checkDraw(slot, host, own()));
}

const read = ({ call, saleId }: LineHost) => call<DrawDocument>("GET", `/sales/${saleId}/draw`);

async function showPublished(slot: HTMLElement, host: LineHost): Promise<void> {
  const { ok, body } = await read(host);
  if (!ok) return;
  setText(part(slot, "line-commitment"), body.commitment);
  setText(part(slot, "line-round"), String(body.round));
  part(slot, "line-published")?.removeAttribute("hidden");
}

/** Checks what the sale published, and the visitor's own place, and lists the results. */
async function checkDraw(
  slot: HTMLElement,
  host: LineHost,
  own: OwnStanding | null,
): Promise<void> {
  const { line, draw: looked } = host.wording.words;
  const show = (verdict: string, results: string[] = []) => {
    setText(part(slot, "line-verdict"), verdict);
    const items = results.map((textContent) =>
      Object.assign(document.createElement("li"), { textContent }),
    );
    part(slot, "line-checks")?.replaceChildren(...items);
  };
  show(line.checking);
  try {
    const [answer, draw] = await Promise.all([
      read(host),
      import(slot.dataset.drawCheck as string) as Promise<typeof import("./draw.ts")>,
    ]);
    const isDrawn = typeof own?.place === "number" && own.place < FIRST_LATE_PLACE;
    const place = isDrawn ? (own.place as number) : undefined;
    const checks = await draw.checkDraw(answer.body, own?.userId, place);
    const results = checks.map(
      ({ name, ok, detail }) => `${ok ? "\u2713" : "\u2717"} ${looked[name]} (${detail})`,
    );
    show(checks.every(({ ok }) => ok) ? line.fair : line.unproven, results);
  } catch {
    show(line.checkFailed);
  }
}
