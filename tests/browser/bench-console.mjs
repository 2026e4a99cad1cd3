// From the input of a width or a budget to the painted plan, in milliseconds: 1,000 and 100,000 chunks by hours, as many chunks
// by size as the given snapshots are for. Arguments: the service's address, files with snapshots.
// The median of eleven changes, each between two values that give about as many chunks.
//
// Two parts are added, and nothing else is counted:
// * from the `change` event until the page's script is done with the plan: request to the worker, planning there, the
//   answer, every change of the DOM. It ends with the first task behind the one that wrote the number of chunks
//   (a MutationObserver posts it), so that whatever else that task changed is in it.
// * the frame that shows it: from the first requestAnimationFrame callback behind that to a task posted in it, which the
//   browser runs once style, layout and paint of the frame are done. Rasterizing is another thread's.
// Left out is the wait for the display between them: up to 16.7 ms in which nothing is done.
//
// The memory is that of the page's own process which no other shares, on a job of 100,000 tasks whose rows were scrolled through.
import { readFileSync } from 'node:fs';
import { behind } from './behind.mjs';
import { launch } from './chromium.mjs';
import { privateMegabytes } from './memory.mjs';

const [, , url, ...tables] = process.argv;
const browser = await launch();
const page = await (await browser.newContext({ viewport: { width: 1280, height: 860 } })).newPage();

async function byHours(to, widths) {
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
  return replan('hours-field', widths);
}

async function bySize(file) {
  const { bytes } = JSON.parse(readFileSync(file, 'utf8'));
  const service = await behind(url, file);
  await page.goto(`${service.url}/plan?source=demo.events&target=demo.copy&method=size&bytes=${bytes}`);
  await page.getByTestId('chunk-count').waitFor({ timeout: 120_000 });
  await page.waitForTimeout(3000);
  const chunks = (await page.getByTestId('chunk-count').innerText()).replaceAll(',', '');
  // A fiftieth more than the budget: nearly as many chunks.
  const took = await replan('size-field', [String(Math.round(bytes * 1.02)), String(bytes)]);
  service.end();
  return [`replan_paint_by_size_${chunks}_ms`, round(took)];
}

async function replan(id, values) {
  return page.evaluate(async ([id, values]) => {
    const field = document.querySelector(`[data-testid="${id}"]`);
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
      field.value = values[round % 2];
      field.dispatchEvent(new Event('change', { bubbles: true }));
      const script = (await scripted) - started;
      times.push(script + (await painted()));
      await new Promise((done) => setTimeout(done, 150));
    }
    return times.sort((a, b) => a - b)[5];
  }, [id, values]);
}

// Megabytes that only the page's process has, once a job of 100,000 tasks was looked at from one end to the other.
async function memoryOfJob() {
  const post = async (path, body) => {
    const answer = await fetch(url + path, { method: 'POST', headers: { 'content-type': 'application/json', 'idempotency-key': path }, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
  const table = (table) => ({ database: 'demo', table });
  const [source, target] = [table('events'), table('events_by_time')];
  const { digest: snapshot } = await post('/v1/snapshots', { source, target });
  const window = { from: '2025-01-01T00:00:00.000Z', to: '2027-11-08T16:00:00.000Z' };
  const request = { acknowledged: ['large_window', 'target_holds_rows'], method: { time_window: { hours: '0.25' } }, source, target, window };
  const { digest, chunks } = await post('/v1/plans', { snapshot, request });
  if (chunks !== 100_000) throw new Error(`${chunks} chunks`);
  const { id } = await post('/v1/jobs', { plan_digest: digest, title: 'Large', reason: '', lanes: 1, order: 'oldest_first' });
  await post(`/v1/jobs/${id}/pause`, { running: 'finish' });
  await page.goto(`${url}/jobs/${id}?tab=tasks`);
  await page.getByTestId('task-row').first().waitFor();
  for (let step = 0; step <= 40; step += 1) {
    await page.evaluate((share) => {
      const rows = document.querySelector('.rows');
      rows.scrollTop = rows.scrollHeight * share;
    }, step / 40);
    await page.waitForTimeout(250);
  }
  await page.waitForTimeout(2000);
  return round(await privateMegabytes(browser));
}

const round = (value) => Math.round(value * 10) / 10;
// 750 hours in chunks of some 45 minutes; 25,000 hours in quarters of an hour.
const figures = {
  replan_paint_1000_ms: round(await byHours('2025-02-01T06:00', ['0.75', '0.8'])),
  replan_paint_100000_ms: round(await byHours('2027-11-08T16:00', ['0.25', '0.26'])),
};
for (const file of tables) Object.assign(figures, Object.fromEntries([await bySize(file)]));
figures.page_memory_100000_tasks_mb = await memoryOfJob();
await browser.close();
console.log(JSON.stringify(figures));
