// Makes docs/plan-studio.png anew: `node tests/browser/picture.mjs`, once `cargo xtask test` or `up` has built everything.
import { join } from 'node:path';
import { launch } from './chromium.mjs';
import { agreed, at } from './kit.mjs';
import { Penstock, root } from './penstock.mjs';

const penstock = new Penstock(8_000_000);
await penstock.start();
const browser = await launch();
try {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 1080 } })).newPage();
  await page.goto(`${penstock.url}/plan?source=demo.events&target=demo.events_by_tenant&method=size&bytes=8M`);
  await agreed(page);
  await at(page, 'size-field').fill('4M');
  await at(page, 'size-field').press('Tab');
  await agreed(page);
  await at(page, 'why').locator('summary').click();
  await at(page, 'chunk-strip').hover();
  await page.waitForTimeout(500);
  await page.screenshot({ path: join(root, 'docs', 'plan-studio.png') });
} finally {
  await browser.close();
  await penstock.stop();
}
