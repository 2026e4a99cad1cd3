// Chunks by size in the studio: dragged, coarse first, marked, explained, started and proven.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agreed, at, chunks, kit, shot, sound, state, tabTo } from './kit.mjs';

const { penstock, open, close, sql, jobs } = kit(60_000, async (sql) => {
  // One GiB in 200,000 rows; six tenths of one tenant, a tenth of one tuple that no key divides. Fine index marks.
  await sql(`CREATE TABLE demo.wide (tenant LowCardinality(String), id UInt64, pad String) ENGINE = MergeTree ORDER BY (tenant, id) SETTINGS index_granularity = 32`);
  await sql(`INSERT INTO demo.wide SELECT multiIf(number % 10 < 6, 'mega', number % 10 = 6, 'same', 't-' || toString(number % 50)), if(number % 10 = 6, 0, number), repeat('x', 5000) FROM numbers(200000) SETTINGS max_insert_threads = 1, min_insert_block_size_rows = 1000000, min_insert_block_size_bytes = 0, max_block_size = 200000`);
  await sql(`CREATE TABLE demo.wide_copy (tenant LowCardinality(String), id UInt64, pad String) ENGINE = MergeTree ORDER BY (tenant, id)`);
  // Twenty points of a thousand rows and about 100 KiB: between one and two of them no cut can be even.
  await sql(`CREATE TABLE demo.lumps (id UInt64, pad String) ENGINE = MergeTree ORDER BY id SETTINGS index_granularity = 1000`);
  await sql(`INSERT INTO demo.lumps SELECT number, repeat('x', 94) FROM numbers(20000)`);
  await sql(`CREATE TABLE demo.logged (id UInt64, pad String) ENGINE = Log`);
  await sql(`INSERT INTO demo.logged SELECT number, repeat('x', 94) FROM numbers(20000)`);
  await sql(`CREATE TABLE demo.lumps_copy (id UInt64, pad String) ENGINE = MergeTree ORDER BY id`);
  await sql(`CREATE TABLE demo.by_size (id UInt64, tenant LowCardinality(String), ts DateTime64(3, 'UTC'), amount UInt32) ENGINE = MergeTree ORDER BY (tenant, ts)`);
});

const wide = '/plan?source=demo.wide&target=demo.wide_copy&method=size';
const text = (page, id) => at(page, id).innerText();
const number = (words) => Number(words.replaceAll(',', ''));
// Requests that are not the clock's.
const asked = (page) => page.requests.map((request) => request.url()).filter((url) => !url.endsWith('/v1/service'));

test('the size slider plans in the worker; keys, field, presets and address follow', async () => {
  const page = await open(wide);
  await agreed(page);
  assert.match(await at(page, 'size-slider').getAttribute('aria-valuetext'), /^512 MiB, [23] chunks$/);
  assert.equal(await text(page, 'cut-along'), 'tenant, id');

  const slider = at(page, 'size-slider');
  const box = await slider.boundingBox();
  const seen = new Set();
  await page.mouse.move(box.x + box.width / 3, box.y + box.height / 2);
  await page.mouse.down();
  await page.waitForTimeout(100);
  const before = asked(page);
  for (let step = 0; step <= 12; step += 1) {
    await page.mouse.move(box.x + (box.width * (30 - step * 3)) / 100, box.y + box.height / 2);
    await page.waitForTimeout(120);
    seen.add(await text(page, 'chunk-count'));
  }
  await page.waitForTimeout(600);
  assert.deepEqual(asked(page), before, 'a request was made while dragging');
  assert.ok(seen.size > 4, `chunks followed the drag: ${[...seen]}`);
  await page.mouse.up();
  assert.match(await slider.getAttribute('aria-valuetext'), /^64 MiB, 1[5-7] chunks$/);
  await agreed(page);
  assert.match(page.url(), /method=size&bytes=64M/);

  // Keys step the slider by quarters of a doubling; nothing is asked until the key is let go.
  await slider.focus();
  await page.keyboard.down('ArrowRight');
  const held = asked(page);
  await page.waitForTimeout(1_000);
  assert.deepEqual(asked(page), held, 'a request was made while a key was held');
  await page.keyboard.up('ArrowRight');
  assert.match(await slider.getAttribute('aria-valuetext'), /^80 MiB, 1[2-4] chunks$/);
  await agreed(page);

  await at(page, 'size-field').fill('1.5 GiB');
  await at(page, 'size-field').press('Enter');
  await chunks(page, '1');
  assert.equal(await at(page, 'size-field').inputValue(), '1536M');
  await at(page, 'size-field').fill('much');
  await at(page, 'size-field').press('Enter');
  assert.equal(await at(page, 'size-field').getAttribute('aria-invalid'), 'true');
  const takes = page.locator(`#${await at(page, 'size-field').getAttribute('aria-describedby')}`);
  assert.match(await takes.innerText(), /like 512M/);
  assert.ok(await takes.isVisible());
  await page.getByRole('button', { name: '128 MiB' }).click();
  assert.equal(await page.getByRole('button', { name: '128 MiB' }).getAttribute('aria-pressed'), 'true');
  await page.waitForFunction(() => document.querySelector('[data-testid="size-slider"]').getAttribute('aria-valuetext').startsWith('128 MiB, 8'));
  const third = await agreed(page);
  const twin = await open(page.url().slice(penstock.url.length));
  assert.equal(await agreed(twin), third, 'the copied address shows the same plan');
  await close(twin);
  await close(page);
});

