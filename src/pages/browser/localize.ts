// Reformats server-rendered prices and times in the visitor's language and time zone.
import { formatClock, formatTime, locale, money, timeZone } from "./locale.ts";

export function localize(root: ParentNode): void {
  for (const time of root.querySelectorAll<HTMLTimeElement>("time[data-local]")) {
    const format = time.dataset.local === "clock" ? formatClock : formatTime;
    time.textContent = format(time.dateTime);
    time.lang = locale;
  }
  for (const data of root.querySelectorAll<HTMLDataElement>("data[data-currency]")) {
    data.textContent = money(Number(data.value), data.dataset.currency ?? "");
  }
  for (const note of root.querySelectorAll("[data-zone]")) {
    note.textContent = `Times are in your time zone${timeZone ? ` (${timeZone})` : ""}.`;
  }
}
