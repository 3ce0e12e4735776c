import { spawn, spawnSync } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Denied, governor } from '#client/govern.ts';

/** The wrappers before a gate of the test's own, which keeps what it is asked and allows what can be taken back. */

let server: Server;
let url: string;
let asked: Record<string, unknown>[];
beforeAll(async () => {
  server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const body = JSON.parse(text || '{}') as Record<string, unknown>;
    if (request.url === '/api/actions') asked.push(body);
    const waits = { status: 'waiting_approval', approval_id: 'ap_1', reason: 'A person has to approve it.' };
    const answer = body.irreversible === true ? waits : { status: 'allowed' };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ action_id: 'ac_1', enforcement: 'cooperative', ...answer }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));
beforeEach(() => {
  asked = [];
});

describe('a wrapped tool that cannot always be taken back', () => {
  it('GOV-1 GOV-7: TypeScript: the call says so, by its arguments or always; it does not run until a person approves', async () => {
    const ran: unknown[] = [];
    const govern = governor({ url, token: 'agt_x', waitS: 0 });
    const run = (args: { force: boolean }) => {
      ran.push(args);
      return 'done';
    };
    const byArguments = govern('stop', run, { irreversible: ({ force }) => force });
    expect(await byArguments({ force: false })).toBe('done');
    await expect(byArguments({ force: true })).rejects.toThrow(Denied);
    await expect(govern('stop', run, { irreversible: true })({ force: false })).rejects.toThrow('ap_1');
    expect(await govern('stop', run)({ force: false })).toBe('done');
    expect(asked.map((body) => body.irreversible)).toEqual([undefined, true, true, undefined]);
    expect(ran).toEqual([{ force: false }, { force: false }]);
  });

  const python = spawnSync('python3', ['--version']).status === 0;
  it.skipIf(!python)('GOV-1 GOV-7: Python: the same', async () => {
    const script = `
import sys
sys.path.insert(0, "client")
from ags_govern import Denied, governed

@governed(irreversible=lambda force: force, wait_s=0)
def stop(force):
    return "ran %s" % force

@governed(irreversible=True, wait_s=0)
def drop():
    return "ran drop"

print(stop(False))
for call in (lambda: stop(True), drop):
    try:
        print(call())
    except Denied as error:
        print("denied: %s" % error)
`;
    const out = await new Promise<string>((resolve) => {
      const env = { ...process.env, AGS_URL: url, AGS_SESSION_TOKEN: 'agt_x' };
      const child = spawn('python3', ['-c', script], { env });
      let text = '';
      child.stdout.on('data', (chunk) => {
        text += String(chunk);
      });
      child.stderr.on('data', (chunk) => {
        text += String(chunk);
      });
      child.on('close', () => resolve(text));
    });
    expect(out.trim().split('\n')).toEqual([
      'ran False',
      expect.stringMatching(/^denied: .*ap_1/),
      expect.stringMatching(/^denied: .*ap_1/),
    ]);
    expect(asked.map((body) => body.irreversible)).toEqual([undefined, true, true]);
  });
});