test('a coarse plan comes first and cannot be started; the finer one takes its place', async () => {
  const page = await open(wide);
  await agreed(page);
  let let_through;
  const gate = new Promise((open) => (let_through = open));
  await page.route('**/detail', async (route) => {
    await gate;
    await route.continue();
  });
  const details = () => asked(page).filter((url) => url.endsWith('/detail')).length;

  // As long as something is held nothing is asked, however long it takes.
  await at(page, 'size-slider').dispatchEvent('pointerdown');
  await at(page, 'size-field').fill('1M');
  await at(page, 'size-field').press('Enter');
  await at(page, 'coarse').waitFor();
  await page.waitForTimeout(1_200);
  assert.equal(details(), 0, 'detail was asked for while dragging');
  await at(page, 'size-slider').dispatchEvent('pointerup');
  await page.waitForRequest((request) => request.url().endsWith('/detail'), { timeout: 2_000 });

  // What is known already is in sight, and can be read, but not started.
  assert.match(await text(page, 'coarse'), /^Coarse: finer facts are being fetched/);
  await state(page, 'plan-state', 'coarse').waitFor();
  const coarse = number(await text(page, 'chunk-count'));
  assert.ok(coarse > 500, `${coarse} coarse chunks`);
  assert.ok(await at(page, 'review').isDisabled());
  assert.equal(await text(page, 'why-not'), 'Finer facts are needed first');
  assert.ok(await at(page, 'json').isDisabled());
  await shot(page, 'studio-coarse-light-1280');
  await sound(page, 'the studio with a coarse plan');
  await at(page, 'chunks').locator('summary').click();
  await at(page, 'chunk-row').first().waitFor();

  let_through();
  await agreed(page);
  await at(page, 'coarse').waitFor({ state: 'detached' });
  assert.equal(details(), 1, 'asked once');
  assert.ok(await at(page, 'review').isEnabled());
  const evenness = Number((await text(page, 'plan-evenness')).slice(1));
  assert.ok(evenness >= 1 && evenness < 1.3, `largest over average ${evenness}`);
  await close(page);
});

test('detail that cannot be fetched is said, and asked for again', async () => {
  const page = await open(wide);
  await agreed(page);
  await page.route('**/detail', (route) => route.fulfill({ status: 503, contentType: 'application/problem+json', body: JSON.stringify({ type: 'about:blank', title: 'ClickHouse does not answer', status: 503, code: 'unavailable', detail: 'refused' }) }));
  await at(page, 'size-field').fill('1M');
  await at(page, 'size-field').press('Enter');
  await at(page, 'detail-failed').waitFor();
  assert.ok(await at(page, 'review').isDisabled());
  await page.unroute('**/detail');
  await at(page, 'detail-again').click();
  await agreed(page);
  assert.equal(await at(page, 'detail-failed').count(), 0);
  await close(page);
});

test('a service that does not answer is no other plan, and is asked again', async () => {
  const page = await open(wide);
  await agreed(page);
  await page.route('**/v1/plans', (route) => route.abort());
  await at(page, 'size-field').fill('256M');
  await at(page, 'size-field').press('Enter');
  await page.getByText('The service does not answer; it is asked again').waitFor();
  assert.equal(await at(page, 'digest-chip').getAttribute('data-state'), 'unchecked');
  assert.equal(await at(page, 'differs').count(), 0);
  assert.ok(await at(page, 'review').isDisabled());
  await page.unroute('**/v1/plans');
  await agreed(page);
  assert.ok(await at(page, 'review').isEnabled());
  await close(page);
});

