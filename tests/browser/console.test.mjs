// The console as people use it, in a real Chromium against a real service and a real ClickHouse.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { agreed, at, chunks, kit, setWindow, shot, sound, state, tabTo, untilAlmost } from './kit.mjs';

const ROWS = 400_000;
const { penstock, open, close, sql, jobs } = kit(ROWS);

const COLUMNS = "id UInt64, tenant LowCardinality(String), ts DateTime64(3, 'UTC'), amount UInt32";

// Plans and starts a job, and waits for its page.
async function start(target, from, to, hours, count, title) {
  const page = await open(`/plan?source=demo.events&target=${target}`);
  await setWindow(page, from, to);
  await at(page, 'hours-field').fill(hours);
  await at(page, 'hours-field').press('Enter');
  assert.equal(await at(page, 'window-from').inputValue(), from.replace('T', ' '), 'an instant stands as a label');
  await chunks(page, count);
  await agreed(page);
  await at(page, 'review').click();
  await at(page, 'job-title').fill(title);
  await at(page, 'start').click();
  await page.waitForURL(/\/jobs\/[0-9a-f]{16}/);
  return page;
}

test('plan, drag, same digest, start, live, reload, done, receipt', async () => {
  const page = await open('/tables');
  await page.locator('[data-testid="table-row"][data-table="demo.events"] a').first().click();
  await at(page, 'plan-button').click();
  await at(page, 'target-select').selectOption('demo.events_by_tenant');

  // A window wider than 720 hours is refused until it is acknowledged.
  await page.locator('[data-testid="refusal"][data-code="window-too-large"]').waitFor();
  await setWindow(page, '2025-01-01T00:00', '2025-02-01T00:00');
  await page.locator('[data-testid="refusal"][data-code="window-too-large"]').waitFor();
  await at(page, 'acknowledge').click();
  const first = await agreed(page);

  // Dragging: chunks, SQL and digest follow; nothing is asked over the network.
  const slider = at(page, 'hours-slider');
  const box = await slider.boundingBox();
  const seen = new Set([await at(page, 'chunk-count').innerText()]);
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  // Over the moment at which the status line asks how the service is: it waits for the end of the drag, too.
  await untilAlmost(page, 10_000);
  const asked = () => page.requests.map((request) => request.url());
  const before = asked();
  await page.mouse.down();
  for (let step = 0; step <= 20; step += 1) {
    await page.mouse.move(box.x + (box.width * (30 + step * 3)) / 100, box.y + box.height / 2);
    await page.waitForTimeout(150);
    seen.add(await at(page, 'chunk-count').innerText());
  }
  assert.deepEqual(asked(), before, 'a request was made while dragging');
  assert.ok(seen.size > 5, `chunks followed the drag: ${[...seen]}`);
  const overdue = page.waitForRequest((request) => request.url().endsWith('/v1/service'), { timeout: 2_000 });
  await page.mouse.up();
  await overdue;
  const second = await agreed(page);
  assert.notEqual(second, first);

  // The same while a key is held on the slider.
  await slider.focus();
  await agreed(page);
  await untilAlmost(page, 10_000);
  const polls = () => page.requests.filter((request) => request.method() === 'GET').length;
  const still = polls();
  await page.keyboard.down('ArrowLeft');
  await page.waitForTimeout(3_000);
  assert.equal(polls(), still, 'a poll left the page while a key moved the slider');
  const afterwards = page.waitForRequest((request) => request.url().endsWith('/v1/service'), { timeout: 2_000 });
  await page.keyboard.up('ArrowLeft');
  await afterwards;

  // SQL of a chunk; the address holds the plan.
  await at(page, 'sql').locator('summary').click();
  await page.waitForFunction(() => document.querySelector('[data-testid="sql-text"]')?.textContent.includes('INSERT INTO `demo`.`events_by_tenant`'));
  await at(page, 'hours-field').fill('12');
  await at(page, 'hours-field').press('Enter');
  await chunks(page, '62');
  const third = await agreed(page);
  assert.equal(await at(page, 'sql').locator('summary').innerText(), 'SQL of chunk 1 of 62');
  await shot(page, 'studio-light-1280');
  const twin = await open(page.url().slice(penstock.url.length));
  assert.equal(await agreed(twin), third, 'the copied address shows the same plan');
  await close(twin);

  // Review; a double click starts one job.
  await at(page, 'review').click();
  await at(page, 'review-sentence').waitFor();
  await shot(page, 'review-light-1280');
  await at(page, 'job-title').fill('Re-sort January by tenant');
  await at(page, 'start').dblclick();
  await page.waitForURL(/\/jobs\/[0-9a-f]{16}/);
  assert.equal((await jobs()).length, 1);
  await page.waitForFunction(() => Number(document.querySelector('[data-testid="count-done"]')?.dataset.count) > 2);
  await page.reload();
  await state(page, 'job-state', 'completed').waitFor();
  const { total } = (await jobs())[0].counts;
  await page.waitForFunction((all) => Number(document.querySelector('[data-testid="count-done"]')?.dataset.count) === all, total);
  await shot(page, 'job-light-1280');
  await at(page, 'tab-verify').click();
  assert.equal(await at(page, 'receipt-statement').innerText(), '400,000 rows, each exactly once');
  const [download] = await Promise.all([page.waitForEvent('download'), at(page, 'receipt-download').click()]);
  const receipt = JSON.parse(readFileSync(await download.path(), 'utf8'));
  assert.deepEqual([receipt.verdict, receipt.rows, receipt.plan_digest], ['exact', ROWS, third]);
  await shot(page, 'receipt-light-1280');

  // Compared once more: another receipt, made later, that says the same.
  await at(page, 'compare-again').click();
  await at(page, 'receipt').waitFor({ state: 'detached' });
  await at(page, 'receipt-statement').waitFor();
  assert.equal(await at(page, 'receipt-statement').innerText(), '400,000 rows, each exactly once');
  const [{ id }] = await jobs();
  const again = await penstock.api(`/jobs/${id}/receipt`);
  assert.equal(again.verdict, 'exact');
  assert.notDeepEqual(again, receipt);
  await close(page);
});

