// The table's page: partitions as a strip, a range chosen by pointer and by keyboard, and the way into the studio.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agreed, at, kit, shot, sound, tabTo } from './kit.mjs';

const { penstock, open, close } = kit(60_000, async (sql) => {
  await sql("CREATE TABLE demo.by_region (region String, at DateTime('UTC'), id UInt64) ENGINE = MergeTree PARTITION BY region ORDER BY id");
  await sql("INSERT INTO demo.by_region SELECT 'r' || toString(number % 5), toDateTime('2025-01-01', 'UTC') + number, number FROM numbers(5000)");
  await sql("CREATE TABLE demo.by_region_and_month (region String, at DateTime('UTC'), id UInt64) ENGINE = MergeTree PARTITION BY (region, toYYYYMM(at)) ORDER BY id");
  await sql("INSERT INTO demo.by_region_and_month SELECT 'r' || toString(number % 3), toDateTime('2025-01-01', 'UTC') + number * 3600, number FROM numbers(1400)");
  await sql('CREATE TABLE demo.nothing (id UInt64) ENGINE = MergeTree ORDER BY id');
  await sql('CREATE VIEW demo.looking AS SELECT id, at FROM demo.by_region');
  await sql('CREATE TABLE demo.many (p UInt16, id UInt64) ENGINE = MergeTree PARTITION BY p ORDER BY id');
  await sql('INSERT INTO demo.many SELECT number % 900, number FROM numbers(9000) SETTINGS max_partitions_per_insert_block = 0');
});
const text = (page, id) => at(page, id).innerText();

test('partitions are dragged over, and the studio opens with their window', async () => {
  const page = await open('/tables/demo/events');
  const strip = at(page, 'partition-strip');
  await strip.waitFor();
  assert.match(await strip.locator('svg').getAttribute('aria-label'), /^Bytes of 31 partitions, from 20250101 to 20250131; the largest has /);
  const box = await strip.boundingBox();
  const over = (day) => [box.x + (box.width * (day - 0.5)) / 31, box.y + box.height / 2];
  await page.mouse.move(...over(16));
  assert.match(await text(page, 'partition-words'), /^20250116 · [\d,]+ rows · [\d.]+ KiB · \d+ parts?$/);
  await page.mouse.move(...over(6));
  await page.mouse.down();
  await page.mouse.move(...over(8), { steps: 4 });
  await page.mouse.move(...over(12), { steps: 4 });
  await page.mouse.up();
  assert.match(await text(page, 'chosen'), /^20250106 – 20250112 · 7 partitions · [\d.]+ k rows · .* · 2025-01-06 00:00 – 2025-01-13 00:00 UTC/);
  await shot(page, 'table-chosen-light-1280');
  for (const [id, method] of [['plan-hours', 'hours'], ['plan-size', 'size'], ['plan-partitions', 'partitions']]) {
    assert.match(decodeURIComponent(await at(page, id).getAttribute('href')), new RegExp(`^/plan\\?source=demo.events&from=2025-01-06T00:00&to=2025-01-13T00:00&method=${method}`));
  }
  await at(page, 'plan-partitions').click();
  await at(page, 'target-select').selectOption('demo.events_by_time');
  await agreed(page);
  assert.equal(await text(page, 'chunk-count'), '7');
  assert.equal(await text(page, 'cut-along'), 'partitions');
  assert.equal(await at(page, 'window-from').inputValue(), '2025-01-06 00:00');
  await page.goBack();
  await at(page, 'partition-strip').waitFor();
  // A press without a drag takes one partition; then everything again.
  await page.mouse.click(...over(3));
  assert.match(await text(page, 'chosen'), /^20250103 · /);
  assert.equal(await text(page, 'plan-button'), 'Plan this window');
  await at(page, 'clear').click();
  assert.equal(await at(page, 'chosen').count(), 0);
  assert.equal(await text(page, 'plan-button'), 'Plan a backfill');
  await close(page);
});

test('partitions are chosen by keyboard alone', async () => {
  const page = await open('/tables/demo/events');
  await tabTo(page, 'partition-first');
  for (let step = 0; step < 9; step += 1) await page.keyboard.press('ArrowRight');
  assert.match(await at(page, 'partition-first').getAttribute('aria-valuetext'), /^20250110 · /);
  await tabTo(page, 'partition-last');
  await page.keyboard.press('Home');
  // The ends never cross: the last one takes the first along.
  assert.match(await at(page, 'partition-first').getAttribute('aria-valuetext'), /^20250101 · /);
  for (let step = 0; step < 2; step += 1) await page.keyboard.press('ArrowRight');
  assert.match(await text(page, 'chosen'), /^20250101 – 20250103 · 3 partitions/);
  await tabTo(page, 'plan-size');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/plan\?source=demo\.events&from=2025-01-01T00:00&to=2025-01-04T00:00&method=size/);
  await close(page);
});

test('tables without times, without rows, and views say so and offer what is possible', async () => {
  const page = await open('/tables/demo/by_region');
  await at(page, 'no-times').waitFor();
  assert.equal(await at(page, 'plan-hours').count(), 0);
  // A choice that no plan could keep is not offered.
  assert.equal(await at(page, 'partition-first').count(), 0);
  await at(page, 'partition-strip').click();
  assert.equal(await at(page, 'chosen').count(), 0);
  await shot(page, 'table-no-times-light-1280');
  await at(page, 'plan-size').click();
  await at(page, 'target-select').selectOption('demo.by_region_and_month');
  await page.waitForURL(/method=size/);

  // A window of partitions by region and month meets the other regions' months.
  await page.goto(`${penstock.url}/tables/demo/by_region_and_month`);
  await tabTo(page, 'partition-last');
  await page.keyboard.press('Home');
  assert.match(await text(page, 'others'), /^The window also meets 2 other partitions: /);

  await page.goto(`${penstock.url}/tables/demo/nothing`);
  assert.equal(await text(page, 'no-partitions'), 'The table holds no rows.');
  assert.equal(await at(page, 'plan-size').count(), 0);

  await page.goto(`${penstock.url}/tables/demo/looking`);
  assert.match(await text(page, 'no-partitions'), /planned by size/);
  await at(page, 'plan-size').click();
  await page.waitForURL(/source=demo\.looking&method=size/);

  await page.goto(`${penstock.url}/tables/demo/absent`);
  await at(page, 'error').waitFor();
  assert.match(await text(page, 'error'), /Try again/);

  await page.goto(`${penstock.url}/tables/demo/many`);
  await at(page, 'partition-strip').waitFor();
  const bars = await at(page, 'partition-strip').locator('path.bars').getAttribute('d');
  assert.ok(bars.split('M').length - 1 <= 240, 'neighbours share bars');
  await close(page);
});

test('the table page is sound with a choice and without times, in both themes and at both widths', async () => {
  for (const colorScheme of ['light', 'dark']) {
    for (const width of [1280, 360]) {
      const page = await open('/tables/demo/events', { colorScheme, viewport: { width, height: 860 } });
      await tabTo(page, 'partition-last');
      await page.keyboard.press('ArrowLeft');
      await at(page, 'chosen').waitFor();
      await shot(page, `table-chosen-${colorScheme}-${width}`);
      await sound(page, `the table with a choice in ${colorScheme} at ${width}`);
      await page.goto(`${penstock.url}/tables/demo/by_region`);
      await at(page, 'no-times').waitFor();
      await sound(page, `the table without times in ${colorScheme} at ${width}`);
      await close(page);
    }
  }
});
