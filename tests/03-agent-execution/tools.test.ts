import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { judgeUrl } from '#domain/governance/egress.ts';
import { sha256Hex } from '#domain/ledger/canonical.ts';
import type { DocumentRef } from '#domain/pipeline/event/lifecycle.ts';
import { TOOLS, toolsFor } from '#workers/steps/index.ts';
import { HTTP_LIMITS } from '#workers/steps/tools/http-get.ts';
import { boundResult, MAX_RESULT_BYTES } from '#workers/steps/tools/result.ts';
import type { ToolContext, ToolOutcome } from '#workers/steps/tools/tool.ts';

/** What these tools have no use of. */
const NO_RECORDS: Omit<
  ToolContext,
  | 'tenant'
  | 'project_id'
  | 'blackboard'
  | 'documents'
  | 'readDocument'
  | 'memory'
  | 'servers'
  | 'egress'
  | 'fetch'
  | 'signal'
> = {
  pipeline_id: 'pl_0123456789abcdef',
  action_id: 'ac_0123456789abcdef_1',
  agent_id: 'ag_0123456789abcdef_1',
  argument_origin: [],
  now: () => '2026-11-22T12:00:00.000Z',
  ledger: { query: async () => [] },
  notes: {
    memory: async () => ({ id: 'mem_1', sha256: '' }),
    bug: async () => ({ id: 'bug_1' }),
    artifact: async () => null,
  },
  readSecret: async () => ({ ok: false, error: { kind: 'not_found', retryable: false, message: '' } }),
};

const text = (name: string) => readFileSync(`plans/encrypt-checkout-db/${name}`, 'utf8');
const ref = (name: string, content: string, origin: DocumentRef['origin'] = 'trusted'): DocumentRef => ({
  name,
  sha256: sha256Hex(content),
  bytes: content.length,
  media_type: 'application/json',
  origin,
});

type Site = Record<string, () => Response>;

function context(more: Partial<ToolContext> & { site?: Site; texts?: Record<string, string> } = {}) {
  const asked: string[] = [];
  const { site = {}, texts = {}, ...rest } = more;
  const documents = Object.entries(texts).map(([name, content]) => ref(name, content));
  const full: ToolContext = {
    tenant: 'acme',
    project_id: 'prj_1',
    ...NO_RECORDS,
    blackboard: null,
    documents,
    readDocument: async ({ name }) => texts[name] ?? null,
    memory: { search: async () => [], read: async () => null },
    servers: {
      find: async () => null,
      observe: async () => {},
      mayReach: (url) => judgeUrl(url, { allow: [] }),
    },
    egress: { allow: ['docs.example.com', 'more.example.com'] },
    fetch: async (input) => {
      asked.push(String(input));
      const page = site[String(input)];
      if (!page) throw new TypeError('fetch failed: secret detail');
      return page();
    },
    signal: new AbortController().signal,
    ...rest,
  };
  return { full, asked };
}

async function run(tool: string, args: Record<string, unknown>, more: Parameters<typeof context>[0] = {}) {
  const { full, asked } = context(more);
  const outcome = (await TOOLS.get(tool)?.run(args, full)) as ToolOutcome;
  return { outcome, asked };
}
const page =
  (body: string, headers: Record<string, string> = { 'content-type': 'text/html' }, status = 200) =>
  () =>
    new Response(body, { status, headers });
const redirect = (location: string) => () => new Response(null, { status: 302, headers: { location } });

describe('the tool list', () => {
  it('AGENT-1: each role is offered what its tier allows; the planner has no blackboard to read', () => {
    const names = (role: 'PLANNER' | 'ALPHA') => toolsFor(0, role).map(({ name }) => name);
    expect(names('ALPHA')).toEqual([
      'blackboard_read',
      'document_read',
      'memory_search',
      'memory_read',
      'ledger_query',
      'http_get',
      'terraform_inspect',
      'ansible_inspect',
      'bug_log',
    ]);
    const added = (tier: 1 | 2) =>
      toolsFor(tier, 'ALPHA')
        .filter(({ rule }) => rule.min_tier === tier)
        .map(({ name }) => name);
    expect(added(1)).toEqual(['memory_write', 'secret_read', 'artifact_write']);
    expect(added(2)).toEqual(['webhook_dispatch']);
    expect(names('PLANNER')).not.toContain('blackboard_read');
  });

  it('AGENT-1: every tool says what it does and takes a closed JSON object', () => {
    for (const { description, parameters } of TOOLS.values()) {
      expect(description.length).toBeGreaterThan(40);
      expect(parameters).toMatchObject({ type: 'object', additionalProperties: false });
    }
  });

  it('GOV-2: a tool runs on nothing that the gate would not have seen fit', async () => {
    const { outcome, asked } = await run('http_get', { url: 5 });
    expect([outcome, asked]).toMatchObject([{ ok: false, code: 'invalid_arguments' }, []]);
  });
});

