// The check of the draw in the visitor's own browser, with a script that loads on demand: the cryptography is large.
import { part } from "./dom.ts";
import type { LineHost } from "./line-host.ts";
import type { OwnStanding } from "./line-ticket.ts";

/** Places below it come from the draw; later ones follow from the time of arrival. */
const FIRST_LATE_PLACE = 1;
const FAILED = "The check didn't load. Please try again.";

/** Checks what the sale published, and the visitor's own place, and lists the results. */
export async function checkOwnDraw(
  slot: HTMLElement,
  { call, saleId }: LineHost,
  own: OwnStanding | null,
): Promise<void> {
  const list = part(slot, "line-checks");
  const show = (texts: string[]) =>
    list?.replaceChildren(
      ...texts.map((text) => Object.assign(document.createElement("li"), { textContent: text })),
    );
  try {
    const [answer, draw] = await Promise.all([
      call<unknown>("GET", `/sales/${saleId}/draw`),
      import(slot.dataset.drawCheck as string) as Promise<typeof import("./draw.ts")>,
    ]);
    const isDrawn = typeof own?.place === "number" && own.place < FIRST_LATE_PLACE;
    const place = isDrawn ? (own.place as number) : undefined;
    const checks = await draw.checkDraw(answer.body, own?.userId, place);
    show(checks.map(({ ok, name, detail }) => `${ok ? "\u2713" : "\u2717"} ${name}: ${detail}`));
  } catch {
    show([FAILED]);
  }
}
