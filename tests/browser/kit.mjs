// What browser tests share: one running Penstock and one Chromium a file, and how a page is opened, waited for and looked at.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { launch } from './chromium.mjs';
import { Penstock, root } from './penstock.mjs';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const shots = join(root, 'target', 'screenshots');

export const at = (page, id) => page.getByTestId(id);
export const state = (page, id, value) => page.locator(`[data-testid="${id}"][data-state="${value}"]`);

// Starts everything before the file's tests, and ends it behind them. `prepare` may fill tables.
export function kit(rows, prepare = async () => {}) {
  const penstock = new Penstock(rows);
  let browser;
  before(async () => {
    mkdirSync(shots, { recursive: true });
    await penstock.start();
    browser = await launch();
    await prepare(sql);
  });
  after(async () => {
    await browser?.close();
    await penstock.stop();
  });

  // A page that remembers what it asked for and what went wrong in it. `base`: where the service is reached, if not at its own address.
  async function open(path, options = {}, base = penstock.url) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(60_000);
    page.requests = [];
    page.wrongs = [];
    page.base = base;
    page.on('request', (request) => page.requests.push(request));
    page.on('pageerror', (error) => page.wrongs.push(String(error)));
    page.on('console', (message) => message.type() === 'error' && !/Failed to load resource|net::ERR/.test(message.text()) && page.wrongs.push(message.text()));
    await page.goto(base + path);
    return page;
  }

  // Nothing went wrong, and no other host was asked.
  async function close(page) {
    assert.deepEqual(page.wrongs, []);
    const foreign = page.requests.map((request) => request.url()).filter((url) => !url.startsWith(page.base) && !url.startsWith('data:') && !url.startsWith('blob:'));
    assert.deepEqual(foreign, []);
    await page.context().close();
  }

  // Asks ClickHouse itself.
  async function sql(statement) {
    const { clickhouse } = await penstock.api('/service');
    const answer = await fetch(clickhouse.url, { method: 'POST', body: statement });
    const text = await answer.text();
    assert.ok(answer.ok, text);
    return text;
  }

  const jobs = async () => (await penstock.api('/jobs')).jobs;
  return { penstock, open, close, sql, jobs, browser: () => browser };
}

export async function axe(page, where) {
  const client = await page.context().newCDPSession(page);
  // Evaluated by the debugger: the page's own content security policy stays as strict as it is.
  await client.send('Runtime.evaluate', { expression: axeSource });
  const { result } = await client.send('Runtime.evaluate', {
    expression: `axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }).then((found) => JSON.stringify(found.violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id, nodes }) => ({ id, at: nodes.map(({ target, failureSummary }) => target + ' ' + failureSummary) }))))`,
    awaitPromise: true,
    returnByValue: true,
  });
  assert.deepEqual(JSON.parse(result.value), [], `axe on ${where}`);
}

export async function shot(page, name) {
  // The header sticks to the window: from the top it stands where it belongs.
  await page.evaluate(() => scrollTo(0, 0));
  await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
}

// Waits until the server has said of the plan in sight that it is the same.
export async function agreed(page) {
  await state(page, 'digest-chip', 'same').waitFor();
  return at(page, 'digest').getAttribute('data-digest');
}

export async function setWindow(page, from, to) {
  await at(page, 'window-from').fill(from);
  await at(page, 'window-from').press('Tab');
  await at(page, 'window-to').fill(to);
  await at(page, 'window-to').press('Tab');
}

// Waits until just before the next multiple of so many milliseconds: polls come due there.
export async function untilAlmost(page, ms) {
  await page.waitForTimeout((2 * ms - 700 - (Date.now() % ms)) % ms);
}

// Presses Tab until something has the focus; a test that never arrives fails.
export async function tabTo(page, id) {
  for (let presses = 0; presses < 150; presses += 1) {
    const there = await page.evaluate((id) => document.activeElement !== document.body && Boolean(document.activeElement?.closest(`[data-testid="${id}"]`)), id);
    if (there) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`${id} cannot be reached with Tab`);
}

// Waits until the page shows so many chunks.
export async function chunks(page, count) {
  await page.waitForFunction((count) => document.querySelector('[data-testid="chunk-count"]')?.textContent === count, count);
}

// What must hold of any page at any width: nothing serious for axe, nothing cut off, nothing that only machines read.
export async function sound(page, where) {
  await axe(page, where);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(wide <= 1, `${where} scrolls sideways by ${wide} px`);
  assert.deepEqual(await page.evaluate(cutCells), [], `cells of ${where} stand beyond the edge`);
  assert.deepEqual(await page.evaluate(wrappedNumbers), [], `numbers of ${where} are wrapped`);
  assert.deepEqual(await page.evaluate(() => document.body.innerText.match(/\d{4}-\d\d-\d\dT[\d:.]+Z|\b(large_window|target_holds_rows)\b/g) ?? []), [], `${where} shows people what machines read`);
}

// Texts of number cells that stand on more than one line.
function wrappedNumbers() {
  const lines = (node) => {
    const range = document.createRange();
    range.selectNodeContents(node);
    return range.getClientRects().length;
  };
  const texts = [...document.querySelectorAll('td.right.num')].flatMap((cell) => [...cell.childNodes].filter(({ nodeType }) => nodeType === Node.TEXT_NODE));
  return texts.filter((text) => lines(text) > 1).map((text) => text.data);
}

// Cells beyond the right edge that no box of their own scrolls into sight.
function cutCells() {
  const cells = [...document.querySelectorAll('th, td')].filter((cell) => !cell.closest('.scroll-x, .sheet'));
  return cells.filter((cell) => cell.getBoundingClientRect().right > innerWidth + 1).map((cell) => cell.textContent);
}