describe('http_get', () => {
  it('GOV-6: a listed page is read as untrusted text', async () => {
    const { outcome } = await run(
      'http_get',
      { url: 'https://docs.example.com/a' },
      { site: { 'https://docs.example.com/a': page('hello') } },
    );
    expect(outcome).toMatchObject({
      ok: true,
      value: { status: 200, text: 'hello', truncated: false, sha256: sha256Hex('hello') },
      origin: ['tool:http_get', 'url:docs.example.com', 'untrusted'],
    });
  });

  it('GOV-6: every redirect is judged anew, before it is followed', async () => {
    const site = {
      'https://docs.example.com/ok': redirect('https://more.example.com/b'),
      'https://more.example.com/b': page('there'),
      'https://docs.example.com/meta': redirect('http://169.254.169.254/latest/meta-data/'),
      'https://docs.example.com/out': redirect('//evil.example/x'),
      'https://docs.example.com/js': redirect('javascript:alert(1)'),
    };
    const at = (path: string) => run('http_get', { url: `https://docs.example.com/${path}` }, { site });
    expect((await at('ok')).outcome).toMatchObject({ ok: true, value: { text: 'there' } });
    for (const [path, code] of [
      ['meta', 'egress_private_address'],
      ['out', 'egress_not_allowed'],
      ['js', 'egress_scheme'],
    ] as const) {
      const { outcome, asked } = await at(path);
      expect(outcome).toMatchObject({ ok: false, code });
      expect(asked).toHaveLength(1);
    }
  });

  it('GOV-6: after three redirects it gives up', async () => {
    const loop = { 'https://docs.example.com/': redirect('/') };
    const { outcome, asked } = await run('http_get', { url: 'https://docs.example.com/' }, { site: loop });
    expect([outcome, asked.length]).toMatchObject([
      { ok: false, code: 'too_many_redirects' },
      HTTP_LIMITS.redirects + 1,
    ]);
  });

  it('GOV-6: at most 256 KiB are read, the rest is not fetched, and what is shown says that it was cut', async () => {
    let pulled = 0;
    const endless = () =>
      new Response(
        new ReadableStream({
          pull(controller) {
            pulled += 65_536;
            controller.enqueue(new Uint8Array(65_536).fill(97));
          },
        }),
        { headers: { 'content-type': 'text/plain' } },
      );
    const { outcome } = await run(
      'http_get',
      { url: 'https://docs.example.com/' },
      { site: { 'https://docs.example.com/': endless } },
    );
    expect(outcome).toMatchObject({
      ok: true,
      truncated: true,
      value: { truncated: true, sha256: sha256Hex('a'.repeat(HTTP_LIMITS.bytes)) },
    });
    expect(pulled).toBeLessThan(HTTP_LIMITS.bytes * 2);
  });

  it('SEC-3: a secret at the place where a page is cut is taken out before the cut', async () => {
    const secret = 'correct-horse-7-battery';
    const body = `${'x'.repeat(HTTP_LIMITS.shown_bytes - 14)}\ntoken=${secret}\n${'y'.repeat(500)}`;
    const { outcome } = await run(
      'http_get',
      { url: 'https://docs.example.com/' },
      { site: { 'https://docs.example.com/': page(body) } },
    );
    expect(outcome).toMatchObject({ ok: true, truncated: true });
    expect(JSON.stringify(outcome)).not.toContain('correct');
  });

  it('GOV-6: what is not text is not read', async () => {
    const { outcome } = await run(
      'http_get',
      { url: 'https://docs.example.com/' },
      { site: { 'https://docs.example.com/': page('x', { 'content-type': 'application/octet-stream' }) } },
    );
    expect(outcome).toMatchObject({ ok: false, code: 'not_text', transient: false });
  });

  it('GOV-6 SEC-3: a host that cannot be reached may be tried again; the error’s own words are not passed on', async () => {
    const { outcome } = await run('http_get', { url: 'https://docs.example.com/' });
    expect(outcome).toMatchObject({ ok: false, code: 'http_failed', transient: true });
    expect(JSON.stringify(outcome)).not.toContain('secret detail');
  });
});

