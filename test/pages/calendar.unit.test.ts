// The calendar file of a reminder, read back by a parser that others maintain.
import fc from "fast-check";
import ICAL from "ical.js";
import { expect, test } from "vitest";
import { type Reminder, reminderFile } from "../../src/pages/calendar.ts";

const REMINDER: Reminder = {
  sale: { id: "drop", opensAt: "2027-03-01T09:00:00.000Z" },
  revision: Date.UTC(2026, 11, 1),
  url: "https://drops.example/sales/drop",
  title: "Spring drop opens",
  text: "Be there.",
};

/** The event and its alarm, as a calendar reads them. */
function read(file: string) {
  const calendar = new ICAL.Component(ICAL.parse(file));
  const component = calendar.getFirstSubcomponent("vevent") as ICAL.Component;
  const event = new ICAL.Event(component);
  const alarm = component.getFirstSubcomponent("valarm") as ICAL.Component;
  return { event, component, alarm };
}

test("a calendar reads when the sale opens, and rings ten minutes before", () => {
  const { event, component, alarm } = read(reminderFile(REMINDER));
  expect(event.startDate.toJSDate().toISOString()).toBe(REMINDER.sale.opensAt);
  expect(event.duration.toSeconds()).toBe(900);
  expect([event.uid, event.summary, event.description]).toEqual([
    "drop@drops.example",
    REMINDER.title,
    REMINDER.text,
  ]);
  expect(component.getFirstPropertyValue("url")).toBe(REMINDER.url);
  const trigger = alarm.getFirstPropertyValue("trigger") as ICAL.Duration;
  expect(trigger.toSeconds()).toBe(-600);
});

test("a sale that moved is the same event in a later version", () => {
  const moved = { ...REMINDER.sale, opensAt: "2027-03-02T09:00:00.000Z" };
  const [before, after] = [
    read(reminderFile(REMINDER)).event,
    read(reminderFile({ ...REMINDER, sale: moved, revision: REMINDER.revision + 60_000 })).event,
  ];
  expect(after.uid).toBe(before.uid);
  expect(after.sequence).toBeGreaterThan(before.sequence);
  // A sequence number has 32 bits.
  const last = { ...REMINDER, revision: Date.UTC(2090, 0, 1) };
  expect(read(reminderFile(last)).event.sequence).toBeLessThan(2 ** 31);
});

/** Texts with all that calendars give a meaning to. */
const texts = fc.string({
  unit: fc.oneof(
    fc.constantFrom(...[";", ",", "\\", "\n", "\r\n", "\r", ":", '"', "\t", "\u0007", "靴", "😀"]),
    fc.constantFrom(...["\u202e", "\u2028", "é", "e\u0301", "حذاء", "\ud83d", " ", "BEGIN:VALARM"]),
    fc.string({ unit: "binary", maxLength: 3 }),
  ),
  maxLength: 200,
});

test("any text survives, and no line is longer than 75 bytes", () => {
  fc.assert(
    fc.property(texts, texts, (title, text) => {
      const file = reminderFile({ ...REMINDER, title, text });
      const { event, component } = read(file);
      expect([event.summary, event.description]).toEqual([plain(title), plain(text)]);
      // No text adds a line of its own.
      expect(component.getAllSubcomponents()).toHaveLength(1);
      expect(component.getAllProperties()).toHaveLength(9);
      const lines = file.split("\r\n");
      expect(lines.pop()).toBe("");
      for (const line of lines) {
        expect(new TextEncoder().encode(line).length).toBeLessThanOrEqual(75);
        expect(line).not.toMatch(/[\r\n]/);
        expect(line.isWellFormed()).toBe(true);
      }
    }),
  );
});

/** Line ends are one character there, and other control characters are none. */
const plain = (text: string): string =>
  text
    .toWellFormed()
    .replace(/\r\n?/g, "\n")
    .replace(/[^\P{Cc}\t\n]/gu, "");
