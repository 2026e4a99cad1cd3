// From the input of a width to the painted plan, in milliseconds: 1,000 and 100,000 chunks. Argument: the service's address.
// The median of eleven changes, each between two widths that give about as many chunks.
//
// Two parts are added, and nothing else is counted:
// * from the `change` event until the page's script is done with the plan: request to the worker, planning there, the
//   answer, every change of the DOM. It ends with the first task behind the one that wrote the number of chunks
//   (a MutationObserver posts it), so that whatever else that task changed is in it.
// * the frame that shows it: from the first requestAnimationFrame callback behind that to a task posted in it, which the
//   browser runs once style, layout and paint of the frame are done. Rasterizing is another thread's.
// Left out is the wait for the display between them: up to 16.7 ms in which nothing is done.
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
    const count = document.querySelector('[data-testid="chunk-count"]');
    // A task of its own: behind the running one with its microtasks, and in a frame's callback behind the frame.
    const task = () => new Promise((done) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => done(performance.now());
      port2.postMessage(0);
    });
    const planned = () => new Promise((done) => {
      const observer = new MutationObserver(() => {
        observer.disconnect();
        done(task());
      });
      observer.observe(count, { characterData: true, childList: true, subtree: true });
    });
    const painted = () => new Promise((done) => {
      requestAnimationFrame(() => {
        const started = performance.now();
        done(task().then((ended) => ended - started));
      });
    });
    const times = [];
    for (let round = 0; round < 11; round += 1) {
      const scripted = planned();
      const started = performance.now();
      field.value = widths[round % 2];
      field.dispatchEvent(new Event('change', { bubbles: true }));
      const script = (await scripted) - started;
      times.push(script + (await painted()));
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