describe('terraform_inspect', () => {
  it('SBX-1 GOV-6: a plan document is judged, and its findings fit into a result without its secrets', async () => {
    const plan = text('tfplan.json');
    const { outcome } = await run(
      'terraform_inspect',
      { document: 'tfplan.json' },
      { texts: { 'tfplan.json': plan } },
    );
    if (!outcome.ok) throw new Error(outcome.message);
    const bounded = boundResult(outcome.value, [plan]);
    expect(bounded.truncated).toBe(false);
    const rules = JSON.parse(bounded.text).findings.map(({ rule }: { rule: string }) => rule);
    expect(rules).toContain('stateful_replaced');
    expect(outcome.origin).toEqual(['tool:terraform_inspect', 'trusted']);
  });

  it('SBX-1: with more findings than fit, the mildest are left off and counted', async () => {
    const plan = JSON.parse(text('tfplan.json'));
    plan.resource_changes = Array.from({ length: 40 }, (_, n) =>
      plan.resource_changes.map((change: { address: string }) => ({
        ...change,
        address: `${change.address}_${n}`,
      })),
    ).flat();
    const many = JSON.stringify(plan);
    const { outcome } = await run('terraform_inspect', { document: 'p.json' }, { texts: { 'p.json': many } });
    if (!outcome.ok) throw new Error(outcome.message);
    const value = outcome.value as { findings: { severity: string }[]; findings_left_off: number };
    expect(outcome.truncated).toBe(true);
    expect(value.findings_left_off).toBeGreaterThan(0);
    expect(value.findings[0]?.severity).toBe('critical');
    expect(boundResult(value, [many]).truncated).toBe(false);
  });

  it.each([
    ['missing.json', '{}', 'not_found'],
    ['p.json', 'not json', 'not_json'],
    ['p.json', '{"a":1}', 'not_a_plan'],
  ])('SBX-1: %s holding %s is %s', async (document, content, code) => {
    const { outcome } = await run('terraform_inspect', { document }, { texts: { 'p.json': content } });
    expect(outcome).toMatchObject({ ok: false, code, transient: false });
  });
});

describe('document_read', () => {
  it('AGENT-5: what a prompt had to cut can be read on, part by part, to the end', async () => {
    const texts = { 'long.txt': 'x'.repeat(30_000) + 'y'.repeat(15_000) };
    let offset: number | null = 0;
    let read = '';
    while (offset !== null) {
      const { outcome }: { outcome: ToolOutcome } = await run(
        'document_read',
        { document: 'long.txt', offset },
        { texts },
      );
      if (!outcome.ok) throw new Error(outcome.message);
      const part = outcome.value as { text: string; next_offset: number | null };
      read += part.text;
      offset = part.next_offset;
    }
    expect(read).toBe(texts['long.txt']);
    const past = await run('document_read', { document: 'long.txt', offset: 45_000 }, { texts });
    expect(past.outcome).toMatchObject({ ok: false, code: 'not_found' });
  });

  it('SEC-3: a part that begins or ends within a secret shows nothing of it', async () => {
    const secret = 'correct-horse-7-battery';
    for (const shift of [3, 8, 15]) {
      const texts = {
        'a.env': `${'x'.repeat(20_000 - 'PASSWORD='.length - shift - 1)}\nPASSWORD=${secret}\nend`,
      };
      const parts = await Promise.all(
        [0, 20_000 - shift].map((offset) => run('document_read', { document: 'a.env', offset }, { texts })),
      );
      const shown = JSON.stringify(parts.map(({ outcome }) => outcome));
      expect(shown).not.toMatch(/correct|horse|battery/);
    }
  });
});

describe('memory', () => {
  const entry = { id: 'mem_1', title: 'Lesson', text: 'Snapshot first.', origin: ['untrusted'] };

  it('AGENT-5: what memory holds keeps the origin it came with', async () => {
    const memory = {
      search: async () => [
        { id: 'mem_1', title: 'Lesson', summary: 's', snippet: '…', origin: ['untrusted'] },
      ],
      read: async () => entry,
    };
    expect((await run('memory_search', { query: 'snapshot' }, { memory })).outcome.origin).toEqual([
      'tool:memory_search',
      'untrusted',
    ]);
    expect((await run('memory_read', { id: 'mem_1' }, { memory })).outcome).toMatchObject({
      ok: true,
      origin: ['tool:memory_read', 'untrusted'],
      value: { text: 'Snapshot first.' },
    });
  });

  it('REL-3: a database that is away is a transient failure, an unknown id is not', async () => {
    const away = {
      search: () => Promise.reject(new Error('D1')),
      read: () => Promise.reject(new Error('D1')),
    };
    expect((await run('memory_search', { query: 'x' }, { memory: away })).outcome).toMatchObject({
      ok: false,
      transient: true,
    });
    expect((await run('memory_read', { id: 'mem_0' })).outcome).toMatchObject({
      ok: false,
      code: 'not_found',
      transient: false,
    });
  });
});

describe('results', () => {
  it('GOV-8: a result is bounded, says so in JSON, and its hash is of the whole without secrets', () => {
    const long = { text: '"\\é'.repeat(40_000) };
    const bounded = boundResult(long, []);
    expect(bounded.truncated).toBe(true);
    expect(new TextEncoder().encode(bounded.text).length).toBeLessThanOrEqual(MAX_RESULT_BYTES);
    expect(JSON.parse(bounded.text)).toMatchObject({
      truncated: true,
      sha256: sha256Hex(JSON.stringify(long)),
    });
  });

  it('SEC-3: secrets of the plan’s documents and credential forms are out before anything is hashed or kept', () => {
    const documents = [JSON.stringify({ password: 'correct-horse' })];
    const { text: shown, sha256 } = boundResult(
      { a: 'it is correct-horse', b: 'AKIAIOSFODNN7EXAMPLE' },
      documents,
    );
    expect(JSON.parse(shown)).toEqual({ a: 'it is [redacted]', b: '[redacted]' });
    expect(sha256).toBe(sha256Hex(shown));
  });
});
