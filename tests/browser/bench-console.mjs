// From the input of a width to the painted plan, in milliseconds: 1,000 and 100,000 chunks. Argument: the service's address.
// The median of eleven changes, each between two widths that give about as many chunks.
import { launch } from './chromium.mjs';

const [, , url] = process.argv;
const browser = await launch();
const page = await (await browser.newContext({ viewport: { width: 1280, height: 860 } })).newPage();

async function measure(to, widths) {
  await page.goto(`${url}/plan?source=demo.events&target=demo.events_by_time`);
  const fill = async (id, value) => {
    await page.getByTestId(id).fill(value);
    await page.getByTestId(id).press('Tab');
  };
  await fill('window-from', '2025-01-01T00:00');
  await fill('window-to', to);
  const acknowledge = page.getByTestId('acknowledge');
  await Promise.race([acknowledge.waitFor(), page.getByTestId('chunk-count').waitFor()]);
  if (await acknowledge.count()) await acknowledge.click();
  await page.getByTestId('chunk-count').waitFor();
  await page.waitForTimeout(1500);
  return page.evaluate(async (widths) => {
    const field = document.querySelector('[data-testid="hours-field"]');
    const count = () => document.querySelector('[data-testid="chunk-count"]').textContent;
    const times = [];
    for (let round = 0; round < 11; round += 1) {
      const before = count();
      const painted = new Promise((done) => {
        const look = () => (count() === before ? requestAnimationFrame(look) : setTimeout(() => done(performance.now())));
        requestAnimationFrame(look);
      });
      const started = performance.now();
      field.value = widths[round % 2];
      field.dispatchEvent(new Event('change', { bubbles: true }));
      times.push((await painted) - started);
      await new Promise((done) => setTimeout(done, 150));
    }
    return times.sort((a, b) => a - b)[5];
  }, widths);
}

const round = (value) => Math.round(value * 10) / 10;
// 750 hours in chunks of some 45 minutes; 25,000 hours in quarters of an hour.
const thousand = await measure('2025-02-01T06:00', ['0.75', '0.8']);
const hundredThousand = await measure('2027-11-08T16:00', ['0.25', '0.26']);
await browser.close();
console.log(JSON.stringify({ replan_paint_1000_ms: round(thousand), replan_paint_100000_ms: round(hundredThousand) }));
