// Half a million chunks of a table that nobody has at hand: 4 trillion rows in 10,000 partitions. HUGE_SNAPSHOT names what
// `cargo xtask test` prepared. What takes how long is the bench's; here stands what makes it short.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { behind } from './behind.mjs';
import { at, kit, shot, sound } from './kit.mjs';
import { pageMegabytes, privateMegabytes } from './memory.mjs';

const file = process.env.HUGE_SNAPSHOT;
assert.ok(file, 'HUGE_SNAPSHOT is not set: run this through cargo xtask test');
const { bytes, chunks: CHUNKS } = JSON.parse(readFileSync(file, 'utf8'));
// Of keyed::huge_of: each partition is cut into so many chunks, each of two points of its key.
const EACH = 50;

let service;
const { penstock, open, close, browser } = kit(20_000, async () => {
  service = await behind(penstock.url, file);
});
after(() => service.end());

const number = (words) => Number(words.replaceAll(',', ''));
const count = async (page) => number(await at(page, 'chunk-count').innerText());
const elements = (page) => page.evaluate(() => document.querySelectorAll('*').length);
const studio = async (budget) => {
  const page = await open(`/plan?source=demo.events&target=demo.copy&method=size&bytes=${budget}`, {}, service.url);
  await at(page, 'chunk-count').waitFor();
  return page;
};

// What the row of a chunk says.
function label(index) {
  const [partition, place] = [100_000 + Math.floor(index / EACH), index % EACH];
  const keys = place === 0 ? 'before 2' : place === EACH - 1 ? `from ${2 * place}` : `${2 * place} – ${2 * place + 2}`;
  return `${partition} · ${keys}`;
}

