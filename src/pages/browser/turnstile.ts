// Cloudflare Turnstile: loads its script on demand and renders one widget.
import { loadScript } from "./load-script.ts";
import { WORDS } from "./words.ts";

interface Turnstile {
  render(container: HTMLElement, options: Record<string, unknown>): string | null | undefined;
  remove(widget: string): void;
}

declare global {
  interface Window {
    turnstile?: Turnstile;
  }
}

/** The widget options that the server requires. */
export interface Challenge {
  siteKey: string;
  action: string;
  cdata: string;
}

const SCRIPT = "https://challenges.cloudflare.com/turnstile/v0/api.js?render=explicit";
/** The minimum width of Turnstile's flexible widget; narrower containers get the compact one. */
const WIDE_PX = 300;

let loading: Promise<void> | undefined;

/** Rejects if the script does not load; the next call tries again. */
export async function loadTurnstile(): Promise<Turnstile> {
  loading ??= loadScript(SCRIPT);
  try {
    await loading;
    if (window.turnstile) return window.turnstile;
    throw new Error("Turnstile did not load");
  } catch (error) {
    loading = undefined;
    throw error;
  }
}

/**
 * Renders a widget: calls `solved` with its token or `fault` with a message. Returns a function to remove it. A page that becomes too
 * narrow or wide for it, as by turning a phone or zooming in, gets another widget.
 */
export function showWidget(
  turnstile: Turnstile,
  container: HTMLElement,
  { siteKey, action, cdata }: Challenge,
  solved: (token: string) => void,
  fault: (text: string) => void,
): () => void {
  let widget: string | null | undefined;
  let size: string | undefined;
  const remove = () => {
    if (widget) turnstile.remove(widget);
  };
  const draw = () => {
    const fitting = container.clientWidth < WIDE_PX ? "compact" : "flexible";
    if (fitting === size) return;
    remove();
    size = fitting;
    widget = turnstile.render(container, {
      sitekey: siteKey,
      action,
      cData: cdata,
      theme: "auto",
      language: document.documentElement.lang,
      size,
      "response-field": false,
      callback: solved,
      // True: the error is handled, so Turnstile does not log it.
      "error-callback": (code: unknown) => {
        fault(`${WORDS.challenge.failed} (${code})`);
        return true;
      },
      "timeout-callback": () => fault(WORDS.challenge.timedOut),
      "unsupported-callback": () => fault(WORDS.challenge.unsupported),
    });
  };
  draw();
  const resized = new ResizeObserver(draw);
  resized.observe(container);
  return () => {
    resized.disconnect();
    remove();
  };
}
