// A running `penstock up` for one file of browser tests: small sample, its own port and state, killed like a real one.
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const program = process.env.PENSTOCK_PROGRAM ?? join(root, 'target/debug/penstock');
const consoleDir = process.env.PENSTOCK_CONSOLE ?? join(root, 'target/console/dist');

export class Penstock {
  constructor(rows) {
    for (const needed of [program, join(consoleDir, 'index.html')]) {
      if (!existsSync(needed)) throw new Error(`${needed} is missing: run this through cargo xtask test`);
    }
    this.rows = rows;
    this.state = mkdtempSync(join(tmpdir(), 'penstock-browser-'));
  }

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  // Starts it, or starts it again on the same port with the same state.
  async start() {
    this.port ??= await freePort();
    const log = openSync(join(this.state, 'test.log'), 'a');
    const args = ['up', '--console', consoleDir, '--state-dir', this.state, '--port', String(this.port), '--rows', String(this.rows)];
    this.child = spawn(program, args, { stdio: ['ignore', log, log] });
    const ended = new Promise((_, failed) => this.child.once('exit', (code) => failed(new Error(`penstock ended with ${code}:\n${this.log()}`))));
    ended.catch(() => {});
    const deadline = Date.now() + 180_000;
    for (;;) {
      const answer = await Promise.race([fetch(`${this.url}/readyz`).catch(() => null), ended]);
      if (answer?.ok) return;
      if (Date.now() > deadline) throw new Error(`penstock is not ready:\n${this.log()}`);
      await new Promise((done) => setTimeout(done, 50));
    }
  }

  // SIGKILL: what a crash does.
  async kill() {
    if (!this.child || this.child.exitCode !== null || this.child.signalCode) return;
    const gone = new Promise((done) => this.child.once('exit', done));
    this.child.kill('SIGKILL');
    await gone;
  }

  async stop() {
    await this.kill();
    // The engine ends when its parent is gone, and writes a moment longer.
    for (let tries = 0; tries < 100; tries += 1) {
      try {
        return rmSync(this.state, { recursive: true, force: true });
      } catch {
        await new Promise((done) => setTimeout(done, 100));
      }
    }
  }

  // Runs a line of a terminal in which `penstock` is this program, in a folder of its own.
  async shell(line, environment) {
    const cwd = mkdtempSync(join(tmpdir(), 'penstock-shell-'));
    try {
      const env = { ...process.env, ...environment, PATH: `${dirname(program)}:${process.env.PATH}` };
      return (await promisify(execFile)('sh', ['-c', line], { cwd, env })).stdout;
    } finally {
      rmSync(cwd, { recursive: true, force: true });
    }
  }

  log() {
    return readFileSync(join(this.state, 'test.log'), 'utf8');
  }

  async api(path) {
    const answer = await fetch(`${this.url}/v1${path}`);
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }
}

function freePort() {
  return new Promise((done, failed) => {
    const server = createServer().once('error', failed).listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}
