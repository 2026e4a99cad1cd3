// The same bytes everywhere: every case that the native planner answered is answered again by planner-wasm, in Node and
// in a worker of Chromium, and compared as text. PARITY_CASES and PARITY_WASM name what `cargo xtask test` prepared.
import assert from 'node:assert/strict';
import { createReadStream, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { launch } from './chromium.mjs';

const casesFile = required('PARITY_CASES');
const wasmDir = required('PARITY_WASM');

function required(name) {
  const value = process.env[name];
  assert.ok(value, `${name} is not set: run this through cargo xtask test`);
  return value;
}

async function* cases() {
  for await (const line of createInterface({ input: createReadStream(casesFile) })) yield JSON.parse(line);
}

test('the module imports nothing but its glue', () => {
  const module = new WebAssembly.Module(readFileSync(join(wasmDir, 'node', 'planner_wasm_bg.wasm')));
  const foreign = WebAssembly.Module.imports(module).filter(({ name }) => !name.startsWith('__wbindgen') && !name.startsWith('__wbg_'));
  assert.deepEqual(foreign, []);
  // Nothing that could bring in a clock or chance.
  const names = WebAssembly.Module.imports(module).map(({ name }) => name).join(' ');
  assert.doesNotMatch(names, /now|random|crypto|performance|Date/i);
});

test('Node answers the same bytes', async () => {
  const planner = createRequire(import.meta.url)(join(wasmDir, 'node', 'planner_wasm.js'));
  let count = 0;
  for await (const { request, snapshot, answer } of cases()) {
    assert.equal(planner.plan(request, snapshot), answer, `case ${count}`);
    count += 1;
    const { planned } = JSON.parse(answer);
    if (planned && count % 50 === 0) {
      const document = answer.slice('{"planned":'.length, -1);
      assert.equal(planner.audit(document, snapshot), '[]');
      assert.match(planner.chunkSql(document, 0), /^INSERT INTO /);
      assert.throws(() => planner.chunkSql(document, planned.chunks.length), (error) => JSON.parse(error.message).code === 'out-of-range');
    }
  }
  assert.ok(count >= 1005, `${count} cases`);
  assert.throws(() => planner.plan('{"surprise":1}', '{}'), (error) => JSON.parse(error.message).code === 'unreadable');
});

const worker = `
  importScripts('/planner_wasm.js');
  const ready = wasm_bindgen({ module_or_path: '/planner_wasm_bg.wasm' });
  onmessage = async ({ data }) => {
    await ready;
    let wrong = [], count = 0;
    for (const line of data.trim().split('\\n')) {
      const { request, snapshot, answer } = JSON.parse(line);
      if (wasm_bindgen.plan(request, snapshot) !== answer) wrong.push(count);
      count += 1;
    }
    postMessage({ count, wrong, agent: navigator.userAgent });
  };`;

let server, browser;
before(async () => {
  server = createServer((request, response) => {
    const file = { '/planner_wasm.js': ['text/javascript', join(wasmDir, 'web', 'planner_wasm.js')], '/planner_wasm_bg.wasm': ['application/wasm', join(wasmDir, 'web', 'planner_wasm_bg.wasm')], '/cases': ['text/plain', casesFile] }[request.url];
    if (file) response.setHeader('content-type', file[0]), createReadStream(file[1]).pipe(response);
    else if (request.url === '/worker.js') response.setHeader('content-type', 'text/javascript'), response.end(worker);
    else response.setHeader('content-type', 'text/html'), response.end('<!doctype html><title>parity</title>');
  }).listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  browser = await launch();
});
after(async () => {
  await browser?.close();
  server?.close();
});

test('a worker of Chromium answers the same bytes', async () => {
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  const seen = await page.evaluate(async () => {
    const lines = await (await fetch('/cases')).text();
    const worker = new Worker('/worker.js');
    return new Promise((done, failed) => {
      worker.onmessage = ({ data }) => done(data);
      worker.onerror = (event) => failed(new Error(event.message));
      worker.postMessage(lines);
    });
  });
  assert.match(seen.agent, /Chrom/);
  assert.ok(seen.count >= 1005, `${seen.count} cases`);
  assert.deepEqual(seen.wrong, []);
});
