// A fake of Turnstile's browser side: a script with `render` and `remove`, and a frame from the same host with
// one button. Its tokens match src/local/fakes/turnstile.ts.
import type { Page } from "playwright-core";
import type { Person } from "./harness.ts";

const CHALLENGES = "https://challenges.cloudflare.com";

/** The state of the fake and the calls it received. */
export interface FakeWidget {
  /** Times the script was loaded. */
  scripts: number;
  /** The options of each widget, in order. */
  rendered: Record<string, string>[];
  /** Whether the script can be reached. */
  reachable: boolean;
}

const SCRIPT = `
window.turnstile = {
  render(container, options) {
    const params = Object.entries(options).filter(([, value]) => typeof value === "string");
    const frame = document.createElement("iframe");
    frame.title = "Widget of the fake Turnstile";
    frame.width = options.size === "compact" ? 150 : 300;
    frame.height = options.size === "compact" ? 140 : 65;
    frame.src = "${CHALLENGES}/fake-widget?" + new URLSearchParams(params);
    container.append(frame);
    addEventListener("message", ({ data, source }) => {
      if (source !== frame.contentWindow) return;
      if (data.token) options.callback(data.token);
      else options["error-callback"](data.error);
    });
    window.fakeFrame = frame;
    return "fake-widget";
  },
  remove() {
    window.fakeFrame.remove();
  },
};`;

const frame = (message: object) => `<!doctype html><html lang="en"><title>Fake</title>
<body style="margin:0;height:100%;background:#fff;color:#000">
<button style="font:16px system-ui;margin:12px"
  onclick='parent.postMessage(${JSON.stringify(message)}, "*")'>I am a person</button>`;

/**
 * Serves Turnstile's host in this browser. Each widget takes the next of the `outcomes`, and the last one
 * repeats: a token of that kind for siteverify, or "error" for an error of the widget itself.
 */
export async function fakeWidget(visitor: Person, ...outcomes: string[]): Promise<FakeWidget> {
  const fake: FakeWidget = { scripts: 0, rendered: [], reachable: true };
  await visitor.reach(CHALLENGES, (route) => {
    const { pathname, searchParams } = new URL(route.request().url());
    if (!fake.reachable) return route.abort();
    if (pathname === "/turnstile/v0/api.js") {
      fake.scripts += 1;
      return route.fulfill({ contentType: "text/javascript", body: SCRIPT });
    }
    const options = Object.fromEntries(searchParams);
    const outcome = outcomes[Math.min(fake.rendered.push(options), outcomes.length) - 1];
    const token = `${outcome}.${options.action}.${options.cData}.${crypto.randomUUID()}`;
    const message = outcome === "error" ? { error: "300030" } : { token };
    return route.fulfill({ contentType: "text/html", body: frame(message) });
  });
  return fake;
}

export const widgetButton = (page: Page) =>
  page.frameLocator(".challenge iframe").getByRole("button", { name: "I am a person" });

/**
 * Solves the challenge. The trial click proves that the frame can be clicked. The real click is dispatched
 * inside the frame: it is another process, and a browser under load may route a click to its old position.
 */
export async function solve(page: Page): Promise<void> {
  await page.locator(".challenge iframe").click({ trial: true });
  await widgetButton(page).dispatchEvent("click");
}
