// The script of the editor of a sale: checks the draft by the server's own schema while it is typed, keeps the preview current,
// and shows times in the operator's time zone.

/** How long nothing must be typed before the draft is sent. */
const QUIET_MS = 500;
const MINUTE_MS = 60_000;

const utc = new Intl.DateTimeFormat(undefined, {
  dateStyle: "medium",
  timeStyle: "short",
  timeZone: "UTC",
});
const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone;

/** A time in UTC as the operator's local one, both as a field for date and time has them. */
function toLocal(text: string): string {
  const at = new Date(`${text}Z`);
  if (Number.isNaN(at.getTime())) return "";
  const local = new Date(at.getTime() - at.getTimezoneOffset() * MINUTE_MS).toISOString();
  return local.slice(0, -1).replace(/(:00)?\.000$/, "");
}

/** The field that is sent keeps UTC, and is hidden. Another one without a name takes its place. */
function localize(field: HTMLInputElement): void {
  const shown = field.cloneNode() as HTMLInputElement;
  shown.removeAttribute("name");
  shown.value = toLocal(field.value);
  const hint = document.getElementById(`${field.id}-hint`);
  const words = hint?.textContent?.replace(/^UTC\. /, "") ?? "";
  const describe = (): void => {
    const at = new Date(shown.value);
    const isTime = !Number.isNaN(at.getTime());
    if (hint) hint.textContent = `${zone}. ${isTime ? `${utc.format(at)} UTC. ` : ""}${words}`;
  };
  shown.addEventListener("input", () => {
    const at = new Date(shown.value);
    const isTime = !Number.isNaN(at.getTime());
    field.value = isTime
      ? at
          .toISOString()
          .slice(0, -1)
          .replace(/(:00)?\.000$/, "")
      : "";
    describe();
  });
  field.type = "hidden";
  field.removeAttribute("id");
  field.after(shown);
  describe();
}

/** The fields as the form would send them: these are checked and shown. */
async function send(form: HTMLFormElement, step: string): Promise<Response> {
  const body = new URLSearchParams();
  for (const [name, value] of new FormData(form)) body.append(name, String(value));
  body.set("step", step);
  return fetch(form.action, { method: "POST", body });
}

/** Names of fields that were touched: what was not filled in yet is no fault. */
const touched = new Set<string>();

function showFaults(html: string): void {
  const answer = new DOMParser().parseFromString(html, "text/html");
  for (const fault of document.querySelectorAll<HTMLElement>("[data-fault]")) {
    const name = fault.dataset.fault ?? "";
    const found = answer.querySelector(`[data-fault="${name}"]`)?.textContent ?? "";
    const text = touched.has(name) ? found : "";
    if (fault.textContent !== text) fault.textContent = text;
    const field = document.getElementById(name);
    if (text === "") field?.removeAttribute("aria-invalid");
    else field?.setAttribute("aria-invalid", "true");
  }
}

/** A new frame each time, because a frame that navigates adds to the browser's history. */
function showPreview(html: string): void {
  const held = document.querySelector("[data-preview]");
  const frame = held?.cloneNode() as HTMLIFrameElement | undefined;
  if (!held || !frame) return;
  frame.srcdoc = html;
  held.replaceWith(frame);
}

/** Counts the drafts, so that a late answer about an older one is dropped. */
let drafts = 0;

async function check(form: HTMLFormElement): Promise<void> {
  drafts += 1;
  const draft = drafts;
  try {
    const [checked, preview] = await Promise.all([send(form, "check"), send(form, "preview")]);
    const [faults, page] = await Promise.all([checked.text(), preview.text()]);
    if (draft !== drafts) return;
    // Any other answer is not the editor: the session may be over. Saving says so.
    if (checked.ok || checked.status === 400) showFaults(faults);
    if (preview.ok) showPreview(page);
  } catch {
    // Offline: saving says so.
  }
}

/** Whether something was typed before this script was loaded. */
const isEdited = (field: HTMLElement | null): boolean =>
  (field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement) &&
  field.value !== field.defaultValue;

const form = document.querySelector<HTMLFormElement>("form[data-editor]");
if (form && document.querySelector("[data-preview]")) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  for (const fault of document.querySelectorAll<HTMLElement>("[data-fault]")) {
    const name = fault.dataset.fault ?? "";
    if (fault.textContent || isEdited(document.getElementById(name))) touched.add(name);
  }
  for (const field of form.querySelectorAll<HTMLInputElement>("[data-utc]")) localize(field);
  form.addEventListener("input", ({ target }) => {
    touched.add((target as HTMLElement).id);
    clearTimeout(timer);
    timer = setTimeout(() => void check(form), QUIET_MS);
  });
  void check(form);
}
