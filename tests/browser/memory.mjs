// What pages weigh in memory.
import { readFileSync } from 'node:fs';

// Megabytes that only the largest of the browser's page processes has, and no other shares.
export async function privateMegabytes(browser) {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  const sizes = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => {
    const lines = readFileSync(`/proc/${id}/smaps_rollup`, 'utf8').matchAll(/^Private_\w+: +(\d+) kB/gm);
    return [...lines].reduce((sum, [, kilobytes]) => sum + Number(kilobytes), 0);
  });
  return Math.max(...sizes) / 1024;
}

// Megabytes that a page's own thread holds: its heap, its elements, and the memory of its WebAssembly. A worker has its own.
export async function pageMegabytes(page) {
  const client = await page.context().newCDPSession(page);
  await client.send('HeapProfiler.collectGarbage');
  const { usedSize, embedderHeapUsedSize } = await client.send('Runtime.getHeapUsage');
  const { result: prototype } = await client.send('Runtime.evaluate', { expression: 'WebAssembly.Memory.prototype' });
  const { objects } = await client.send('Runtime.queryObjects', { prototypeObjectId: prototype.objectId });
  const { result: sizes } = await client.send('Runtime.callFunctionOn', {
    objectId: objects.objectId,
    functionDeclaration: 'function () { return this.map(({ buffer }) => buffer.byteLength); }',
    returnByValue: true,
  });
  await client.detach();
  if (sizes.value.length === 0) throw new Error('the page has no memory of WebAssembly');
  return (usedSize + embedderHeapUsedSize + sizes.value.reduce((sum, size) => sum + size, 0)) / (1 << 20);
}