// The rows in sight, once the last of them is filled.
async function rowsInSight(page) {
  await page.waitForFunction(() => [...document.querySelectorAll('[data-testid="chunk-row"]')].every((row) => row.children[1].innerText.trim() !== '…'));
  return page.evaluate(() => {
    const list = document.querySelector('.rows').getBoundingClientRect();
    const head = document.querySelector('.row-head').getBoundingClientRect();
    const inSight = (box) => box.top >= head.bottom - 1 && box.bottom <= list.bottom + 1;
    const rows = [...document.querySelectorAll('[data-testid="chunk-row"]')].filter((row) => inSight(row.getBoundingClientRect()));
    rows.sort((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top);
    return rows.map((row) => [...row.children].map((cell) => cell.innerText));
  });
}

async function scrolled(page, share) {
  await page.evaluate((share) => {
    const list = document.querySelector('.rows');
    list.scrollTop = list.scrollHeight * share;
  }, share);
  // The event of a scroll comes with a frame.
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  return rowsInSight(page);
}

test('half a million chunks appear, in a page that is as small as with fewer', async () => {
  // A chunk a partition: a fiftieth of them.
  const few = await studio(bytes * 1_000_000);
  assert.equal(await count(few), CHUNKS / EACH);
  const small = await elements(few);
  await close(few);

  const page = await studio(bytes);
  assert.equal(await count(page), CHUNKS);
  assert.ok(CHUNKS >= 500_000);
  assert.equal(await at(page, 'plan-rows').innerText(), '4 T');
  const large = await elements(page);
  assert.ok(large <= small + 50 && large <= 400, `${small} elements with fewer chunks, ${large} with ${CHUNKS}`);
  // A gap of a pixel between cells, or none: more cells than pixels would be lost.
  const cells = await page.evaluate(() => document.querySelector('[data-testid="chunk-strip"]').innerHTML.split('M').length - 1);
  assert.ok(cells > 300 && cells <= 600, `${cells} cells`);

  const strip = await at(page, 'chunk-strip').boundingBox();
  const words = async (share) => {
    await page.mouse.move(strip.x + 0.3 + (strip.width - 0.6) * share, strip.y + strip.height / 2);
    const said = /^Chunks ([\d,]+)–([\d,]+) · /.exec(await page.locator('.chunks > p.num').innerText());
    return [number(said[1]), number(said[2])];
  };
  assert.equal((await words(0))[0], 1);
  const middle = await words(0.5);
  assert.ok(middle[0] <= CHUNKS * 0.502 && middle[1] >= CHUNKS * 0.498, `in the middle: ${middle}`);
  assert.equal((await words(1))[1], CHUNKS);

  // The bounds of console.md. The worker beside the page holds every point and every chunk.
  const [own, whole] = [await pageMegabytes(page), await privateMegabytes(browser())];
  console.log(`page ${own.toFixed(1)} MB, its process with the worker ${whole.toFixed(0)} MB, ${large} elements`);
  assert.ok(own <= 150, `the page holds ${own} MB`);
  assert.ok(whole <= 450, `the page's process holds ${whole} MB`);
  await shot(page, 'studio-huge-light-1280');
  await sound(page, 'the studio with half a million chunks');
  await close(page);
});

test('the table of half a million chunks is scrolled from its first row to its last', async () => {
  const page = await studio(bytes);
  await at(page, 'chunks').locator('summary').click();
  await at(page, 'chunk-row').first().waitFor();
  const drawn = () => at(page, 'chunk-row').count();
  for (const share of [0, 0.25, 0.5, 0.75, 1, 0.5, 0]) {
    const rows = await scrolled(page, share);
    assert.ok(rows.length >= 10, `${rows.length} rows in sight`);
    const first = number(rows[0][0]) - 1;
    rows.forEach((row, place) => {
      assert.equal(number(row[0]), first + place + 1, 'in order');
      assert.equal(row[1].trim(), label(first + place));
    });
    assert.ok(Math.abs(first - share * CHUNKS) <= 100, `at ${share} of the way: chunk ${first + 1}`);
    if (share === 0) assert.equal(first, 0);
    if (share === 1) assert.equal(first + rows.length, CHUNKS);
    assert.ok((await drawn()) <= 200, `${await drawn()} rows are elements`);
  }
  // By keys alone.
  await page.locator('.rows').focus();
  await page.keyboard.press('End');
  await page.waitForFunction((last) => document.querySelector(`[data-testid="chunk-row"][aria-rowindex="${last}"]`), CHUNKS);
  await page.keyboard.press('Home');
  await page.waitForFunction(() => document.querySelector('[data-testid="chunk-row"][aria-rowindex="1"]'));

  // One chunk's SQL, the last.
  await at(page, 'sql').locator('summary').click();
  await at(page, 'sql').locator('input').fill(String(CHUNKS));
  await at(page, 'sql').locator('input').press('Enter');
  await page.waitForFunction((words) => document.querySelector('[data-testid="sql-text"]').textContent.includes(words), `_partition_id = '${99_999 + CHUNKS / EACH}'`);
  assert.equal(await at(page, 'sql').locator('summary').innerText(), 'SQL of chunk 500,000 of 500,000');
  assert.ok((await pageMegabytes(page)) <= 150);
  await close(page);
});

test('the page answers while half a million chunks are planned, and is written once', async () => {
  const page = await studio(bytes);
  const seen = await page.evaluate(async (budget) => {
    const field = document.querySelector('[data-testid="size-field"]');
    const counted = document.querySelector('[data-testid="chunk-count"]');
    const why = document.querySelector('[data-testid="why"]');
    const seen = { frames: 0, tasks: 0, opened: false, written: 0, added: 0 };
    const result = document.querySelector('.result');
    const written = new Promise((done) => {
      new MutationObserver((records) => {
        seen.written += 1;
        done(records);
      }).observe(counted, { characterData: true, childList: true, subtree: true });
    });
    new MutationObserver((records) => {
      seen.added += records.reduce((sum, { addedNodes }) => sum + addedNodes.length, 0);
    }).observe(result, { childList: true, subtree: true });
    field.value = String(budget);
    field.dispatchEvent(new Event('change', { bubbles: true }));
    // From here on the worker plans. What a person does meanwhile happens meanwhile.
    let going = true;
    const frame = () => going && requestAnimationFrame(() => { seen.frames += 1; frame(); });
    const task = () => going && setTimeout(() => { seen.tasks += 1; task(); });
    frame();
    task();
    why.addEventListener('toggle', () => (seen.opened = seen.written === 0), { once: true });
    why.querySelector('summary').click();
    await written;
    going = false;
    // Whatever else followed from the answer.
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    return seen;
  }, Math.round(bytes * 1.02));
  assert.ok(seen.opened, 'a fold opened before the plan was there');
  assert.ok(seen.frames >= 2 && seen.tasks >= 10, `${seen.frames} frames and ${seen.tasks} tasks ran while it was planned`);
  assert.equal(seen.written, 1, 'the number of chunks was written once');
  assert.ok(seen.added <= 100, `${seen.added} nodes were made anew`);

  // Of thirty changes in one task two are planned: the first, and the last.
  const changes = await page.evaluate(async (budgets) => {
    const field = document.querySelector('[data-testid="size-field"]');
    const counted = document.querySelector('[data-testid="chunk-count"]');
    const texts = [];
    new MutationObserver(() => texts.push(counted.textContent)).observe(counted, { characterData: true, childList: true, subtree: true });
    for (const budget of budgets) {
      field.value = String(budget);
      field.dispatchEvent(new Event('change', { bubbles: true }));
      await null;
    }
    while (texts.length < 2) await new Promise((done) => setTimeout(done, 20));
    await new Promise((done) => setTimeout(done, 500));
    return texts;
  }, Array.from({ length: 30 }, (_, step) => Math.round(bytes * (1.2 + step / 10))));
  assert.equal(changes.length, 2, `plans in sight: ${changes}`);

  // While plans come one after the other, the page itself is idle more than half of the time.
  const client = await page.context().newCDPSession(page);
  await client.send('Performance.enable', { timeDomain: 'timeTicks' });
  const metrics = async () => Object.fromEntries((await client.send('Performance.getMetrics')).metrics.map(({ name, value }) => [name, value]));
  const start = await metrics();
  await page.evaluate(async (budgets) => {
    const field = document.querySelector('[data-testid="size-field"]');
    const counted = document.querySelector('[data-testid="chunk-count"]');
    for (const budget of budgets) {
      const next = new Promise((done) => new MutationObserver((_, it) => { it.disconnect(); done(); }).observe(counted, { characterData: true, childList: true, subtree: true }));
      field.value = String(budget);
      field.dispatchEvent(new Event('change', { bubbles: true }));
      await next;
    }
  }, [1.02, 1, 1.02, 1, 1.02].map((share) => Math.round(bytes * share)));
  const end = await metrics();
  const busy = (end.TaskDuration - start.TaskDuration) / (end.Timestamp - start.Timestamp);
  console.log(`the page is busy ${Math.round(busy * 100)} % of the time`);
  assert.ok(busy < 0.5, `busy for ${busy} of the time`);
  await close(page);
});