test('partitions of days are packed for a target of months', async () => {
  const page = await open('/plan?source=demo.events&target=demo.events_by_tenant&method=size&bytes=64M');
  await agreed(page);
  assert.equal(await text(page, 'chunk-count'), '1', 'the whole sample is smaller than the budget');
  await at(page, 'size-field').fill('100K');
  await at(page, 'size-field').press('Enter');
  await agreed(page);
  assert.ok(number(await text(page, 'chunk-count')) > 10);
  await close(page);
});

test('marks, sizes and reasons say what the cuts are like', async () => {
  const page = await open(`${wide}&bytes=32M`);
  await agreed(page);
  // Inside one tenant, and by hash inside one tuple: marked with a glyph and in words, in the strip and in the table.
  const legend = /^◆ (\d+) chunks inside a heavy key$/.exec(await text(page, 'strip-legend'));
  assert.ok(legend && Number(legend[1]) >= 18, `legend: ${await text(page, 'strip-legend')}`);
  assert.match(await at(page, 'marks-hot').textContent(), /^◆+$/);
  assert.equal(await at(page, 'marks-over').textContent(), '');
  await at(page, 'chunks').locator('summary').click();
  await at(page, 'chunk-row').first().waitFor();
  assert.equal(await page.locator('[data-testid="chunk-row"] .badge').filter({ hasText: 'inside a heavy key' }).count(), Number(legend[1]));
  // Each share of one tuple reads all of its rows; other chunks little more than their own.
  const reads = await page.locator('[data-testid="chunk-row"] > :nth-child(5)').allInnerTexts();
  assert.ok(reads.includes('×1.00') && reads.some((one) => Number(one.slice(1)) >= 2), reads.join(' '));
  assert.match(await at(page, 'chunk-strip').locator('svg').getAttribute('aria-label'), /^\d+ chunks, in order; the widths are their bytes; \d+ chunks inside a heavy key$/);

  // The bars of the sizes are as many chunks as there are.
  const label = await at(page, 'size-chart').locator('svg').getAttribute('aria-label');
  const bars = [...label.matchAll(/([\d,]+) chunks? of/g)].map((match) => number(match[1]));
  assert.equal(bars.reduce((sum, count) => sum + count, 0), number(await text(page, 'chunk-count')), label);

  await at(page, 'why').locator('summary').click();
  const why = await text(page, 'why');
  assert.match(why, /Key\s+cuts along \(tenant, id\) from \d+ points of the primary index: no data was read/);
  assert.match(why, /Heavy key\s+the table: 'same, 0' holds up to \d+ % of its rows/);
  await at(page, 'safety').locator('summary').click();
  const safety = await text(page, 'safety');
  assert.match(safety, /Memory\s+the largest chunk is one block of 3\d.*MiB, which may need up to 1\d\d MiB; the server has/);
  assert.match(safety, /no inserted blocks: a chunk that is sent twice would arrive twice/);
  await shot(page, 'studio-size-open-light-1280');

  // A source without an index is sampled, and the page says why.
  await page.goto(`${penstock.url}/plan?source=demo.logged&target=demo.lumps_copy&method=size&bytes=512K`);
  await agreed(page);
  await at(page, 'why').locator('summary').click();
  assert.match(await text(page, 'why'), /Key\s+(cuts along .* from a sample of|no key is known: ).*demo\.logged is a Log, which has no index/);

  // Over the budget, where the index is too coarse for even cuts.
  await page.goto(`${penstock.url}/plan?source=demo.lumps&target=demo.lumps_copy&method=size&bytes=128K`);
  await agreed(page);
  assert.match(await text(page, 'strip-legend'), /^! \d+ chunks? over the budget$/);
  assert.match(await at(page, 'marks-over').textContent(), /^!+$/);
  await page.evaluate(() => document.querySelector('[data-testid="chunks"]').setAttribute('open', ''));
  await at(page, 'chunk-row').first().waitFor();
  assert.ok((await page.locator('[data-testid="chunk-row"] .badge.warn').filter({ hasText: 'over the budget' }).count()) > 0);
  await close(page);
});

