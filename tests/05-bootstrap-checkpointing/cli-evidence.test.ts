import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { bytesToHex } from '@noble/hashes/utils.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatCheckpoint } from '#domain/ledger/log/checkpoint.ts';
import { ed25519Pair } from '#domain/ledger/log/ed25519.ts';
import { hashOfLeaf, type LogLeaf } from '#domain/ledger/log/leaf.ts';
import { leavesOf, treeRoot } from '#domain/ledger/log/merkle.ts';
import { formatKey, formatNote, signNote, verifierKey } from '#domain/ledger/log/note.ts';
import { VECTORS } from '#scripts/generate/evidence-vectors.ts';
import { type FakeApi, problem, startFakeApi } from '#tests/support/fake-api.ts';
import { newShell, type Shell } from './cli-run.ts';

const vector = (name: string): string => readFileSync(new URL(name, VECTORS), 'utf8');
const good = vector('consensus.evidence.json');
const ID = 'pl_0123456789abcdef';

let shell: Shell;
let api: FakeApi;
beforeEach(async () => {
  api = await startFakeApi();
  shell = newShell({ AGS_URL: api.url, AGS_KEY: api.key });
  shell.write('package.json', good);
  shell.write('trust.txt', vector('trust.txt'));
});
afterEach(async () => {
  shell.remove();
  await api.stop();
});

