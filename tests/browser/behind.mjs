// The service, but for one snapshot: that of a table that nobody has at hand.
import { createReadStream } from 'node:fs';
import { createServer, request as ask } from 'node:http';

// Passes everything on to `url`, and answers `POST /v1/snapshots` with the file. Where it is reached, and how it ends.
export function behind(url, file) {
  const server = createServer((incoming, answer) => {
    if (incoming.method === 'POST' && incoming.url === '/v1/snapshots') {
      answer.writeHead(201, { 'content-type': 'application/json' });
      createReadStream(file).pipe(answer);
      return;
    }
    const headers = { ...incoming.headers, host: new URL(url).host, origin: url };
    const onward = ask(url + incoming.url, { method: incoming.method, headers }, (reply) => {
      answer.writeHead(reply.statusCode, reply.headers);
      reply.pipe(answer);
    });
    onward.on('error', () => answer.destroy());
    incoming.pipe(onward);
  });
  const end = () => {
    server.closeAllConnections();
    server.close();
  };
  return new Promise((done) => server.listen(0, '127.0.0.1', () => done({ url: `http://127.0.0.1:${server.address().port}`, end })));
}
