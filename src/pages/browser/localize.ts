// Reformats server-rendered prices and times for the visitor's region and time zone.
import { formatClock, formatTime, timeZone, WORDING } from "./locale.ts";

export function localize(root: ParentNode): void {
  for (const time of root.querySelectorAll<HTMLTimeElement>("time[data-local]")) {
    const format = time.dataset.local === "clock" ? formatClock : formatTime;
    time.textContent = format(time.dateTime);
  }
  for (const data of root.querySelectorAll<HTMLDataElement>("data[data-currency]")) {
    data.textContent = WORDING.price(Number(data.value), data.dataset.currency ?? "");
  }
  for (const note of root.querySelectorAll("[data-zone]")) {
    const { zone, zoneUnknown } = WORDING.words.common;
    note.textContent = timeZone ? WORDING.fill(zone, { zone: timeZone }) : zoneUnknown;
  }
}
