// The script of every page of the console: keeps the figures current, shows their ages, and the operator's own time zone.
import { patch } from "./patch.ts";

/** How often the connection is looked after. */
const EVERY_MS = 2_000;
/** Figures older than this are asked for: the server pushes them every two seconds, unless a network blocks WebSockets. */
const PUSH_LATE_MS = 5_000;
/** How long a failed connection waits before the next one. */
const RECONNECT_MS = 15_000;
/** The server closed the connection, because the sign-in is over. */
const SIGNED_OUT = 4401;
/** The server closed the connection, because it wants to know whether this browser is still signed in. */
const OPEN_AGAIN = 4408;
/** Without an answer for this long, the page says so. */
const LATE_MS = 10_000;
const UNAUTHENTICATED = 401;

const times = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

let answeredAt = Date.now();

const setText = (element: Element, text: string): void => {
  if (element.textContent !== text) element.textContent = text;
};

const when = (element: Element): number => Date.parse(element.getAttribute("datetime") ?? "");

function showTimes(): void {
  for (const element of document.querySelectorAll("time[data-local]")) {
    setText(element, times.format(when(element)));
  }
  for (const element of document.querySelectorAll("time[data-age]")) {
    // The server's clock may differ by moments.
    const seconds = Math.max(0, Math.round((Date.now() - when(element)) / 1_000));
    setText(element, seconds < 120 ? `${seconds} s ago` : `${Math.round(seconds / 60)} min ago`);
  }
  const connection = document.querySelector("[data-connection]");
  if (!connection) return;
  const isLate = Date.now() - answeredAt > LATE_MS;
  connection.classList.toggle("fault", isLate);
  setText(connection, isLate ? "No answer: these figures are old." : "Live");
}

/** Shows newer figures. The chart draws them too. */
function show(html: string): void {
  const held = document.querySelector("[data-figures]");
  const parsed = new DOMParser().parseFromString(html, "text/html");
  const newer = parsed.querySelector("[data-figures]");
  if (!held || !newer) return;
  patch(held, newer);
  answeredAt = Date.now();
  showTimes();
  document.dispatchEvent(new Event("figures"));
}

async function refresh(source: string): Promise<void> {
  try {
    const response = await fetch(source);
    // The session is over: the page itself shows the sign-in.
    if (response.status === UNAUTHENTICATED) location.reload();
    if (response.ok) show(await response.text());
  } catch {
    // Offline: the page says so once the figures are old.
  }
}

let socket: WebSocket | undefined;
let connectAt = 0;

function connect(saleId: string): void {
  connectAt = Date.now() + RECONNECT_MS;
  const url = new URL(`/api/admin/live?sale=${saleId}`, location.href);
  url.protocol = url.protocol.replace("http", "ws");
  const opened = new WebSocket(url);
  socket = opened;
  opened.addEventListener("message", ({ data }) => show(String(data)));
  opened.addEventListener("close", ({ code }) => {
    if (socket === opened) socket = undefined;
    if (code === SIGNED_OUT) location.reload();
    if (code === OPEN_AGAIN) connectAt = 0;
  });
}

/** Keeps the figures coming while the page is visible: those of a sale are pushed, and all others asked for. */
async function keepCurrent(source: string, saleId: string): Promise<void> {
  if (document.hidden) socket?.close();
  else if (saleId && !socket && Date.now() >= connectAt) connect(saleId);
  if (!document.hidden && Date.now() - answeredAt > PUSH_LATE_MS) await refresh(source);
  setTimeout(() => void keepCurrent(source, saleId), EVERY_MS);
}

showTimes();
setInterval(showTimes, 1_000);
const { source, figures } = document.querySelector<HTMLElement>("[data-figures]")?.dataset ?? {};
if (source) void keepCurrent(source, figures ?? "");