test('a job by size is started from the page and proven exact', async () => {
  const page = await open('/plan?source=demo.events&target=demo.by_size&method=size&bytes=100K');
  await agreed(page);
  const count = number(await text(page, 'chunk-count'));
  assert.ok(count > 20, `${count} chunks`);
  // How long it takes is not known before it was measured once.
  const takes = (words) => page.waitForFunction((words) => new RegExp(words).test(document.querySelector('[data-testid="takes"]')?.innerText), words);
  await at(page, 'measure').click();
  await takes('^≈ .* at 2 lanes$');
  assert.match(await at(page, 'takes').getAttribute('title'), /^from 3 trials/);
  assert.equal(await sql('SELECT count() FROM demo.by_size FORMAT TSV'), '0\n');
  await at(page, 'review').click();
  assert.match(await text(page, 'review-sentence'), new RegExp(`in ${count} chunks of up to 100 KiB; each chunk is one block`));
  await shot(page, 'review-size-light-1280');
  await at(page, 'job-title').fill('By size');
  await at(page, 'start').click();
  await page.waitForURL(/\/jobs\/[0-9a-f]{16}/);
  await state(page, 'job-state', 'completed').waitFor({ timeout: 120_000 });
  assert.equal(await text(page, 'receipt-statement'), '60,000 rows, each exactly once');
  const job = (await jobs()).find(({ title }) => title === 'By size');
  assert.deepEqual([job.verdict, job.counts.total], ['exact', count]);
  // A target that holds rows would be refused.
  await sql('TRUNCATE TABLE demo.by_size');
  await page.goto(`${penstock.url}/plan?source=demo.events&target=demo.by_size&method=size&bytes=200K`);
  await takes('^≈ .* at 2 lanes$');
  assert.match(await at(page, 'takes').getAttribute('title'), new RegExp(`^as ${count} chunks of past jobs`));
  assert.equal(await at(page, 'measure').count(), 0);
  await page.goBack();
  await shot(page, 'job-size-light-1280');
  await close(page);
});

test('the command says what the studio shows, and makes the same plan', async () => {
  const page = await open('/plan?source=demo.events&target=demo.events_by_time&from=2025-01-02T00:00&to=2025-01-09T00:00&method=size&bytes=256M', {
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  const digest = await agreed(page);
  await at(page, 'copy-command').click();
  const command = await page.evaluate(() => navigator.clipboard.readText());
  assert.equal(command, 'penstock plan --source demo.events --target demo.events_by_time --from 2025-01-02T00:00 --to 2025-01-09T00:00 --max-chunk-bytes 256M');
  const { clickhouse } = await penstock.api('/service');
  const answer = JSON.parse(await penstock.shell(`${command} --json`, { PENSTOCK_CLICKHOUSE_URL: clickhouse.url }));
  assert.equal(answer.digest, digest);
  await close(page);
});

test('by keyboard: the method, the size, the start', async () => {
  await sql('TRUNCATE TABLE demo.by_size');
  const page = await open('/plan?source=demo.events&target=demo.by_size&method=hours&from=2025-01-05T00:00&to=2025-01-07T00:00');
  await agreed(page);
  await tabTo(page, 'method-hours');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await tabTo(page, 'size-slider');
  await page.keyboard.press('Home');
  assert.match(await at(page, 'size-slider').getAttribute('aria-valuetext'), /^64 MiB, \d+ chunks?$/);
  await agreed(page);
  await tabTo(page, 'review');
  await page.keyboard.press('Enter');
  await tabTo(page, 'start');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/jobs\/[0-9a-f]{16}/);
  await state(page, 'job-state', 'completed').waitFor({ timeout: 120_000 });
  assert.match(await text(page, 'receipt-statement'), /rows, each exactly once$/);
  await close(page);
});

test('the studio by size is sound in both themes and at both widths', async () => {
  for (const colorScheme of ['light', 'dark']) {
    for (const width of [1280, 360]) {
      const page = await open(`${wide}&bytes=64M`, { colorScheme, viewport: { width, height: 860 } });
      await agreed(page);
      await page.waitForTimeout(250);
      await shot(page, `studio-size-${colorScheme}-${width}`);
      await sound(page, `the studio by size in ${colorScheme} at ${width}`);
      await close(page);
    }
  }
});
