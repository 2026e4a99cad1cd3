// Median of three plans of the session in WebAssembly, in milliseconds. Arguments: the module, a file with two messages.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const [, , module, file] = process.argv;
const { PlannerSession } = createRequire(import.meta.url)(module);
const [load, plan] = JSON.parse(readFileSync(file, 'utf8'));
const session = new PlannerSession();
session.handle(load);
const times = [0, 1, 2].map(() => {
  const started = performance.now();
  const answer = JSON.parse(session.handle(plan));
  session.handle('{"id":3,"what":"digest"}');
  const took = performance.now() - started;
  if (!answer.what.planned) throw new Error(JSON.stringify(answer).slice(0, 500));
  return took;
});
console.log(times.sort((a, b) => a - b)[1]);