test('the service is killed under an open page, and both go on by themselves', async () => {
  const page = await open('/plan?source=demo.events&target=demo.events_by_time');
  await setWindow(page, '2025-01-01T00:00', '2025-01-29T00:00');
  await at(page, 'hours-field').fill('2');
  await at(page, 'hours-field').press('Enter');
  await chunks(page, '336');
  await agreed(page);
  await at(page, 'review').click();
  await at(page, 'job-title').fill('Survives a crash');
  await at(page, 'start').click();
  await page.waitForURL(/\/jobs\/[0-9a-f]{16}/);
  await state(page, 'connection', 'live').waitFor();
  await page.waitForFunction(() => Number(document.querySelector('[data-testid="count-done"]')?.dataset.count) > 10);
  await penstock.kill();
  await page.locator('[data-testid="connection"]:not([data-state="live"])').waitFor();
  await shot(page, 'job-reconnecting-1280');
  await penstock.start();
  await state(page, 'job-state', 'completed').waitFor({ timeout: 120_000 });
  await at(page, 'tab-verify').click();
  assert.match(await at(page, 'receipt-statement').innerText(), /rows, each exactly once$/);
  assert.equal(await page.evaluate(() => performance.getEntriesByType('navigation').length), 1);
  await close(page);
});

test('keyboard only: from the tables to a job that is proven', async () => {
  const page = await open('/tables');
  await at(page, 'table-row').first().waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('daily_totals');
  await page.waitForFunction(() => document.querySelectorAll('[data-testid="table-row"]').length === 1 || [...document.querySelectorAll('[data-testid="table-row"]')].every((row) => row.dataset.table.includes('daily')));
  await page.goto(`${penstock.url}/plan?source=demo.events`);
  await tabTo(page, 'target-select');
  await page.keyboard.type('demo.daily_totals');
  await at(page, 'acknowledge').waitFor();
  await tabTo(page, 'acknowledge');
  await page.keyboard.press('Enter');
  await at(page, 'chunk-count').waitFor();
  await tabTo(page, 'hours-slider');
  const before = await at(page, 'chunk-count').innerText();
  await page.keyboard.press('ArrowRight');
  await page.waitForFunction((old) => document.querySelector('[data-testid="chunk-count"]')?.textContent !== old, before);
  assert.match(await at(page, 'hours-slider').getAttribute('aria-valuetext'), /, [\d,]+ chunks?$/);
  await agreed(page);
  await tabTo(page, 'review');
  await page.keyboard.press('Enter');
  await tabTo(page, 'job-title');
  await page.keyboard.press('Control+a');
  await page.keyboard.type('By keyboard');
  await tabTo(page, 'start');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/jobs\/[0-9a-f]{16}/);
  await state(page, 'job-state', 'completed').waitFor({ timeout: 120_000 });
  assert.equal((await jobs()).find(({ title }) => title === 'By keyboard').verdict, 'exact');
  await page.keyboard.press('?');
  await page.locator('dialog[open]').waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('g');
  await page.keyboard.press('t');
  await page.waitForURL(/\/tables$/);
  await close(page);
});

