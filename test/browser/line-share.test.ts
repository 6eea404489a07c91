// Carrying a place to another device: the link, and the QR code of it.
import type { Page } from "playwright-core";
import decodeQR from "qr/decode.js";
import { expect, test } from "vitest";
import { inBrowser } from "./harness.ts";
import { lineSale, linkOf, waiting } from "./line-scene.ts";

const PHONE = { viewport: { width: 320, height: 640 } };

interface Pixels {
  width: number;
  height: number;
  data: number[];
}

/** The text of the QR code on the page, read from a picture of it. */
async function scan(page: Page): Promise<string> {
  const picture = await page.locator("[data-line-code] svg").screenshot();
  const read = `(async () => {
    const bytes = Uint8Array.from(atob("${picture.toString("base64")}"), (c) => c.charCodeAt(0));
    const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
    const canvas = new OffscreenCanvas(image.width, image.height);
    canvas.getContext("2d").drawImage(image, 0, 0);
    const { data } = canvas.getContext("2d").getImageData(0, 0, image.width, image.height);
    return { width: image.width, height: image.height, data: Array.from(data) };
  })()`;
  const { data, ...size } = await page.evaluate<Pixels>(read);
  return decodeQR({ ...size, data: new Uint8Array(data) });
}

inBrowser("carrying a place to another device", (stage) => {
  test.each(["light", "dark"] as const)(
    "shows a code that another phone can read, in %s mode at 320 px",
    async (colorScheme) => {
      const sale = await lineSale(stage());
      await sale.operate({ paused: true });
      const { page } = await waiting(stage(), sale, "ann", "waiting", { ...PHONE, colorScheme });
      const link = await linkOf(page);
      expect(link).toContain(`${sale.path}#ticket=`);
      expect(await scan(page)).toBe(link);
    },
  );

  test("shows the link alone if the script of the code does not load", async () => {
    const sale = await lineSale(stage());
    await sale.operate({ paused: true });
    const { page } = await waiting(stage(), sale, "ann");
    await page.route("**/assets/qr-*", (route) => route.abort());
    expect(await linkOf(page)).toContain("#ticket=");
    await page.getByRole("button", { name: "Copy the link" }).waitFor();
    expect(await page.locator("[data-line-code] svg").count()).toBe(0);
  });
});