describe('ags evidence', () => {
  it('LEDG-3 CLI-1: verify asks nobody, names each check, and exits 0', async () => {
    await api.stop();
    const run = await shell.ags('evidence', 'verify', 'package.json', '--trust', 'trust.txt');
    expect([run.exitCode, run.stderr]).toEqual([0, '']);
    expect(run.stdout).toContain(`Verified: pipeline ${ID}, number 1 of acme`);
    expect(run.stdout).toContain('witnessed by one');
    api = await startFakeApi();
  });

  it('LEDG-3 CLI-1: a changed package exits 1 and says where; with --json the same as a document', async () => {
    shell.write('bad.json', good.replace('"vote":"approve"', '"vote":"abstain"'));
    const run = await shell.ags('evidence', 'verify', 'bad.json', '--trust', 'trust.txt');
    expect(run.exitCode).toBe(1);
    expect(run.stdout).toMatch(/events\[\d+\]: its fields or its content/);
    expect(run.stdout).toContain('Not verified');
    const json = await shell.ags('evidence', 'verify', 'bad.json', '--trust', 'trust.txt', '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({ verified: false, file: 'bad.json' });
  });

  it('LEDG-3: without a trust file, or with one that it does not understand, nothing is verified', async () => {
    const none = await shell.ags('evidence', 'verify', 'package.json');
    expect([none.exitCode, none.stderr]).toEqual([64, expect.stringContaining('--trust')]);
    shell.write('odd.txt', `${vector('trust.txt')}trust everybody\n`);
    const odd = await shell.ags('evidence', 'verify', 'package.json', '--trust', 'odd.txt');
    expect([odd.exitCode, odd.stderr]).toEqual([64, expect.stringContaining('odd.txt, line 4')]);
  });

  it('LEDG-3: show prints what a verified package says, and nothing of one that does not verify', async () => {
    const shown = await shell.ags('evidence', 'show', 'package.json', '--trust', 'trust.txt');
    expect(shown.exitCode).toBe(0);
    for (const text of ['Verdict inputs', 'vote_cast', 'Tokens', 'agent_token_issued', 'Policies in force'])
      expect(shown.stdout).toContain(text);
    shell.write('bad.json', good.replace('"vote":"approve"', '"vote":"abstain"'));
    const refused = await shell.ags('evidence', 'show', 'bad.json', '--trust', 'trust.txt');
    expect([refused.exitCode, refused.stdout]).toEqual([1, '']);
  });

  it('LEDG-2 LEDG-3: redact erases content from a copy, which still verifies and says what is gone', async () => {
    const run = await shell.ags(
      'evidence',
      'redact',
      'package.json',
      '--events',
      '1,3-4',
      '--out',
      'less.json',
    );
    expect(run.exitCode).toBe(0);
    const less = readFileSync(join(shell.home, 'less.json'), 'utf8');
    expect(less).not.toContain('May we?');
    const verified = await shell.ags('evidence', 'verify', 'less.json', '--trust', 'trust.txt', '--json');
    expect(JSON.parse(verified.stdout)).toMatchObject({ verified: true, redacted: [1, 3, 4] });
    const beyond = await shell.ags(
      'evidence',
      'redact',
      'package.json',
      '--events',
      '4000',
      '--out',
      'x.json',
    );
    expect([beyond.exitCode, beyond.stderr]).toEqual([64, expect.stringContaining('no event 4000')]);
  });

  it('LEDG-3: get writes the file for its owner alone, as it came, and does not overwrite', async () => {
    api.answer('GET /api/pipeline/evidence', () => ({ status: 200, body: JSON.parse(good) }));
    const run = await shell.ags('evidence', 'get', ID, '--out', 'got.json');
    expect(run.exitCode).toBe(0);
    const path = join(shell.home, 'got.json');
    expect(readFileSync(path, 'utf8')).toBe(good);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect((await shell.ags('evidence', 'get', ID, '--out', 'got.json')).exitCode).toBe(64);
    api.answer('GET /api/pipeline/evidence', () => problem('wrong_state', 'The pipeline is RUNNING.'));
    const live = await shell.ags('evidence', 'get', ID, '--out', 'live.json');
    expect([live.exitCode, live.stderr]).toEqual([77, expect.stringContaining('RUNNING')]);
  });
});

describe('ags ledger', () => {
  const leaf = (number: number, chain = `pl_000${number}`): LogLeaf => ({
    chain,
    number,
    seq: 9,
    hash: String(number).repeat(64).slice(0, 64),
  });
  const ORIGIN = 'ags.test/acme';
  let leaves: LogLeaf[];
  let signedOver: LogLeaf[];

  async function serve(): Promise<void> {
    const pair = await ed25519Pair(crypto.subtle, new Uint8Array(32).fill(9));
    const key = verifierKey(ORIGIN, 'ed25519', pair.publicKey);
    const root = treeRoot(leavesOf(signedOver.map(hashOfLeaf)), signedOver.length);
    const body = formatCheckpoint({ origin: ORIGIN, size: signedOver.length, root });
    const checkpoint = formatNote(body, [await signNote(key, pair.sign, body)]);
    const head = {
      origin: ORIGIN,
      size: signedOver.length,
      root: bytesToHex(root),
      checkpoint,
      cosigned_by: [],
    };
    const trust = `log ${formatKey(key)}\n`;
    api.answer('GET /api/ledger/keys', () => ({ status: 200, body: { origin: ORIGIN, keys: [], trust } }));
    api.answer('GET /api/ledger/head', () => ({ status: 200, body: head }));
    api.answer('GET /api/ledger/leaves', ({ query }) => {
      const start = Number(query.start);
      return {
        status: 200,
        body: { items: leaves.slice(start, start + Number(query.limit)), next_cursor: null },
      };
    });
  }
  beforeEach(async () => {
    leaves = [leaf(0, 'control'), leaf(1), leaf(2), leaf(3)];
    signedOver = leaves;
    await serve();
    shell.write('keys.txt', (await shell.ags('ledger', 'keys')).stdout);
    await shell.ags('ledger', 'head', '--out', 'head.txt');
  });
  const audit = (...more: string[]) => shell.ags('ledger', 'audit', '--trust', 'keys.txt', ...more);

  it('LEDG-2: audit recomputes the signed root from all leaves, and finds that the log continues a head that was kept', async () => {
    leaves = [...leaves, leaf(4)];
    signedOver = leaves;
    await serve();
    const run = await audit('--since', 'head.txt');
    expect([run.exitCode, run.stdout]).toEqual([0, expect.stringContaining('it continues head.txt')]);
    expect(run.stdout).toContain('4 pipelines, no number is missing');
  });

  it('LEDG-2: a leaf that was changed, left out or rewritten since is found', async () => {
    leaves = [leaf(0, 'control'), leaf(1), { ...leaf(2), seq: 8 }, leaf(3)];
    expect((await audit()).exitCode).toBe(1);
    leaves = leaves.slice(0, 3);
    expect((await audit()).exitCode).toBe(1);
    leaves = [leaf(0, 'control'), leaf(1), leaf(3), leaf(2), leaf(4)];
    signedOver = leaves;
    await serve();
    expect((await audit()).exitCode).toBe(0);
    const run = await audit('--since', 'head.txt');
    expect([run.exitCode, run.stdout]).toEqual([1, expect.stringContaining('✘ it continues head.txt')]);
  });

  it('LEDG-2: an omitted pipeline shows by its number, and one number for two pipelines is a contradiction', async () => {
    leaves = [leaf(1), leaf(4)];
    signedOver = leaves;
    await serve();
    const gap = await audit();
    expect([gap.exitCode, gap.stdout]).toEqual([0, expect.stringContaining('not in the log: 2, 3')]);
    leaves = [leaf(1), leaf(1, 'pl_other')];
    signedOver = leaves;
    await serve();
    const twice = await audit();
    expect([twice.exitCode, twice.stdout]).toEqual([1, expect.stringContaining('have number 1')]);
  });

  it('LEDG-2: a head that is signed by another key is not believed', async () => {
    shell.write('keys.txt', vector('trust.txt'));
    const run = await audit();
    expect([run.exitCode, run.stderr]).toEqual([1, expect.stringContaining('cannot be believed')]);
  });
});

describe('ags archive', () => {
  const archive = {
    pipeline_id: ID,
    number: 1,
    project_id: 'pj_1',
    sha256: 'a'.repeat(64),
    bytes: 12_345,
    events: 97,
    head_hash: 'b'.repeat(64),
    documents: true,
    archived_at: '2026-11-30T00:00:00.000Z',
    removed_at: null,
  };

  it('LEDG-5 CLI-1: list names what lies in the archive, and what is still on its way', async () => {
    api.answer('GET /api/archives', () => ({ status: 200, body: { items: [archive], next_cursor: '1' } }));
    const run = await shell.ags('archive', 'list');
    expect(run.exitCode).toBe(0);
    for (const text of [ID, '97', 'being moved', '--cursor 1']) expect(run.stdout).toContain(text);
    const json = await shell.ags('archive', 'list', '--json');
    expect(JSON.parse(json.stdout)).toEqual({ items: [archive], next_cursor: '1' });
  });

  it('LEDG-5: get writes a file that `ags evidence verify` accepts', async () => {
    api.answer(`GET /api/archives/${ID}`, () => ({ status: 200, body: JSON.parse(good) }));
    expect((await shell.ags('archive', 'get', ID, '--out', 'old.json')).exitCode).toBe(0);
    expect(statSync(join(shell.home, 'old.json')).mode & 0o777).toBe(0o600);
    const verified = await shell.ags('evidence', 'verify', 'old.json', '--trust', 'trust.txt');
    expect(verified.exitCode).toBe(0);
    api.answer(`GET /api/archives/${ID}/documents`, () => ({
      status: 200,
      body: { [archive.sha256]: 'text' },
    }));
    expect((await shell.ags('archive', 'get', ID, '--documents')).exitCode).toBe(0);
    expect(readFileSync(join(shell.home, `${ID}.documents.json`), 'utf8')).toContain('text');
  });
});