test('pause, lanes, resume, cancel and one task from the page', async () => {
  const page = await open('/plan?source=demo.events&target=demo.events_by_time');
  await setWindow(page, '2025-01-29T00:00', '2025-01-31T00:00');
  await at(page, 'hours-field').fill('0.25');
  await at(page, 'hours-field').press('Enter');
  await chunks(page, '192');
  await agreed(page);
  await at(page, 'review').click();
  await at(page, 'job-title').fill('Paused and cancelled');
  await at(page, 'start').click();
  await page.waitForURL(/\/jobs\//);
  await at(page, 'pause').click();
  await page.locator('[data-testid^="pause-"]').first().click();
  await state(page, 'job-state', 'paused').waitFor();
  await shot(page, 'job-paused-1280');
  await page.setViewportSize({ width: 360, height: 740 });
  await at(page, 'cancel').click();
  await page.locator('[data-testid^="cancel-"]').last().waitFor();
  await sound(page, 'the open menu at 360 px');
  await shot(page, 'job-menu-360');
  await at(page, 'cancel').click();
  await page.setViewportSize({ width: 1280, height: 860 });
  await at(page, 'lanes-more').click();
  await at(page, 'resume').click();
  await page.locator('[data-testid="job-state"]:not([data-state="paused"])').waitFor();
  await at(page, 'cancel').click();
  await page.locator('[data-testid^="cancel-"]').last().click();
  await page.locator('[data-testid="job-state"][data-state="cancelled"], [data-testid="job-state"][data-state="completed"]').waitFor();
  await at(page, 'tab-tasks').click();
  await at(page, 'task-link').first().click();
  await at(page, 'sheet').waitFor();
  assert.match(await at(page, 'task-sql').innerText(), /INSERT INTO/);
  assert.match(page.url(), /task=/);
  await page.goBack();
  await at(page, 'sheet').waitFor({ state: 'detached' });
  await close(page);
});

test('pause, resume and cancel by keyboard alone', async () => {
  await sql(`CREATE TABLE demo.by_keys (${COLUMNS}) ENGINE = MergeTree ORDER BY ts`);
  const page = await start('demo.by_keys', '2025-01-01T00:00', '2025-01-11T00:00', '0.25', '960', 'Held by keys');
  await tabTo(page, 'pause');
  await page.keyboard.press('Enter');
  await tabTo(page, 'pause-finish');
  await page.keyboard.press('Enter');
  await state(page, 'job-state', 'paused').waitFor();
  await tabTo(page, 'resume');
  await page.keyboard.press('Enter');
  await state(page, 'job-state', 'running').waitFor();
  // Stop now, the second meaning.
  await tabTo(page, 'cancel');
  await page.keyboard.press('Enter');
  await tabTo(page, 'cancel-kill');
  await page.keyboard.press('Enter');
  await state(page, 'job-state', 'cancelled').waitFor();
  assert.equal((await jobs()).find(({ title }) => title === 'Held by keys').state, 'cancelled');
  await close(page);
});

test('a task that failed is found, read and retried by keyboard alone', async () => {
  await sql(`CREATE TABLE demo.picky (${COLUMNS}, CONSTRAINT small CHECK NOT (toDayOfMonth(ts) = 17 AND id % 2 = 0)) ENGINE = MergeTree ORDER BY ts`);
  const page = await start('demo.picky', '2025-01-14T00:00', '2025-01-20T00:00', '24', '6', 'Picky');
  await state(page, 'job-state', 'partial').waitFor();
  assert.equal(await at(page, 'count-failed').getAttribute('data-count'), '1');
  // What it came to is said once, and why beside it.
  await at(page, 'receipt-statement').waitFor();
  const said = await at(page, 'receipt-statement').innerText();
  assert.equal((await page.locator('main').innerText()).split(said).length - 1, 1, said);
  assert.match(await at(page, 'job-message').innerText(), /violated/);
  await tabTo(page, 'count-failed');
  await page.keyboard.press('Enter');
  await page.waitForURL(/state=failed/);
  await page.waitForFunction(() => document.querySelectorAll('[data-testid="task-row"]').length === 1);
  await tabTo(page, 'task-link');
  await page.keyboard.press('Enter');
  await at(page, 'sheet').waitFor();
  // The server's own words: which constraint, and its text.
  assert.match(await at(page, 'task-message').innerText(), /Constraint `small`.*violated/s);
  await shot(page, 'sheet-failed-light-1280');
  await sql('ALTER TABLE demo.picky DROP CONSTRAINT small');
  await tabTo(page, 'retry-task');
  await page.keyboard.press('Enter');
  await state(page, 'job-state', 'completed').waitFor();
  assert.match(await at(page, 'receipt-statement').innerText(), /^[\d,]+ rows, each exactly once$/);
  await at(page, 'retry-task').waitFor({ state: 'detached' });
  await close(page);
});

test('axe finds nothing serious on any page, in light and dark; each page is photographed', async () => {
  const [job] = await jobs();
  const { plan_digest: digest, id } = job;
  const pages = {
    overview: '/',
    tables: '/tables',
    table: '/tables/demo/events',
    plan: '/plan?source=demo.events&target=demo.events_by_tenant',
    'frozen-plan': `/plans/${digest}`,
    jobs: '/jobs',
    'job-tasks': `/jobs/${id}?tab=tasks`,
    'job-timeline': `/jobs/${id}?tab=timeline`,
    'job-log': `/jobs/${id}?tab=log`,
    'job-plan': `/jobs/${id}?tab=plan`,
    'job-verify': `/jobs/${id}?tab=verify`,
    'job-activity': `/jobs/${id}?tab=activity`,
    nowhere: '/no/such/page',
  };
  for (const colorScheme of ['light', 'dark']) {
    for (const width of [1280, 360]) {
      const page = await open('/', { colorScheme, viewport: { width, height: 860 } });
      for (const [name, path] of Object.entries(pages)) {
        await page.goto(penstock.url + path);
        await page.waitForFunction(() => document.querySelector('main') && !document.querySelector('[aria-busy="true"]'));
        await page.waitForTimeout(250);
        await shot(page, `${name}-${colorScheme}-${width}`);
        await sound(page, `${name} in ${colorScheme} at ${width}`);
      }
      await close(page);
    }
  }
});

test('the page runs under a strict policy and asks for little', async () => {
  const answer = await fetch(`${penstock.url}/`);
  const policy = answer.headers.get('content-security-policy');
  assert.match(policy, /default-src 'none'/);
  assert.doesNotMatch(policy, /unsafe-inline|unsafe-eval(?<!wasm-unsafe-eval)|\*/);
  const page = await open('/');
  await at(page, 'service').waitFor();
  const files = page.requests.filter((request) => /\.(js|css|wasm)$/.test(request.url()));
  for (const file of files) {
    const headers = await (await file.response()).allHeaders();
    assert.match(headers['content-encoding'] ?? '', /br/, file.url());
  }
  assert.ok(files.length >= 3);
  await close(page);
});
