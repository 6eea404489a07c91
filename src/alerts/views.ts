// The view of an alert for operators. Pure.
import type { AlertView, Delivery } from "./client.ts";
import type { Alert, Ended } from "./decide-alerts.ts";
import { ruleOf } from "./formats.ts";
import { type Notice, type NoticeKind, noticeId } from "./notice.ts";

const iso = (time: number): string => new Date(time).toISOString();

export function viewOf(
  alert: Alert | Ended,
  noticeOf: (id: string) => Notice | undefined,
): AlertView {
  const { id, rule, about, skuId, value, threshold, since } = alert;
  const { severity, title, unit, advice } = ruleOf(alert);
  const deliveryOf = (kind: NoticeKind) => toDelivery(noticeOf(noticeId(id, kind)));
  const isOver = "endedAt" in alert;
  return {
    ...{ id, rule, severity, title, about, ...(skuId === undefined ? {} : { skuId }) },
    ...{ value, threshold, unit, advice },
    since: iso(since),
    ...(isOver ? { endedAt: iso(alert.endedAt) } : {}),
    delivery: {
      started: deliveryOf("started"),
      ...(isOver ? { ended: deliveryOf("ended") } : {}),
    },
  };
}

function toDelivery(notice: Notice | undefined): Delivery {
  if (!notice) return { state: "off" };
  const { deliveredAt, dueAt, tries, fault } = notice;
  if (deliveredAt !== undefined) return { state: "delivered", at: iso(deliveredAt) };
  const state = dueAt === null ? "undelivered" : "owed";
  return { state, tries, ...(fault === undefined ? {} : { fault }) };
}
